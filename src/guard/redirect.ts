import type { RequestView } from './view.ts';

/** A request as a browser sends it again where a redirect leads. */
export interface Resent {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Values as sent, '' where they are absent or not compared. */
  readonly digest: string;
  readonly contentType: string;
  readonly authorization: string;
  /** Components that the proof names. */
  readonly components: readonly string[];
}

const SPELT: ReadonlySet<string> = new Set(['content-type', 'content-digest', 'sallyport-digest', 'authorization']);

/**
 * What a redirect grant and the request that asks for it have to have in common: method, target, and every field that the
 * first signature covered or would have had to. A field's value holds no line feed, so one text stands for one request.
 */
export function redirectText(request: RequestView, resent: Resent): string {
  const { method, target, digest, contentType, authorization, components } = resent;
  let text = `${method} ${target}\n${digest}\n${contentType}\n${authorization}`;
  for (const name of components) {
    if (name.startsWith('@') || SPELT.has(name)) continue;
    text += `\n${name}: ${singleLine(request.fields, name) ?? ''}`;
  }
  return text;
}

/** Value of a field that came in one line; null where it is absent or came more than once. `name` in lower case. */
export function singleLine(fields: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    if ((fields[i] as string).toLowerCase() !== name) continue;
    if (found !== null) return null;
    found = fields[i + 1] as string;
  }
  return found;
}
