import { randomFillSync } from 'node:crypto';
import { SESSION_IDLE_SECONDS } from '../../wire/constants.ts';
import { ticksOf } from '../memory/clock.ts';
import type { MemoryStateOptions } from '../memory/index.ts';
import { MOST_WINDOWS } from '../memory/sessions.ts';
import { LATEST, layoutOf, SECRET, type SharedBounds } from './layout.ts';

/** Bounds of the tables: those of the memory store, and of what that one keeps in maps. */
export interface SharedMemoryOptions extends MemoryStateOptions {
  /** Nonces of all signing keys together that are remembered; 24 bytes each. Default 1,048,576. */
  keyNoncesOfAll?: number;
  /** Keys that used a nonce or a quota lately. Default 65,536. */
  keys?: number;
  /** Buckets that are not full, of all limits and payers; 24 bytes each. Beyond, newcomers share some. Default 1,048,576. */
  buckets?: number;
  /** Requests open at a time that a rule counts; beyond, such calls are refused with `limit`. Default 65,536. */
  open?: number;
  /** Steps, counted calls and lists of served ids of all sessions; 32 bytes each. Default: four a session. */
  doings?: number;
  /** Served ids of all sessions; 20 bytes each. Beyond, some session loses its oldest. Default 2,097,152. */
  ids?: number;
  /** Partners' accounts whose steps and ids are remembered: beyond, the one longest known is forgotten. Default 4,096. */
  accounts?: number;
}

/**
 * State that the threads of one process share. It can be sent to them as `workerData` or by a message: the memory itself
 * is not copied.
 */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  readonly bounds: SharedBounds;
}

/** For tables that several requests may need some places of at once. */
const FEWEST = 256;

/**
 * Made once, by the thread that starts the others. The room for all tables is set aside at once (some 500 MB of addresses
 * by default); memory is taken as they are filled.
 *
 * Throws RangeError for a bound that is not a positive integer, or too small to work.
 */
export function createSharedMemory(options: SharedMemoryOptions = {}): SharedMemory {
  const sessions = bound('sessions', options.sessions, 1 << 20);
  const bounds: SharedBounds = {
    entries: bound('entries', options.entries, 1 << 19),
    sessions,
    entriesPerSession: Math.min(MOST_WINDOWS, bound('entriesPerSession', options.entriesPerSession, 128)),
    sessionIdle: ticksOf(bound('sessionIdle', options.sessionIdle, SESSION_IDLE_SECONDS * 1000)),
    revocations: bound('revocations', options.revocations, 1 << 16),
    grants: bound('grants', options.grants, 4096),
    keys: bound('keys', options.keys, 1 << 16),
    keyNonces: bound('keyNonces', options.keyNonces, 1 << 17),
    keyNoncesOfAll: bound('keyNoncesOfAll', options.keyNoncesOfAll, 1 << 20),
    remade: bound('remade', options.remade, 1 << 16),
    accounts: bound('accounts', options.accounts, 4096),
    buckets: bound('buckets', options.buckets, 1 << 20, FEWEST),
    open: bound('open', options.open, 1 << 16, FEWEST),
    doings: bound('doings', options.doings, Math.max(FEWEST, 4 * sessions), FEWEST),
    ids: bound('ids', options.ids, 1 << 21, FEWEST),
  };
  const buffer = new SharedArrayBuffer(4 * layoutOf(bounds).words);
  randomFillSync(new Uint8Array(buffer, 4 * SECRET, 16));
  new Float64Array(buffer, 4 * LATEST, 1).fill(Number.NaN);
  return { buffer, bounds };
}

function bound(name: string, value: number | undefined, otherwise: number, fewest = 1): number {
  if (value === undefined) return otherwise;
  if (Number.isSafeInteger(value) && value >= fewest) return value;
  const rule = fewest === 1 ? 'a positive integer' : `an integer of ${fewest} or more`;
  throw new RangeError(`createSharedMemory: ${name} must be ${rule}, not ${value}`);
}
