import type { Bans, BanScope } from '../guard/keys.ts';
import type { Ban, Records } from '../guard/records.ts';

export interface StoredBans extends Bans {
  close(): void;
}

const RETRY_MS = 500;

/**
 * What is banned now, in memory, by what records tell. While a change cannot be read the bans known so far hold; those that
 * end by themselves are let go when they are asked for. Rejects where records cannot be reached.
 */
export async function createBans(records: Records, wall: () => number): Promise<StoredBans> {
  const held = createHeldBans(wall);
  // The first reading, too, is followed by another one where something changed meanwhile.
  let isReading = true;
  let again = false;
  let closed = false;

  const read = async (): Promise<void> => {
    held.hold(await records.bans.active());
  };
  const readSurely = async (): Promise<void> => {
    while (!closed) {
      try {
        again = false;
        await read();
        if (again) continue;
        isReading = false;
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  };
  const stop = records.onChange(({ kind }) => {
    if (kind !== 'ban' && kind !== 'all') return;
    again = true;
    if (isReading) return;
    isReading = true;
    void readSurely();
  });
  try {
    await read();
  } catch (error) {
    stop();
    throw error;
  }
  if (again) await readSurely();
  else isReading = false;

  return {
    has: held.has,
    isEmpty: held.isEmpty,
    close() {
      closed = true;
      stop();
    },
  };
}

/** Bans as somebody says that they are. */
export interface HeldBans extends Bans {
  /** These and no others hold from now on, each until it ends. */
  hold(bans: readonly Ban[]): void;
}

export function createHeldBans(wall: () => number): HeldBans {
  let held = new Map<BanScope, Map<string, number>>();
  return {
    has(kind, value) {
      const until = held.get(kind)?.get(value);
      return until !== undefined && (until === 0 || until > wall());
    },
    isEmpty: (kind) => held.get(kind) === undefined,
    hold(bans) {
      held = byKind(bans);
    },
  };
}

/** Of several bans of one thing the longest counts. */
function byKind(bans: readonly Ban[]): Map<BanScope, Map<string, number>> {
  const kinds = new Map<BanScope, Map<string, number>>();
  for (const { kind: named, value, until, by } of bans) {
    // Whole networks are a person's to shut out.
    const kind = named === 'prefix' && by.startsWith('rule:') ? 'mint' : named;
    const values = kinds.get(kind) ?? new Map<string, number>();
    const known = values.get(value);
    values.set(value, known === 0 || until === 0 ? 0 : Math.max(known ?? 0, until));
    kinds.set(kind, values);
  }
  return kinds;
}
