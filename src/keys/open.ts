import type { Random } from '../doors/random.ts';
import type { Config } from '../guard/config.ts';
import type { KeyDesk } from '../guard/key-desk.ts';
import type { Records } from '../guard/records.ts';
import type { Clock } from '../lib/clock.ts';
import { createBans } from './bans.ts';
import { createKeyDirectory, type StoredKeys } from './directory.ts';
import { createKeyDesk } from './desk.ts';
import type { Sealer } from './material.ts';

/** What is kept of keys while a gate runs. */
export interface Keys {
  readonly keys: StoredKeys;
  readonly desk: KeyDesk;
  close(): Promise<void>;
}

export interface KeysParts {
  readonly config: Config;
  readonly records: Records;
  readonly sealer: Sealer;
  readonly random: Random;
  readonly clock: Clock;
}

/** Reads all keys and follows their changes. Rejects where records cannot be reached. */
export async function openKeys({ config, records, sealer, random, clock }: KeysParts): Promise<Keys> {
  const bans = await createBans(records, clock.wall);
  const leaked = config.keys?.leaked ?? 'alarm';
  try {
    const keys = await createKeyDirectory({ records, sealer, bans, leaked });
    return {
      keys,
      desk: createKeyDesk({ records, sealer, random, clock }),
      async close() {
        bans.close();
        await keys.close();
      },
    };
  } catch (error) {
    bans.close();
    throw error;
  }
}
