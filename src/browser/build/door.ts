import { type BuildNames, invert, renameMembers } from '../../wire/build.ts';
import { createDoor as createPlainDoor, type Door, type DoorSettings } from '../door.ts';
import type { Platform } from '../platform.ts';
import { adopt, current } from './names.ts';

export type { Door, DoorSettings, Entry } from '../door.ts';

/** A door that says what its build calls things: parts loaded on demand know it from nowhere else. */
export interface BuildDoor extends Door {
  readonly names: () => BuildNames;
}

/** How often an entry asks for newer names: several gates may serve one release and the next while one replaces the other. */
const MOST_TRIES = 3;

export function createDoor(platform: Platform, settings: DoorSettings): BuildDoor {
  const door = createPlainDoor({ ...platform, fetch: enterBy(platform.fetch, settings.mount) }, settings);
  return Object.assign(door, { names: current });
}

/** The door asks for nothing but its entries: these go out and come back under the build's names. */
function enterBy(native: typeof fetch, mount: string): typeof fetch {
  return async (address, init) => {
    const body = JSON.parse(`${init?.body}`);
    for (let tries = 1; ; tries++) {
      const { id, members } = current();
      const sent = JSON.stringify({ build: id, ...renameMembers(body, members) });
      const response = await native(address, { ...init, body: sent });
      const text = await response.text();
      const value = parse(text);
      // This page is older than its build is taken.
      if (value['code'] === 'build' && tries < MOST_TRIES) await adopt(mount);
      else {
        // All that the door reads of it besides its head. What is no JSON says so there.
        const json = async (): Promise<unknown> =>
          value['v'] ? renameMembers(value, invert(members)) : JSON.parse(text);
        return Object.defineProperty(response, 'json', { value: json });
      }
    }
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
