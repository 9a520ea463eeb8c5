import { createHash } from 'node:crypto';
import type { BotKey } from '../guard/bots.ts';
import { SKEW_SECONDS } from '../wire/constants.ts';
import { contentDigestText } from '../wire/digest.ts';

/** A directory as it was answered. */
export interface DirectoryAnswer {
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Whom it was asked of. */
  readonly authority: string;
  /** Seconds since 1970. */
  readonly now: number;
}

const FIELD_LIMIT = 16 * 1024;
const TAG = 'http-message-signatures-directory';
const INPUT =
  /([a-z*][a-z0-9_.*-]{0,63})=(\(("[^"]{1,64}"(?:;req)?(?: "[^"]{1,64}"(?:;req)?){0,7})\)((?:;[a-z]{3,8}=(?:\d{1,12}|"[\x20\x21\x23-\x5b\x5d-\x7e]{1,256}"))+))(?:[ \t]*,[ \t]*|$)/y;
const SIGNED = /([a-z*][a-z0-9_.*-]{0,63})=:([A-Za-z0-9+/]{1,1024}={0,2}):(?:[ \t]*,[ \t]*|$)/y;
const PARAMETER = /;([a-z]{3,8})=(?:(\d{1,12})|"([^"]*)")/g;

/**
 * The keys by which a directory is signed for this authority (draft-ietf-webbotauth-httpsig-protocol, *Possession Proof
 * on the Directory Response*): a list that was copied from somebody else is not. All keys where the answer carries no
 * such signature: the origin's certificate is what vouches for them either way.
 */
export function provenKeys<K extends BotKey>(
  answer: DirectoryAnswer,
  keys: ReadonlyMap<string, K>,
): ReadonlyMap<string, K> {
  const inputs = answer.headers.get('signature-input') ?? '';
  if (!inputs.includes(`;tag="${TAG}"`)) return keys;
  const signatures = new Map(
    membersOf(SIGNED, answer.headers.get('signature') ?? '').map(([, name = '', value = '']) => [name, value]),
  );
  const proven = new Map<string, K>();
  for (const [, label = '', params = '', list = '', tail = ''] of membersOf(INPUT, inputs)) {
    const keyid = keyidOf(tail, answer.now);
    const key = keys.get(keyid);
    const base = key === undefined ? null : baseOf(list.split(' '), answer);
    const signature = signatures.get(label);
    if (key === undefined || base === null || signature === undefined) continue;
    if (key.verify(`${base}"@signature-params": ${params}`, signature)) proven.set(keyid, key);
  }
  return proven;
}

/** Members of a dictionary field, each as the pattern takes it apart; none where any of it is otherwise. */
function membersOf(pattern: RegExp, field: string): RegExpExecArray[] {
  const members: RegExpExecArray[] = [];
  if (field.length > FIELD_LIMIT) return members;
  pattern.lastIndex = 0;
  for (let at = 0; at < field.length; at = pattern.lastIndex) {
    const member = pattern.exec(field);
    if (member === null) return [];
    members.push(member);
  }
  return members;
}

/** Which key signed it; '' where it is another kind of signature, or not good now. */
function keyidOf(tail: string, now: number): string {
  const found = new Map<string, string>();
  for (const [, name = '', digits, text = ''] of tail.matchAll(PARAMETER)) {
    if (found.has(name)) return '';
    found.set(name, digits ?? text);
  }
  const [created, expires] = [Number(found.get('created') ?? Number.NaN), Number(found.get('expires') ?? Number.NaN)];
  const isOurs = found.get('tag') === TAG && (found.get('alg') ?? 'ed25519') === 'ed25519';
  return isOurs && created <= now + SKEW_SECONDS && now < expires ? (found.get('keyid') ?? '') : '';
}

/**
 * Signature base (RFC 9421 §2.5) without its last line; null where it is not for this authority, or covers what is not
 * known here. Older directories cover no digest: their body has the word of TLS alone.
 */
function baseOf(components: readonly string[], { headers, body, authority }: DirectoryAnswer): string | null {
  const digest = headers.get('content-digest') ?? '';
  const values: Readonly<Record<string, string>> = {
    '"@authority";req': authority,
    '"content-digest"': digest,
    '"content-type"': headers.get('content-type') ?? '',
  };
  if (!components.includes('"@authority";req') || new Set(components).size !== components.length) return null;
  let base = '';
  for (const component of components) {
    const value = values[component];
    if (value === undefined || value === '') return null;
    base += `${component}: ${value}\n`;
  }
  const isWhole = contentDigestText(digest) === createHash('sha256').update(body).digest('base64');
  return components.includes('"content-digest"') && !isWhole ? null : base;
}
