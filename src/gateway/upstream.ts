import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { Config } from '../guard/config.ts';
import { upstreamConnector } from './tls.ts';

/**
 * Connections that ordinary requests share: more cost more (each carries fewer requests a turn of the loop, measured
 * at about a tenth of a proxied request), fewer starve.
 */
const LANES = 24;

/** Milliseconds a request waits for one of them before it gets a connection of its own. */
const PATIENCE_MS = 20;

/** Connections beyond {@link LANES}: event streams, long polls, sockets, slow uploads. */
const WIDE_CONNECTIONS = 4096;

const DEFAULT_TIMEOUT_MS = 60_000;

/** One request on its way. The upstream calls `start` when it is the request's turn. */
export interface Passenger {
  start(dispatcher: Dispatcher): void;
}

export interface Upstream {
  readonly origin: string;
  /** Queues a request, or starts it at once. `long` ones never share connections with ordinary ones. */
  board(passenger: Passenger, long: boolean): Ride;
  /** Waits for what is under way, then closes the connections. */
  close(): Promise<void>;
  /** Ends what is under way. */
  destroy(): Promise<void>;
}

export interface Ride {
  /** Frees the place; at most once. Also takes a request that has not started out of the queue. */
  leave(): void;
}

interface Waiting {
  readonly passenger: Passenger;
  readonly since: number;
  /** Set when started in a lane, on the wide pool, or given up. */
  state: 'waiting' | 'lane' | 'wide' | 'left';
}

/** Connections to one backend. */
export function createUpstream(config: Config): Upstream {
  const origin = new URL(config.to ?? '').origin;
  const timeout = config.upstream?.timeout ?? DEFAULT_TIMEOUT_MS;
  const options = {
    connect: upstreamConnector(config),
    pipelining: 1,
    headersTimeout: timeout,
    // Event streams may be silent for hours; a backend that dies is noticed by TCP keep-alive.
    bodyTimeout: 0,
    maxHeaderSize: 64 * 1024,
  };
  const lanes = new Pool(origin, { ...options, connections: LANES });
  const wide = new Pool(origin, { ...options, connections: WIDE_CONNECTIONS });
  const queue = createQueue(lanes, wide);
  return {
    origin,
    board: queue.board,
    async close() {
      await Promise.all([lanes.close(), wide.close()]);
    },
    async destroy() {
      await Promise.all([lanes.destroy(), wide.destroy()]);
    },
  };
}

/**
 * First come, first served over the lanes. Whoever has waited {@link PATIENCE_MS} goes wide, so that a handful of
 * slow answers never holds up the rest.
 */
function createQueue(lanes: Dispatcher, wide: Dispatcher): Pick<Upstream, 'board'> {
  let busy = 0;
  let waiting: Waiting[] = [];
  let head = 0;
  let timer: NodeJS.Timeout | null = null;

  const next = (): Waiting | undefined => {
    while (head < waiting.length) {
      const item = waiting[head];
      head += 1;
      if (head > 1024 && head * 2 > waiting.length) {
        waiting = waiting.slice(head);
        head = 0;
      }
      if (item?.state === 'waiting') return item;
    }
    waiting = [];
    head = 0;
    return undefined;
  };

  const inLane = (item: Waiting): void => {
    busy += 1;
    item.state = 'lane';
    item.passenger.start(lanes);
  };

  const leave = (item: Waiting): void => {
    if (item.state === 'left') return;
    const wasInLane = item.state === 'lane';
    item.state = 'left';
    if (!wasInLane) return;
    busy -= 1;
    const follower = next();
    if (follower !== undefined) inLane(follower);
  };

  const lookRound = (): void => {
    timer = null;
    const before = performance.now() - PATIENCE_MS;
    for (;;) {
      const item = waiting[head];
      if (item === undefined) break;
      if (item.state === 'waiting' && item.since > before) {
        timer = setTimeout(lookRound, PATIENCE_MS);
        break;
      }
      const due = next();
      if (due === undefined) break;
      due.state = 'wide';
      due.passenger.start(wide);
    }
  };

  return {
    board(passenger, long) {
      const item: Waiting = { passenger, since: busy < LANES ? 0 : performance.now(), state: 'waiting' };
      if (long) {
        item.state = 'wide';
        passenger.start(wide);
      } else if (busy < LANES) {
        inLane(item);
      } else {
        waiting.push(item);
        if (timer === null) timer = setTimeout(lookRound, PATIENCE_MS);
      }
      return { leave: () => leave(item) };
    },
  };
}
