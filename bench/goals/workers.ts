import { availableParallelism } from 'node:os';
import { startChild } from '../lib/child.ts';
import type { Goal } from '../lib/goal.ts';
import { GET, signedSide } from '../lib/guarded.ts';
import { inPairs } from '../lib/pairs.ts';
import { startProgram } from '../lib/program.ts';
import { atLeast, atMost, type Result, shown } from '../lib/report.ts';

/** Cores that the backend and whoever sends need beside two workers, for a throughput that says anything. */
const CORES_FOR_THROUGHPUT = 4;

/** Goal 9: two worker threads against one, both with the whole gate; that a captured call is refused, the side itself asserts. */
export const workers: Goal = async ({ rounds, seconds }) => {
  const backend = await startChild('bare');
  const results: Result[] = [];
  const one = await startProgram(backend.origin, 1);
  const two = await startProgram(backend.origin, 2);
  try {
    if (one === null || two === null) throw new Error('a process’s CPU time is read on Linux alone');
    const pair = await inPairs(rounds, await signedSide(one, GET, seconds), await signedSide(two, GET, seconds));
    const throughput = 'two workers / one, requests per second, GET';
    results.push(
      atMost(9, 'two workers / one, CPU per request, GET', pair.cpu, 1.2),
      availableParallelism() >= CORES_FOR_THROUGHPUT
        ? atLeast(9, throughput, pair.throughput, 1.8)
        : shown(9, `${throughput}, sender and backend on the same cores`, pair.throughput),
    );
  } finally {
    await one?.stop();
    await two?.stop();
    await backend.stop();
  }
  return results;
};
