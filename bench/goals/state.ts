import type { Goal } from '../lib/goal.ts';
import { runWorker } from '../lib/worker.ts';
import { type Spread, spreadOf } from '../lib/pairs.ts';
import { atMost, shown } from '../lib/report.ts';

/** Goal 7: what state in memory holds and what a commit costs, in a process of its own; and what sharing it between threads does. */
export const state: Goal = async ({ rounds }) => {
  const few = await measure(1000, rounds);
  const many = await measure(1_000_000, rounds);
  const fewShared = await measure(1000, rounds, true);
  const manyShared = await measure(1_000_000, rounds, true);
  return [
    atMost(7, 'bytes of state a live entry, at a million sessions', many('entryBytes'), 160),
    atMost(7, 'bytes of state a session, prefixes included, at a million sessions', many('sessionBytes'), 64),
    shown(7, 'bytes of the process a session with its entry, at a million sessions', many('processBytes')),
    // A signed call claims its counter alone: a window ends with its session (layers/replay.ts).
    atMost(7, 'nanoseconds a commit of a signed call, a thousand sessions', few('counter'), 100),
    atMost(7, 'nanoseconds a commit of a signed call, a million sessions at random', many('counter'), 350),
    shown(7, 'nanoseconds a commit of counter and session, a thousand sessions', few('commit')),
    shown(7, 'nanoseconds a commit of counter and session, a million sessions at random', many('commit')),
    shown(7, 'nanoseconds to touch one record at random, a million of them', many('touch')),
    atMost(7, 'bytes of state a live entry in the memory of worker threads', manyShared('entryBytes'), 160),
    atMost(7, 'bytes of state a session there, prefixes included', manyShared('sessionBytes'), 64),
    // The half of goal 9 that state has: under a lock that nobody else wants just then.
    shown(7, 'nanoseconds a commit of a signed call there, a thousand sessions', fewShared('counter')),
    shown(7, 'nanoseconds a commit of a signed call there, a million sessions at random', manyShared('counter')),
  ];
};

async function measure(sessions: number, rounds: number, shared = false): Promise<(name: string) => Spread> {
  const figures = await runWorker('state', { sessions, rounds, shared });
  return (name) => spreadOf(figures.get(name) ?? []);
}
