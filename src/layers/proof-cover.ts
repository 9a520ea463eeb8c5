import type { StreamDigest } from '../guard/decision.ts';
import type { Context } from '../guard/layer.ts';
import type { Policy, RouteRule } from '../guard/policy.ts';
import { singleLine } from '../guard/redirect.ts';
import type { RequestView } from '../guard/view.ts';
import { parseContentDigest } from '../wire/digest.ts';
import { type ParsedProof, requiredComponents, type SignedMessage } from '../wire/signature.ts';

/** What a proof has to cover of its request, and what must not be there beside it (PROTOCOL §3). */

/** The components that a proof has to cover, by what its request has. */
export type Coverage = (contentType: boolean, digest: DigestField, authorization: boolean) => readonly string[];

/** The component lists that a route can ask for, made once: twelve at most. */
export function createCoverage(route: RouteRule): Coverage {
  const lists = new Map<number, readonly string[]>();
  return (contentType, digest, authorization) => {
    const key =
      (contentType ? 1 : 0) + (authorization ? 2 : 0) + (digest === '' ? 0 : digest === 'content-digest' ? 4 : 8);
    let list = lists.get(key);
    if (list === undefined) {
      list = requiredComponents({ contentType, digest, authorization, signed: route.signed });
      lists.set(key, list);
    }
    return list;
  };
}

export function toMessage(request: RequestView, query: string, authority: string, route: RouteRule): SignedMessage {
  const { contentType, contentDigest, sallyportDigest, authorization } = request.headers;
  return {
    method: request.method,
    authority,
    path: request.path,
    query,
    contentType,
    contentDigest,
    sallyportDigest,
    authorization,
    field: route.signed.length === 0 ? noField : (name) => singleLine(request.fields, name),
  };
}

const noField = (): null => null;

/** Whether a field is there that the route has signed, and the proof does not cover. */
export function hasUnsigned(request: RequestView, signed: readonly string[], covered: readonly string[]): boolean {
  return signed.some((name) => !covered.includes(name) && hasField(request.fields, name));
}

function hasField(fields: readonly string[], name: string): boolean {
  for (let i = 0; i < fields.length; i += 2) if ((fields[i] as string).toLowerCase() === name) return true;
  return false;
}

/** What browsers send by themselves where a server has asked for it (RFC 9110 §11): no page can sign it. */
const BROWSERS_OWN = /^(?:basic|digest|negotiate|ntlm) /i;

/**
 * Whether the proof has to cover Authorization: where there is one. Except the browser's own, which it adds after the page
 * has signed: a site behind a server's password prompt would be closed to its own page.
 */
export function coversAuthorization(proof: ParsedProof, request: RequestView, { policy }: Context): boolean {
  const { authorization } = request.headers;
  return authorization !== '' && (proof.components.includes('authorization') || !isBrowsersOwn(authorization, policy));
}

/** The app's own hook may take it for who is calling; nobody else here does. */
const isBrowsersOwn = (authorization: string, policy: Policy): boolean =>
  policy.config.login?.identify === undefined && BROWSERS_OWN.test(authorization);

/** A compact proof covers no fields: what must not be somebody else's, must not be there. */
export function addsToCompact(request: RequestView, { route, policy }: Context): boolean {
  const { authorization } = request.headers;
  if (hasUnsigned(request, route.signed, [])) return true;
  return authorization !== '' && !isBrowsersOwn(authorization, policy);
}

type DigestField = '' | 'content-digest' | 'sallyport-digest';

/** The field that speaks for the body; zero length is no body, whatever the fields say. */
export function digestField(request: RequestView): DigestField {
  if (request.body.length === 0) return '';
  if (request.headers.sallyportDigest !== '') return 'sallyport-digest';
  return request.headers.contentDigest !== '' ? 'content-digest' : '';
}

export function digestText(request: RequestView): string {
  const field = digestField(request);
  if (field === '') return '';
  return field === 'content-digest' ? request.headers.contentDigest : request.headers.sallyportDigest;
}

export function readDigest(request: RequestView): StreamDigest | 'malformed' | null {
  const field = digestField(request);
  if (field === '') return null;
  const sha256 = parseContentDigest(digestText(request));
  return sha256 === null ? 'malformed' : { kind: field === 'content-digest' ? 'whole' : 'slices', sha256 };
}
