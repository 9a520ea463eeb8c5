import { concat, lengthPrefixed } from '../lib/bytes.ts';
import { LABEL, TAG, TAG_BEACON, TAG_SYNC, TAG_URL, type Tag } from './constants.ts';

/**
 * Builds of the page's script (docs/builds.md): a build speaks the same protocol with names of its own. What is signed
 * and judged stays what docs/protocol.md §3 says; names change only as it travels, and what keys are derived from.
 * A speed bump: whoever runs the script need know none of it.
 */

/** Members of the entry request and of its answer that travel under other names. */
export const ENTRY_MEMBERS = [
  'client',
  'key',
  'sessionKey',
  'sessionSignature',
  'login',
  'challenge',
  'random',
  'ticket',
  'id',
  'expires',
  'time',
  'life',
  'renew',
  'authority',
  'session',
] as const;
export type EntryMember = (typeof ENTRY_MEMBERS)[number];

/** What one build calls things. All words are ASCII letters, `field`s begin with `x-`. */
export interface BuildNames {
  /** 16 hex digits; an entry names its build by it, as member `build`. */
  readonly id: string;
  /** What every derivation of this build begins with: 32 hex digits. */
  readonly label: string;
  /** Header field in place of Signature-Input, and of Signature; lower case. */
  readonly input: string;
  readonly signature: string;
  /** In place of the label `sallyport`, and of the parameters' names. */
  readonly member: string;
  readonly created: string;
  readonly nonce: string;
  readonly keyid: string;
  readonly tag: string;
  /** In place of each tag's value. */
  readonly tags: Readonly<Record<Tag, string>>;
  /** Query parameter in place of `sallyport-proof`. */
  readonly parameter: string;
  readonly members: Readonly<Record<EntryMember, string>>;
}

export const TAGS: readonly Tag[] = [TAG, TAG_BEACON, TAG_SYNC, TAG_URL];

/** A header field's name has this length, so that others need no second look. */
export const BUILD_FIELD_LENGTH = 12;

/** The transcript of an entry (docs/protocol.md §2.3) under a build: other keys come of it. */
export function labelled(label: string, transcript: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(lengthPrefixed([label]), transcript);
}

/** A proof's two fields under the names of a build. Written without expressions: no tool hides what these look for. */
export function toBuildFields(names: BuildNames, input: string, signature: string): Record<string, string> {
  const [list, ...parameters] = input.slice(LABEL.length + 1).split(';');
  const [created, nonce, keyid, tag = ''] = parameters.map((each) => each.slice(each.indexOf('=') + 1));
  const word = names.tags[TAGS.find((each) => `"${each}"` === tag) ?? TAG];
  return {
    [names.input]: `${names.member}=${list};${names.created}=${created};${names.nonce}=${nonce};${names.keyid}=${keyid};${names.tag}="${word}"`,
    [names.signature]: `${names.member}${signature.slice(LABEL.length)}`,
  };
}

/** A proof in its own names again. */
export interface PlainProof {
  readonly input: string;
  readonly signature: string;
}

/** Reads what {@link toBuildFields} wrote, to the byte; null for anything else. */
export function createBuildReader(names: BuildNames): (input: string, signature: string) => PlainProof | null {
  const { member, created, nonce, keyid, tag } = names;
  const inputs = new RegExp(
    `^${member}=(\\([^()]{0,2048}\\));${created}=(\\d{1,12});${nonce}="(\\d{1,16})";${keyid}="([\\w.-]{1,512})";${tag}="([a-z]{1,16})"$`,
  );
  const signatures = new RegExp(`^${member}=:([A-Za-z0-9+/]{43}=):$`);
  return (input, signature) => {
    const [, list, made, counter, ticket, word] = inputs.exec(input) ?? [];
    const [, value] = signatures.exec(signature) ?? [];
    const named = TAGS.find((each) => names.tags[each] === word);
    if (value === undefined || named === undefined) return null;
    return {
      input: `${LABEL}=${list};created=${made};nonce="${counter}";keyid="${ticket}";tag="${named}"`,
      signature: `${LABEL}=:${value}:`,
    };
  };
}

/** A compact proof under the names of a build. */
export function toBuildCompact(names: BuildNames, proof: string): string {
  const end = proof.indexOf('.');
  const tag = TAGS.find((each) => each === proof.slice(0, end));
  return tag === undefined ? proof : names.tags[tag] + proof.slice(end);
}

/** Renames members; those that `table` does not list stay as they are. */
export function renameMembers(
  record: Readonly<Record<string, unknown>>,
  table: Readonly<Record<string, string>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [table[name] ?? name, value]));
}

/** The other way round. */
export function invert(table: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(table).map(([name, word]) => [word, name]));
}
