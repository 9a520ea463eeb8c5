import type { State } from '../../guard/state.ts';
import { SESSION_IDLE_SECONDS } from '../../wire/constants.ts';
import { createBelongings } from './belongings.ts';
import { machineTime, type Monotonic, SteadyClock, ticksOf } from './clock.ts';
import { Grants } from './grants.ts';
import { Keys } from './keys.ts';
import { Mints } from './mints.ts';
import { Orders } from './orders.ts';
import { Prefixes } from './prefixes.ts';
import { createRemade } from './remade.ts';
import { Revocations } from './revocations.ts';
import { Served } from './served.ts';
import { MOST_WINDOWS, SESSION_LINK, SESSION_WORDS, Sessions } from './sessions.ts';
import { Slab } from './slab.ts';
import { TableState } from './tables.ts';
import { Uses } from './uses.ts';
import { ENTRY_LINK, ENTRY_WORDS, Windows } from './windows.ts';

/** Bounds of the tables. Memory is taken as they fill, by segments, and given back when the state is closed. */
export interface MemoryStateOptions {
  /** Windows at most; 160 bytes each. Default 524,288. */
  entries?: number;
  /** Sessions at most; 48 bytes each. Default 1,048,576. */
  sessions?: number;
  /** Windows one session may have; a further entry costs it its oldest. Default 128, at most 65,535. */
  entriesPerSession?: number;
  /** Milliseconds after which an unused session is forgotten. Default: as long as its cookie may idle, 12 h. */
  sessionIdle?: number;
  /** Revocations remembered. Beyond, cookies unknown to state get a new session instead of their own. Default 65,536. */
  revocations?: number;
  /** Redirect grants at one time. Default 4,096. */
  grants?: number;
  /** Nonces of one signing key that are remembered at a time; a key that uses more is refused with `limit`. Default 131,072. */
  keyNonces?: number;
  /**
   * Milliseconds that never jump: by them a wall clock that is set forward is found out. Default: this machine’s; null to go by
   * the times of requests alone, as tests do.
   */
  monotonic?: Monotonic;
  /** Sessions made again from their cookies that are kept from being made twice. Default 65,536. */
  remade?: number;
}

/**
 * State in this process's memory: gone with it, which costs every page one entry and never admits a request twice
 * (PROTOCOL 4.3). All methods answer synchronously, and none does work that grows with the number of visitors.
 *
 * Throws RangeError for a bound that is not a positive integer.
 */
export function createMemoryState(options: MemoryStateOptions = {}): State {
  const capacity = bound('sessions', options.sessions, 1 << 20);
  const [uses, orders, served] = [new Uses(), new Orders(), new Served()];
  return new TableState('memory', {
    clock: new SteadyClock(options.monotonic === undefined ? machineTime : options.monotonic),
    windows: new Windows(new Slab(ENTRY_WORDS, ENTRY_LINK, bound('entries', options.entries, 1 << 19))),
    sessions: new Sessions(new Slab(SESSION_WORDS, SESSION_LINK, capacity), new Prefixes(capacity)),
    mints: new Mints(),
    revocations: new Revocations(bound('revocations', options.revocations, 1 << 16)),
    grants: new Grants(bound('grants', options.grants, 4096)),
    keys: new Keys(bound('keyNonces', options.keyNonces, 1 << 17)),
    uses,
    orders,
    served,
    belongings: createBelongings(uses, orders, served),
    remade: createRemade(bound('remade', options.remade, 1 << 16)),
    looks: { again: 0 },
    checkpoint: () => {},
    capacity,
    entriesPerSession: Math.min(MOST_WINDOWS, bound('entriesPerSession', options.entriesPerSession, 128)),
    idle: ticksOf(bound('sessionIdle', options.sessionIdle, SESSION_IDLE_SECONDS * 1000)),
  });
}

function bound(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`createMemoryState: ${name} must be a positive integer, not ${value}`);
}
