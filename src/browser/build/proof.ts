import { type BuildNames, toBuildFields } from '../../wire/build.ts';
import { TAG, type Tag } from '../../wire/constants.ts';
import type { Door, Entry } from '../door.ts';
import type { Platform } from '../platform.ts';
import { type Call, type Draft, draft as plainDraft } from '../proof.ts';

export type { Call, Digest, Draft } from '../proof.ts';

/** What a door's build calls things (build/door.ts). */
export const namesOf = (door: Door): BuildNames => Reflect.get(door, 'names')();

export function draft(door: Door, entry: Entry, call: Call, tag: Tag): Draft {
  const made = plainDraft(door, entry, call, tag);
  return {
    ...made,
    finish: (bytes) => {
      const { 'signature-input': input = '', signature = '', ...others } = made.finish(bytes);
      return { ...others, ...toBuildFields(namesOf(door), input, signature) };
    },
  };
}

export async function prove(platform: Platform, door: Door, entry: Entry, call: Call): Promise<Record<string, string>> {
  const { base, finish } = draft(door, entry, call, TAG);
  return finish(await platform.subtle.sign('HMAC', entry.proofKey, base));
}
