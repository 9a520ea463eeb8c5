import { parentPort, workerData } from 'node:worker_threads';
import { compileUse } from '../../../../src/guard/config-use.ts';
import { noClaims } from '../../../../src/guard/context.ts';
import { compileOrder } from '../../../../src/guard/order.ts';
import type { Claims } from '../../../../src/guard/state.ts';
import { newUseResult } from '../../../../src/guard/use.ts';
import { openSharedState, type SharedMemory } from '../../../../src/stores/shared/index.ts';

/** What one thread is told to do. */
export interface Race {
  readonly memory: SharedMemory;
  readonly worker: number;
  readonly racers: number;
  /** The calls: the same of each thread unless they are numbered. */
  readonly claims: Partial<Claims>;
  readonly calls: number;
  /** Each call takes the next counter, as all threads do; else none. */
  readonly counted: boolean;
  readonly keyed: boolean;
  readonly limit?: string;
  readonly atMost?: number;
  readonly concurrent?: number;
  /** A word for each thread: how far it is. Then how often each call was admitted, then how many are open. */
  readonly board: Int32Array;
}

/** Calls that one thread may be ahead of the others: near enough for them to meet. */
const LEAD = 2;
/** Looks at the others before sleeping until one of them has come nearer. */
const LOOKS = 2000;

const race: Race = workerData;
const state = openSharedState(race.memory, { worker: race.worker });
const match = 'POST /race';
const use = compileUse(
  {},
  {
    match,
    ...(race.limit === undefined ? {} : { limit: { rate: race.limit, per: 'route' } }),
    ...(race.concurrent === undefined ? {} : { concurrent: { route: race.concurrent } }),
  },
  'proof',
);
const orders = race.atMost === undefined ? [] : compileOrder({ match, atMost: race.atMost });

let open = 0;
for (let call = 0; call < race.calls; call += 1) {
  keepTogether(call);
  const claims: Claims = { ...noClaims(1_750_000_000_000), ...race.claims };
  if (race.counted) claims.nonce = call + 1;
  if (race.keyed) Object.assign(claims, { key: 'one', keyNonce: `${call}`, keyNonceLife: 60_000 });
  if (use.limits.length + use.concurrent.length > 0) claims.use = use;
  if (orders.length > 0) claims.orders = orders;
  claims.used = newUseResult();
  if (state.commit(claims) !== '') continue;
  Atomics.add(race.board, race.racers + call, 1);
  if (race.concurrent === undefined || claims.used.hold === null) continue;
  open = Math.max(open, Atomics.add(race.board, race.racers + race.calls, 1) + 1);
  for (let look = 0; look < 300; look += 1) Atomics.load(race.board, 0);
  Atomics.sub(race.board, race.racers + race.calls, 1);
  state.release(claims.used.hold);
}
keepTogether(2 ** 30);
state.close();
parentPort?.postMessage(open);

function keepTogether(call: number): void {
  const { board, racers, worker } = race;
  Atomics.store(board, worker, call);
  Atomics.notify(board, worker);
  if (call > race.calls) return;
  for (let other = 0; other < racers; other += 1) {
    for (let look = 0; Atomics.load(board, other) < call - LEAD; look += 1) {
      if (look < LOOKS) Atomics.pause();
      else Atomics.wait(board, other, Atomics.load(board, other), 1);
    }
  }
}
