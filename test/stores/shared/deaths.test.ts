import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createSharedMemory, openSharedState, releaseWorker } from '../../../src/stores/shared/index.ts';
import { enter, only, START, use, visit } from '../../contract/state/support.ts';
import { audit } from './audit.ts';
import type { Life } from './programs/mortal.ts';

const program = new URL('./programs/mortal.ts', import.meta.url);
const PAGES = 20;
const CALLS = 20_000;
const WORKERS = 3;
/** Deaths of each kind in turn; more are tried by hand. */
const DEATHS = Number(process.env['SALLYPORT_TEST_DEATHS'] ?? 12);

describe('threads that are killed while others work', () => {
  test('R48 hang nobody, let nothing in twice, and leave nothing open and nothing broken', async (context) => {
    const memory = createSharedMemory({ sessions: 200, entries: 300, entriesPerSession: 4, ids: 512 });
    const state = openSharedState(memory, { worker: WORKERS, monotonic: null });
    const entered = await Promise.all(Array.from({ length: PAGES }, () => enter(state, { prefix: '198.51.100.1' })));
    const pages = entered.map((page) => {
      const { used, now, ...claims } = { ...use(page, 0), ...only(visit(page.session)) };
      return claims;
    });
    const board = new Int32Array(new SharedArrayBuffer(4 * (1 + PAGES + PAGES * CALLS)));
    const begin = (worker: number, death = 0): Worker => {
      const by = death % 3 === 1 ? 'exit' : 'exception';
      const life: Life = {
        memory,
        worker,
        pages,
        board,
        calls: CALLS,
        by,
        falls: death % 3 === 0 ? 0 : 200 + 7 * death,
      };
      const thread = new Worker(program, { workerData: life, stderr: true });
      context.after(() => thread.terminate());
      return thread;
    };
    /** Until the threads have done so much more. */
    const worked = async (much: number): Promise<void> => {
      const done = Atomics.load(board, 0);
      while (Atomics.load(board, 0) - done < much) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    const steady = Array.from({ length: WORKERS - 1 }, (_, worker) => begin(worker));
    for (let death = 0; death < DEATHS; death += 1) {
      const mortal = begin(WORKERS - 1, death);
      mortal.on('error', (error) => assert.match(error.message, /this thread falls/));
      const gone = new Promise((resolve) => mortal.once('exit', resolve));
      if (death % 3 === 0) {
        await once(mortal, 'online');
        await worked(100 + 31 * death);
        await mortal.terminate();
      }
      await gone;
      await releaseWorker(memory, WORKERS - 1);
      await worked(10);
    }
    for (const [worker, thread] of steady.entries()) {
      await thread.terminate();
      await releaseWorker(memory, worker);
    }
    const twice = board.subarray(1 + PAGES).filter((count) => count > 1);
    assert.equal(twice.length, 0, 'calls that were admitted twice');
    assert.ok(board.subarray(1 + PAGES).some((count) => count === 1));
    audit(memory);
    const now = START + Atomics.load(board, 0);
    assert.equal(await state.commit(use(await enter(state, { now }), 1, now)), '');
  });
});
