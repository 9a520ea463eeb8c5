import type { Context } from './layer.ts';
import type { Params } from './params.ts';
import type { RequestView } from './view.ts';

/** What functions of the app's own may know of a request. */
export interface CanRequest {
  readonly method: string;
  /** As sent, byte for byte. */
  readonly path: string;
  /** From the `?` on; '' without one. */
  readonly query: string;
  /** What the pattern's `:names` stand for, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Name of the client whose page calls; '' without a proof. */
  readonly client: string;
  /** The body as JSON, read once; undefined where it is none, or longer than 64 KiB. */
  json(): Promise<unknown>;
}

export function toCanRequest(request: RequestView, context: Context, params: Params): CanRequest {
  const { method, path, query } = request;
  return {
    method,
    path,
    query,
    params: params.decoded,
    client: context.ticket?.client ?? '',
    async json() {
      const bytes = await context.content.read();
      if (bytes === null || bytes.length === 0) return undefined;
      try {
        return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
      } catch {
        return undefined;
      }
    },
  };
}
