// The thread of slow.ts: sleeping in between has to be exact, so it does nothing else.
import { parentPort, workerData } from 'node:worker_threads';

/** Milliseconds that the group runs for, each time: a few per cent of what is measured. */
const RUNS = 1.5;

const { group, times, stopped } = workerData as { group: number; times: number; stopped: SharedArrayBuffer };
const word = new Int32Array(stopped);
const sleep = new Int32Array(new SharedArrayBuffer(4));
/** What it ran for too long, in milliseconds: sleeps are never exact, and their errors must not add up. */
let owed = 0;

try {
  parentPort?.postMessage('begun');
  while (Atomics.load(word, 0) === 0) {
    process.kill(-group, 'SIGSTOP');
    const paused = performance.now();
    Atomics.wait(sleep, 0, 0, Math.max(0.1, RUNS * (times - 1) + owed));
    process.kill(-group, 'SIGCONT');
    const went = performance.now();
    Atomics.wait(sleep, 0, 0, RUNS);
    owed += (performance.now() - went) * (times - 1) - (went - paused);
  }
} finally {
  process.kill(-group, 'SIGCONT');
}
