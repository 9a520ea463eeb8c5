import { LABEL, PROOF_PARAMETER, type Tag } from './constants.ts';
import { COMPACT_COMPONENTS, formatSignatureParams, type ParsedProof, toTag } from './signature.ts';

/**
 * Reads proofs. The profile has one spelling, so the usual case is cut at its delimiters. Fields that also carry other
 * labels go through the grammar of RFC 9651; whatever that grammar would have to resolve (a label twice, stray white
 * space in ours, further parameters) is `malformed`.
 */

/** Longest Signature-Input or Signature that is read at all. */
const FIELD_LIMIT = 8192;

// What stands between the values, in the one order of the profile.
const CREATED = ';created=';
const NONCE = ';nonce="';
const KEYID = '";keyid="';
const TAGGED = '";tag="';
const QUOTE = 0x22;
/** Without a bound on the repetition, which would cost more than the rest. */
const TICKET = /^[\w.-]+$/;
const MAX_CREATED_DIGITS = 12;
const MAX_NONCE_DIGITS = 16;
const MAX_KEYID = 512;
const LIST = /^\("[a-z0-9@-]{1,64}"(?: "[a-z0-9@-]{1,64}"){3,23}\)$/;
/** 32 bytes have one spelling of 44 characters: the last digit carries four bits. */
const SIGNATURE = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;
const SIGNATURE_LENGTH = 46;
const MEMBER = `${LABEL}=`;
const SIGNATURE_MEMBER = `${MEMBER}:`;

/**
 * The proof in a pair of fields ('' for absent): null where neither has a member with our label, `malformed` where
 * ours is in one only, twice, or not exactly as the profile writes it.
 */
export function parseSignatureInput(inputField: string, signatureField: string): ParsedProof | 'malformed' | null {
  const quick = readProof(inputField, signatureField);
  if (quick !== null && isSpeltOut(quick)) return quick;
  if (inputField === '' && signatureField === '') return null;
  if (inputField.length > FIELD_LIMIT || signatureField.length > FIELD_LIMIT) return 'malformed';
  const input = memberOf(inputField);
  const signature = memberOf(signatureField);
  if (input === null && signature === null) return null;
  if (typeof input !== 'string' || typeof signature !== 'string') return 'malformed';
  if (signature.length !== SIGNATURE_LENGTH || !signature.startsWith(':') || !signature.endsWith(':'))
    return 'malformed';
  const proof = parseParams(input, signature.slice(1, -1));
  return proof !== null && isSpeltOut(proof) ? proof : 'malformed';
}

/**
 * The usual case, quickly: both fields hold our member and nothing else. Null where they may not; then
 * {@link parseSignatureInput} says what they are. Ticket and signature are cut out, not looked at: whoever finds a
 * ticket that it gave, and a signature equal to its own, knows how they are spelt. Whoever does not, asks
 * {@link isSpeltOut} before it calls the request anything but malformed.
 */
export function readProof(inputField: string, signatureField: string): ParsedProof | null {
  if (signatureField.length !== MEMBER.length + SIGNATURE_LENGTH || inputField.length > FIELD_LIMIT) return null;
  if (!inputField.startsWith(MEMBER) || !signatureField.startsWith(SIGNATURE_MEMBER) || !signatureField.endsWith(':'))
    return null;
  return parseParams(inputField.slice(MEMBER.length), signatureField.slice(SIGNATURE_MEMBER.length, -1));
}

/** Whether ticket and signature of a proof consist of what the profile lets them consist of. */
export function isSpeltOut(proof: ParsedProof): boolean {
  return proof.keyid.length <= MAX_KEYID && TICKET.test(proof.keyid) && SIGNATURE.test(proof.signature);
}

/**
 * Cuts at the delimiters instead of matching the whole: the ticket alone is ten times longer than all the rest, and
 * it is looked at once here and once by whoever opens it.
 */
function parseParams(params: string, signature: string): ParsedProof | null {
  const listEnd = params.indexOf(')') + 1;
  const nonceAt = params.indexOf(NONCE, listEnd + CREATED.length);
  const keyidAt = params.indexOf(KEYID, nonceAt + NONCE.length);
  const tagAt = params.indexOf(TAGGED, keyidAt + KEYID.length);
  if (listEnd === 0 || nonceAt < 0 || keyidAt < 0 || tagAt < 0) return null;
  if (!params.startsWith(CREATED, listEnd) || params.charCodeAt(params.length - 1) !== QUOTE) return null;
  const components = componentsOf(params, listEnd);
  const created = toDigits(params, listEnd + CREATED.length, nonceAt, MAX_CREATED_DIGITS);
  const nonce = toDigits(params, nonceAt + NONCE.length, keyidAt, MAX_NONCE_DIGITS);
  const keyid = params.slice(keyidAt + KEYID.length, tagAt);
  const tag = toTag(params.slice(tagAt + TAGGED.length, -1));
  if (components === null || tag === null || created < 0 || nonce < 1 || !Number.isSafeInteger(nonce)) return null;
  return { components, created, nonce, keyid, tag, params, signature };
}

/** A decimal number without leading zeros, or -1. */
function toDigits(text: string, from: number, to: number, most: number): number {
  if (to <= from || to - from > most || (text.charCodeAt(from) === 0x30 && to - from > 1)) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Lists read before, by their text: real clients send a handful, and each is looked at once. Bounded. */
const seen = new Map<string, readonly string[]>();
const SEEN_LIMIT = 64;

let latest = '';
let latestComponents: readonly string[] = [];

function componentsOf(params: string, end: number): readonly string[] | null {
  // Most calls of a page cover the same as the one before.
  if (end === latest.length && params.startsWith(latest)) return latestComponents;
  const list = params.slice(0, end);
  const components = seen.get(list) ?? readList(list);
  if (components === null) return null;
  latest = list;
  latestComponents = components;
  return components;
}

function readList(list: string): readonly string[] | null {
  if (!LIST.test(list)) return null;
  const components = Object.freeze(list.slice(2, -2).split('" "'));
  if (seen.size < SEEN_LIMIT) seen.set(list, components);
  return components;
}

/**
 * One member of a dictionary (RFC 9651 §3.2, §4.2), without nested choices over the same characters: linear time.
 * Built on first use, because pages never need it.
 */
function createMemberGrammar(): RegExp {
  const key = '[a-z*][a-z0-9_.*-]*';
  const bare = [
    '-?(?:\\d{1,12}\\.\\d{1,3}|\\d{1,15}(?![\\d.]))',
    '"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\["\\\\])*"',
    "[A-Za-z*][!#$%&'*+\\-.^_`|~0-9A-Za-z:/]*",
    ':(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?:',
    '\\?[01]',
  ].join('|');
  const parameters = `(?:; *${key}(?:=(?:${bare}))?)*`;
  const item = `(?:${bare})${parameters}`;
  const innerList = `\\( *(?:${item}(?: +${item})* *)?\\)${parameters}`;
  return new RegExp(`(${key})(?:=(${item}|${innerList})|(${parameters}))(?:[ \\t]*(,)[ \\t]*|$)`, 'y');
}

let memberGrammar: RegExp | undefined;

/** Text of the value of our member, null where there is none, undefined where the field cannot be read. */
export function memberOf(field: string): string | null | undefined {
  let found: string | null = null;
  let more = field !== '';
  memberGrammar ??= createMemberGrammar();
  memberGrammar.lastIndex = 0;
  while (more) {
    const match = memberGrammar.exec(field);
    // Not a dictionary: other people's field, unless it may be meant for us.
    if (match === null) return field.includes(LABEL) ? undefined : null;
    if (match[1] === LABEL) {
      if (found !== null || match[2] === undefined) return undefined;
      found = match[2];
    }
    more = match[4] !== undefined;
  }
  return found;
}

const COMPACT =
  /^(sallyport-1(?:-[a-z]{1,8})?)\.(0|[1-9]\d{0,11})\.([1-9]\d{0,15})\.([\w-]{42}[AEIMQUYcgkosw048])\.([\w.-]{1,512})$/;

/** Reads a compact proof into the same shape; null where it is none. It covers method, authority, path and query. */
export function parseCompactProof(text: string): ParsedProof | null {
  const match = text.length <= 1024 ? COMPACT.exec(text) : null;
  const tag: Tag | null = toTag(match?.[1] ?? '');
  const nonce = Number(match?.[3]);
  if (match === null || tag === null || !Number.isSafeInteger(nonce)) return null;
  const proof = { components: COMPACT_COMPONENTS, created: Number(match[2]), nonce, keyid: match[5] ?? '', tag };
  const signature = `${(match[4] ?? '').replaceAll('-', '+').replaceAll('_', '/')}=`;
  return { ...proof, params: formatSignatureParams(proof), signature };
}

/** A query without its proof, and the proof's text. */
export interface UrlProof {
  /** What the proof signs: from the `?` on, or ''. */
  readonly query: string;
  readonly proof: string;
}

/**
 * Takes the proof parameter off a raw query. It is the last parameter and the only one of its name, in this very
 * spelling: null where there is none, `malformed` where it stands anywhere else.
 */
export function splitUrlProof(query: string): UrlProof | 'malformed' | null {
  const name = `${PROOF_PARAMETER}=`;
  const first = query.indexOf(name);
  if (first < 0) return null;
  const separator = query[first - 1];
  if (separator !== '?' && separator !== '&') return 'malformed';
  const proof = query.slice(first + name.length);
  if (!/^[\w.-]+$/.test(proof)) return 'malformed';
  return { query: separator === '?' && first === 1 ? '' : query.slice(0, first - 1), proof };
}

/** Puts a compact proof at the end of a raw query ('' for none), where {@link splitUrlProof} finds it. */
export function joinUrlProof(query: string, proof: string): string {
  return `${query === '' || query === '?' ? '?' : `${query}&`}${PROOF_PARAMETER}=${proof}`;
}
