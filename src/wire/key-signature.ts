import { KEY_NONCE_LENGTH, LABEL, TAG_KEY } from './constants.ts';
import { memberOf } from './read-proof.ts';

/**
 * Signatures by signing keys (docs/protocol.md §10.3): RFC 9421 with the components of a page's proof, another tag, and
 * parameters in any order, so that common libraries can write them.
 */

export interface KeySignatureParameters {
  readonly components: readonly string[];
  /** Seconds since 1970. */
  readonly created: number;
  /** Seconds since 1970, after which the signer does not stand for it; 0 without one. */
  readonly expires: number;
  /** Random, 16 to 64 characters. */
  readonly nonce: string;
  /** Public id of the key. */
  readonly keyid: string;
  /** As the signer named it; '' where it did not. */
  readonly alg: string;
}

export interface ParsedKeySignature extends KeySignatureParameters {
  /** Value of `@signature-params`: the exact text that was sent. */
  readonly params: string;
  /** Base64, as sent. */
  readonly signature: string;
}

const FIELD_LIMIT = 8192;
const LIST = /^\("[a-z0-9@-]{1,64}"(?: "[a-z0-9@-]{1,64}"){3,23}\)/;
const PARAMETER = /;([a-z]{3,8})=(?:(\d{1,12})|"([\x20\x21\x23-\x5b\x5d-\x7e]{1,128})")/y;
/** Bytes in their one spelling: bits that the padding leaves over are zero (RFC 4648 §3.5). */
const SIGNATURE = /^:((?:[A-Za-z0-9+/]{4}){4,32}(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?):$/;
const NONCE = /^[\w+/=.~-]+$/;
const TAGGED = `;tag="${TAG_KEY}"`;

/**
 * The signature of a key in a pair of fields ('' for absent): null where our label is not there, or carries another tag;
 * `malformed` where it is not as the profile asks.
 */
export function parseKeySignature(inputField: string, signatureField: string): ParsedKeySignature | 'malformed' | null {
  if (!inputField.includes(TAGGED)) return null;
  if (inputField.length > FIELD_LIMIT || signatureField.length > FIELD_LIMIT) return 'malformed';
  const input = memberOf(inputField);
  if (input === undefined) return 'malformed';
  if (input === null || !input.includes(TAGGED)) return null;
  const signature = SIGNATURE.exec(memberOf(signatureField) ?? '')?.[1];
  return signature === undefined ? 'malformed' : (parseParams(input, signature) ?? 'malformed');
}

function parseParams(params: string, signature: string): ParsedKeySignature | null {
  const list = LIST.exec(params)?.[0];
  if (list === undefined) return null;
  const found = new Map<string, string>();
  PARAMETER.lastIndex = list.length;
  for (let match = PARAMETER.exec(params); match !== null; match = PARAMETER.exec(params)) {
    const [whole, name = '', digits, text] = match;
    const isNumber = name === 'created' || name === 'expires';
    if (found.has(name) || isNumber !== (digits !== undefined)) return null;
    found.set(name, digits ?? text ?? '');
    if (match.index + whole.length === params.length) return toSignature(params, list, found, signature);
  }
  return null;
}

const KNOWN: ReadonlySet<string> = new Set(['created', 'expires', 'nonce', 'keyid', 'alg', 'tag']);

function toSignature(
  params: string,
  list: string,
  found: ReadonlyMap<string, string>,
  signature: string,
): ParsedKeySignature | null {
  const text = (name: string): string => found.get(name) ?? '';
  const nonce = text('nonce');
  for (const name of found.keys()) if (!KNOWN.has(name)) return null;
  if (text('tag') !== TAG_KEY || text('created') === '' || text('keyid') === '') return null;
  if (nonce.length < KEY_NONCE_LENGTH.least || nonce.length > KEY_NONCE_LENGTH.most || !NONCE.test(nonce)) return null;
  return {
    components: list.slice(2, -2).split('" "'),
    created: Number(text('created')),
    // Zero is long ago, and not the same as none.
    expires: found.has('expires') ? Math.max(1, Number(text('expires'))) : 0,
    nonce,
    keyid: text('keyid'),
    alg: text('alg'),
    params,
    signature,
  };
}

/** Value of `@signature-params`, as our own clients write it. */
export function formatKeyParams({
  components,
  created,
  nonce,
  keyid,
}: Pick<KeySignatureParameters, 'components' | 'created' | 'nonce' | 'keyid'>): string {
  const names = components.map((name) => `"${name}"`).join(' ');
  return `(${names});created=${created};nonce="${nonce}";keyid="${keyid}"${TAGGED}`;
}

/** Value of the Signature-Input field for such parameters. */
export const formatKeyInput = (params: string): string => `${LABEL}=${params}`;
