import { BUILD_FIELD_LENGTH } from '../../wire/build.ts';
import type { Context, Target } from '../context.ts';
import { rebuild, signedFetch as signHere } from '../fetch.ts';
import { looksRefused } from '../refusal.ts';

export { rebuild, wrapFetch } from '../fetch.ts';

/**
 * A service worker passes on what its page has signed, by whatever build: that proof is tried as it stands. What is refused
 * as it would be here is signed here, without it.
 */
export async function signedFetch(
  context: Context,
  target: Target,
  request: Request,
  body?: unknown,
): Promise<Response> {
  const fields = [...request.headers];
  const left = fields.filter(([name, value]) => !isProof(name, value));
  if (left.length === fields.length) return signHere(context, target, request, body);
  const response = await context.platform.fetch(request.clone());
  const header = (name: string) => response.headers.get(name);
  if (!looksRefused(response.status, header)) return response;
  const text = await response.clone().text();
  const { method } = request;
  const mended = await context.chunks('refused').then(
    ({ mend }) => mend(context, { text, header, method, used: null, tries: 0 }),
    () => undefined,
  );
  return mended ? signHere(context, target, rebuild(request, new Headers(left), undefined), body) : response;
}

/** By its shape: this build knows no other one's names. */
const isProof = (name: string, value: string): boolean =>
  name.length === BUILD_FIELD_LENGTH && /^[a-z]+=(?:\("@method" |:)/.test(value);
