import { randomBytes } from 'node:crypto';
import type { State } from '../../guard/state.ts';
import { SESSION_IDLE_SECONDS, SKEW_SECONDS } from '../../wire/constants.ts';
import { type Calls, createCalls } from './calls.ts';
import type { Connection, ConnectionOptions } from './connection.ts';
import { Endings } from './endings.ts';
import { createNames } from './names.ts';
import { PARTITIONS } from './places.ts';
import { RedisState } from './state.ts';
import { readNews } from './session-items.ts';
import { createTenures } from './tenures.ts';
import { callersTimes, serverTimes } from './times.ts';
import type { Wide } from './wide/wide.ts';

/** Bounds as in memory, for all partitions together. */
export interface RedisStateOptions extends ConnectionOptions {
  /** Hides addresses, accounts and ids in the names of keys. The same for all gates of one name. */
  readonly secret: string | Uint8Array;
  /** What all keys begin with; gates of one name share their state. Default `sallyport:`. */
  readonly prefix?: string;
  /** Windows at most. Default 4,194,304. */
  readonly entries?: number;
  /** Sessions at most. Default 4,194,304. */
  readonly sessions?: number;
  /** Windows one session may have. Default 128. */
  readonly entriesPerSession?: number;
  /** Milliseconds after which an unused session is forgotten. Default 12 h. */
  readonly sessionIdle?: number;
  /** Nonces of one signing key that are remembered at a time. Default 131,072. */
  readonly keyNonces?: number;
  /**
   * Milliseconds after a restart or a failover for which nobody comes back by a cookie: until then the gates have said again
   * which sessions were ended. Default 2,000.
   */
  readonly settle?: number;
  /** Hears once of each outage, and once ('') of its end. */
  readonly onTrouble?: (trouble: string) => void;
  /** Hash tags; the same for all gates of one name. Default 256. */
  readonly partitions?: number;
  /** For tests: time is what the claims say, not what the server says. */
  readonly callersTime?: boolean;
}

/** Served ids of all sessions together, some 10 bytes each: beyond, who was given the most loses them. */
const MOST_IDS = 1 << 24;
/** For how long a gate that renews nothing is believed to hold requests open. */
const HOLD_MS = 60_000;

/**
 * State on a Redis or Valkey server, or on a Cluster of them, shared by all gates that name it. What a request claims of its
 * session is one script call, which requests of one loop turn share; counters wider than a session are leased.
 *
 * A method rejects where the server cannot be reached in time or could not do it. Nothing is sent twice.
 */
export async function createRedisState(connection: Connection, wide: Wide, options: RedisStateOptions): Promise<State> {
  const partitions = options.partitions ?? PARTITIONS;
  const share = (all: number): number => Math.max(1, Math.ceil(all / partitions));
  const idle = options.sessionIdle ?? SESSION_IDLE_SECONDS * 1000;
  const bounds = {
    entries: share(options.entries ?? 1 << 22),
    sessions: share(options.sessions ?? 1 << 22),
    perSession: options.entriesPerSession ?? 128,
    ids: share(MOST_IDS),
    nonces: options.keyNonces ?? 1 << 17,
    idle,
    // Lists of what is idle outlast it, so that nothing is left over when it goes.
    keep: 2 * idle,
    hold: HOLD_MS,
    settle: options.settle ?? 2000,
    skew: SKEW_SECONDS * 1000,
  };
  const endings = new Endings();
  const prefix = options.prefix ?? 'sallyport:';
  const times = options.callersTime === true ? callersTimes() : serverTimes;
  let calls: Calls;
  const tenures = createTenures(() => calls, endings, partitions, times);
  calls = createCalls(connection, {
    prefix,
    bounds,
    onAnswer: tenures.heard,
    onTrouble: options.onTrouble ?? (() => {}),
  });
  await tenures.begin();
  await connection.listen(`${prefix}endings`, (news) => {
    const ended = readNews(news, partitions);
    if (ended === null) return;
    const { session, partition, life, reason } = ended;
    endings.add(session, { partition, until: times.now() + life, reason });
  });
  return new RedisState({
    calls,
    wide,
    endings,
    tenures,
    connection,
    partitions,
    times,
    names: createNames(options.secret, partitions),
    capacity: partitions * bounds.sessions,
    scope: `redis ${options.prefix ?? 'sallyport:'}`,
    gate: randomBytes(6).toString('base64url'),
    renewEvery: HOLD_MS / 3,
  });
}
