import { hkdfSync } from 'node:crypto';
import { BUILD_FIELD_LENGTH, type BuildNames, ENTRY_MEMBERS, TAGS } from '../wire/build.ts';
import { PROTOCOL } from '../wire/constants.ts';

/** What a build calls things, made of the gate's secret and the build's id: all who have the secret agree without talking. */

const ID_BYTES = 8;
const LABEL_BYTES = 16;
const WORD_LENGTH = 8;
/** Header fields begin with this. */
const FIELD = 'x-';

/** Id of the build of an hour (whole hours since 1970). Says nothing of which hour it is. */
export const hourId = (secret: Uint8Array, hour: number): string => idOf(secret, `hour ${hour}`);

/** Id of the build of a release. `marks` say which it is. */
export const releaseId = (secret: Uint8Array, marks: readonly string[]): string =>
  idOf(secret, `release ${JSON.stringify(marks)}`);

const idOf = (secret: Uint8Array, info: string): string => expand(secret, `build ${info}`, ID_BYTES).toString('hex');

/** A number for whatever in a build is left to chance: the same in every process. */
export const seedOf = (secret: Uint8Array, id: string): number =>
  expand(secret, `build seed ${id}`, 4).readUInt32BE(0) >>> 1;

/** @param id 16 hex digits */
export function namesOf(secret: Uint8Array, id: string): BuildNames {
  const word = createWords(expand(secret, `build words ${id}`, 1024));
  const field = (): string => FIELD + word(BUILD_FIELD_LENGTH - FIELD.length);
  const words = <Name extends string>(names: readonly Name[]): Record<Name, string> =>
    Object.fromEntries(names.map((name) => [name, word(WORD_LENGTH)])) as Record<Name, string>; // a word for each
  return Object.freeze({
    id,
    label: expand(secret, `build label ${id}`, LABEL_BYTES).toString('hex'),
    input: field(),
    signature: field(),
    ...words(['member', 'created', 'nonce', 'keyid', 'tag'] as const),
    tags: words(TAGS),
    parameter: word(WORD_LENGTH),
    members: words(ENTRY_MEMBERS),
  });
}

/** Words of letters, no two alike. */
function createWords(bytes: Buffer): (length: number) => string {
  let at = 0;
  const given = new Set<string>();
  return (length) => {
    for (;;) {
      let text = '';
      while (text.length < length) text += String.fromCharCode(97 + ((bytes[at++ % bytes.length] as number) % 26));
      if (given.has(text)) continue;
      given.add(text);
      return text;
    }
  };
}

const expand = (secret: Uint8Array, info: string, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `${PROTOCOL} ${info}`, length));
