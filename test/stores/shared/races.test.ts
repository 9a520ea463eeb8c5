import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { compileUse } from '../../../src/guard/config-use.ts';
import type { Claims } from '../../../src/guard/state.ts';
import { newUseResult } from '../../../src/guard/use.ts';
import { createSharedMemory, openSharedState, type SharedMemory } from '../../../src/stores/shared/index.ts';
import { enter, noClaims, only, START, use, visit } from '../../contract/state/support.ts';
import type { Race } from './programs/racer.ts';

/** Two run at once even where there are no more cores. */
const RACERS = 2;
const program = new URL('./programs/racer.ts', import.meta.url);

interface Result {
  /** How often each call was admitted, by all threads together. */
  readonly admitted: readonly number[];
  /** The most that were open at a time. */
  readonly open: number;
}

type Rules = Partial<Pick<Race, 'limit' | 'atMost' | 'concurrent' | 'counted' | 'keyed'>>;

/** All threads make the same calls at once. */
async function raced(memory: SharedMemory, calls: number, claims: Partial<Claims>, rules: Rules): Promise<Result> {
  const board = new Int32Array(new SharedArrayBuffer(4 * (RACERS + calls + 1)));
  const racers = Array.from({ length: RACERS }, (_, worker) => {
    const race: Race = { memory, worker, racers: RACERS, claims, calls, counted: false, keyed: false, ...rules, board };
    return new Worker(program, { workerData: race });
  });
  const opens = await Promise.all(
    racers.map(async (racer) => {
      const [[open]] = await Promise.all([once(racer, 'message'), once(racer, 'exit')]);
      return Number(open);
    }),
  );
  return { admitted: Array.from(board.subarray(RACERS, RACERS + calls)), open: Math.max(...opens) };
}

/** Of a page that entered in the main thread. */
async function entered() {
  const memory = createSharedMemory();
  const state = openSharedState(memory, { worker: RACERS });
  const page = await enter(state);
  const { used, ...claims } = { ...use(page, 0), ...only(visit(page.session)) };
  return { memory, state, page, claims };
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

describe('threads that share state', () => {
  test('R42 one of all threads admits a captured call, whichever comes first, fifty thousand times', async () => {
    const { memory, claims } = await entered();
    const calls = 50_000;
    const { admitted } = await raced(memory, calls, claims, { counted: true });
    assert.deepEqual(admitted, Array(calls).fill(1));
  });

  test('R49 one of all threads takes a nonce of a key', async () => {
    const memory = createSharedMemory();
    const { admitted } = await raced(memory, 3000, {}, { keyed: true });
    assert.deepEqual(admitted, Array(3000).fill(1));
  });

  test('R67 a limit admits as many as it says to all threads together', async () => {
    const { admitted } = await raced(createSharedMemory(), 2000, {}, { limit: '700/hour' });
    assert.equal(sum(admitted), 700);
  });

  test('R65 a call that may be made so often is made so often by all threads together', async () => {
    const { memory, claims } = await entered();
    const { nonce, windowPlace, windowIdHigh, windowIdLow, ...session } = claims;
    const { admitted } = await raced(memory, 1000, session, { atMost: 123 });
    assert.equal(sum(admitted), 123);
  });

  test('R67 no more calls are open at a time than a rule allows, in all threads together, and none stays open', async () => {
    const memory = createSharedMemory();
    const { admitted, open } = await raced(memory, 2000, {}, { concurrent: 2 });
    assert.ok(sum(admitted) > 0 && open > 0 && open <= 2, `${open} were open`);
    const state = openSharedState(memory, { worker: 0 });
    const rule = compileUse({}, { match: 'POST /race', concurrent: { route: 2 } }, 'proof');
    const calls = [1, 2, 3].map(() => ({ ...noClaims(START), use: rule, used: newUseResult() }));
    assert.deepEqual(await Promise.all(calls.map((claims) => state.commit(claims))), ['', '', 'limit']);
  });

  test('a page of one thread calls in another, and ends in all', async () => {
    const { memory, page, state } = await entered();
    const other = openSharedState(memory, { worker: 1 });
    assert.equal(await other.commit(use(page, 1)), '');
    assert.equal(await state.commit(use(page, 1)), 'replayed');
    await other.revoke(page.session, page.session.idLow * 1e9, 'ended');
    assert.equal(await state.commit(use(page, 2)), 'stale');
  });
});
