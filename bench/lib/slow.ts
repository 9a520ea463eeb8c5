import { Worker } from 'node:worker_threads';

/** A process group that runs for a part of the time, until it is let go. */
export interface Slowed {
  letGo(): Promise<void>;
}

/**
 * Makes a whole process group slower, as on a slower machine: it is stopped and goes on in turn, some hundred times a second, so
 * that all its processes and threads together have one part in `times` of the time. The browser's own throttling slows its main
 * thread alone; and limits of the system are set for many milliseconds at once, of which a short step would be over before it is
 * held back, and belong to root. The clock in the group goes on, as it does on a slow machine.
 */
export async function slowDown(group: number, times: number): Promise<Slowed> {
  const stopped = new SharedArrayBuffer(4);
  const thread = new Worker(new URL('slow-thread.ts', import.meta.url), { workerData: { group, times, stopped } });
  await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject));
  return {
    async letGo() {
      const ended = new Promise((resolve) => thread.once('exit', resolve));
      Atomics.store(new Int32Array(stopped), 0, 1);
      await ended;
    },
  };
}
