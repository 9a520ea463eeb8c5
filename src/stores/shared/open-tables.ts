import { Buffer } from 'node:buffer';
import { SESSION_LINK, Sessions } from '../memory/sessions.ts';
import type { Tables } from '../memory/tables.ts';
import { Uses } from '../memory/uses.ts';
import { ENTRY_LINK, ENTRY_WORDS, Windows } from '../memory/windows.ts';
import { Cells, SharedBuckets } from './buckets.ts';
import { machineTime, type Monotonic } from '../memory/clock.ts';
import { SharedClock } from './clock.ts';
import { sharedCrowd } from './crowd.ts';
import { Doings } from './doings.ts';
import { SharedGrants } from './grants.ts';
import { GivenIds } from './ids.ts';
import { SharedKeys } from './keys.ts';
import { HELD_WORDS, LOOK_AGAIN, layoutOf, SECRET, SESSION_STRIDE } from './layout.ts';
import type { SharedMemory } from './memory.ts';
import { SharedMints } from './mints.ts';
import { Names } from './names.ts';
import { HELD_LINK, OpenRequests, SharedCounts } from './open.ts';
import { SharedOrders } from './orders.ts';
import { ownedByAccount, Payers } from './payers.ts';
import { SharedPrefixes } from './prefixes.ts';
import { SharedRevocations, sharedRemade } from './revocations.ts';
import { Ring } from './ring.ts';
import { SharedServed } from './served.ts';
import { SharedSlab } from './slab.ts';
import { Table } from './table.ts';
import { Words } from './words.ts';

export interface OpenTables {
  readonly tables: Tables;
  readonly words: Words;
  readonly names: Names;
  readonly open: OpenRequests;
}

/** What the rules of state are kept in, seen by one thread. */
export function openTables(
  { buffer, bounds }: SharedMemory,
  worker: number,
  monotonic: Monotonic = machineTime,
): OpenTables {
  const layout = layoutOf(bounds);
  const words = new Words(buffer, layout);
  const names = new Names(Buffer.from(buffer, 4 * SECRET, 16).toString('latin1'));
  const sessions = new SharedSlab(words, layout.sessions, {
    stride: SESSION_STRIDE,
    link: SESSION_LINK,
    capacity: bounds.sessions,
  });
  const accounts: Ring = new Ring(words, layout.accounts, (slot) => doings.dropAll(ownedByAccount(accounts, slot)));
  const payers = new Payers(words, names, sessions, accounts);
  const ids: GivenIds = new GivenIds(words, new Table(words, layout.ids), () => doings);
  const doings: Doings = new Doings(words, new Table(words, layout.doings), payers, (list) => ids.drop(list));
  const cells = new Cells(new Table(words, layout.buckets));
  const bucketsOf = (name: string, span: number) => new SharedBuckets(cells, payers, names, { name, span });
  const held = new SharedSlab(words, layout.held, { stride: HELD_WORDS, link: HELD_LINK, capacity: bounds.open });
  const open = new OpenRequests(words, new Table(words, layout.counts), held);
  const revoked: SharedRevocations = new SharedRevocations(
    words,
    new Ring(words, layout.revocations, (slot) => revoked.lose(slot)),
  );
  const windows = new SharedSlab(words, layout.windows, {
    stride: ENTRY_WORDS,
    link: ENTRY_LINK,
    capacity: bounds.entries,
  });
  const prefixes = new SharedPrefixes(words, new Table(words, layout.prefixes), names, layout.prefixesByCount);
  const tables: Tables = {
    clock: new SharedClock(words, monotonic),
    windows: new Windows(windows),
    sessions: new Sessions(sessions, prefixes),
    mints: new SharedMints(cells, names),
    revocations: revoked,
    grants: new SharedGrants(new Ring(words, layout.grants)),
    keys: new SharedKeys(new Table(words, layout.keys), new Table(words, layout.nonces), names, bounds.keyNonces),
    uses: new Uses({
      buckets: ({ name, depth, wait }) => bucketsOf(name, depth + wait),
      counts: ({ name }) => new SharedCounts(open, payers, names, { name, worker }),
      crowd: sharedCrowd(doings, names),
    }),
    orders: new SharedOrders(doings, names),
    served: new SharedServed({ doings, ids, names, payers, buckets: bucketsOf }),
    belongings: doings,
    remade: sharedRemade(new Ring(words, layout.remade)),
    looks: {
      get again() {
        return words.get(LOOK_AGAIN);
      },
      set again(ticks) {
        words.set(LOOK_AGAIN, ticks);
      },
    },
    checkpoint: () => words.checkpoint(),
    capacity: bounds.sessions,
    entriesPerSession: bounds.entriesPerSession,
    idle: bounds.sessionIdle,
  };
  return { tables, words, names, open };
}
