import { Field } from './field.ts';
import { scanJson } from './json.ts';
import { scanMultipart } from './multipart.ts';
import { scanUrlencoded } from './urlencoded.ts';
import type { RequestView } from '../view.ts';

/** Looks through a body as it comes, in constant memory. How it is cut into pieces makes no difference. */
export interface Scan {
  /** False where the body is not what its type says: from then on nothing is known of it. */
  write(bytes: Uint8Array): boolean;
  /** False where the body broke off. */
  end(): boolean;
}

export type BodyKind = 'urlencoded' | 'multipart' | 'json';

/**
 * As what backends may read fields out of a body; null for none of these. Wide on purpose: some look for a word anywhere
 * in the type, and Rack takes what says nothing for a form.
 */
export function bodyKindOf(contentType: string): BodyKind | null {
  const type = contentType.toLowerCase();
  if (type.includes('multipart/')) return 'multipart';
  if (type.trim() === '' || type.includes('x-www-form-urlencoded')) return 'urlencoded';
  return type.includes('json') ? 'json' : null;
}

const CHARSET = /;\s*charset="?(?:utf-?8|us-ascii|iso-8859-1|windows-1252)"?\s*(?=;|$)/gi;
const MEDIA_TYPE: Readonly<Record<BodyKind, RegExp>> = {
  urlencoded: /^(?:application\/x-www-form-urlencoded\s*(?:;|$)|$)/i,
  multipart: /^multipart\/form-data\s*;/i,
  json: /^[\w.+-]+\/[\w.+-]+\s*(?:;|$)/,
};
const BOUNDARY = /^multipart\/form-data\s*;\s*boundary=(?:"([\w'()+./:=?-]{1,70})"|([\w'()+./:=?-]{1,70}))\s*$/i;

/**
 * A look through this request's body for methods in `_method`; `found` gets those of `wanted` that it names. Null where its
 * coding, characters or boundary are such that another parser could read it otherwise.
 */
export function scanOf(
  request: RequestView,
  kind: BodyKind,
  wanted: ReadonlySet<string>,
  found: Set<string>,
): Scan | null {
  const { contentEncoding, contentType } = request.headers;
  if (contentEncoding !== '' && contentEncoding.trim().toLowerCase() !== 'identity') return null;
  if (request.repeated.includes('content-type') || request.repeated.includes('content-encoding')) return null;
  const type = contentType.trim();
  const plain = type.replaceAll(CHARSET, '');
  if (!MEDIA_TYPE[kind].test(type) || plain.toLowerCase().includes('charset')) return null;
  const field = new Field(wanted, found);
  if (kind === 'urlencoded') return scanUrlencoded(field);
  if (kind === 'json') return scanJson(field);
  const [, quoted, bare] = BOUNDARY.exec(plain) ?? [];
  const boundary = quoted ?? bare;
  return boundary === undefined ? null : scanMultipart(field, boundary);
}
