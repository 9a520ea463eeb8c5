import { Client } from 'undici';
import { type Child, startChild } from '../lib/child.ts';
import { type Door, openDoors, signedShot, withoutConnection } from '../lib/client.ts';
import type { Effort, Goal } from '../lib/goal.ts';
import { inPairs, type Sample, spreadOf } from '../lib/pairs.ts';
import { atMost, type Result, shown } from '../lib/report.ts';
import { runWorker } from '../lib/worker.ts';

type Latency = Sample<'middle' | 'tail'>;

/** Guesses that come in a second. */
const PER_SECOND = 200;

/** Goal 13: what people's calls feel of a flood of guessed passwords. */
export const logins: Goal = async (effort) => {
  const backend = await startChild('bare');
  try {
    const rationed = await under(backend, effort, '');
    const unrationed = await under(backend, effort, '60000');
    const flood = `while ${PER_SECOND} passwords are guessed a second`;
    return [
      atMost(13, `median of a signed GET ${flood} / in quiet`, rationed.middle, 1.3),
      atMost(13, `99th percentile of a signed GET ${flood} / in quiet`, rationed.tail, 3),
      shown(13, 'password checks a second meanwhile', rationed.checks),
      shown(13, 'median, with as many checks as the machine can do / in quiet', unrationed.middle),
      shown(13, '99th percentile, with as many checks as the machine can do / in quiet', unrationed.tail),
      shown(13, 'password checks a second meanwhile, as many as it can do', unrationed.checks),
    ] satisfies Result[];
  } finally {
    await backend.stop();
  }
};

async function under(backend: Child, { form, rounds, seconds }: Effort, perMinute: string) {
  const gate = await startChild('logins', { to: backend.origin, perMinute }, form.flags);
  const checks: number[] = [];
  try {
    const doors = await openDoors(gate.origin, 8);
    const quiet = (): Promise<Latency> => latencies(gate, doors, seconds);
    const flooded = async (): Promise<Latency> => {
      const floodSeconds = seconds + 1.5;
      const flood = runWorker(
        'guesses',
        { origin: gate.origin, seconds: floodSeconds, perSecond: PER_SECOND },
        form.flags,
      );
      // Its process has to start, and to enter.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const felt = await latencies(gate, doors, seconds);
      const counted = await flood;
      checks.push((counted.get('wrong')?.[0] ?? 0) / floodSeconds);
      return felt;
    };
    const ratios = await inPairs(rounds, quiet, flooded);
    return { ...ratios, checks: spreadOf(checks.slice(1)) };
  } finally {
    await gate.stop();
  }
}

/** One person's calls, one after the other. */
async function latencies(gate: Child, doors: readonly Door[], seconds: number): Promise<Latency> {
  const client = new Client(gate.origin, { pipelining: 1 });
  const taken: number[] = [];
  const end = performance.now() + seconds * 1000;
  for (let at = 0; performance.now() < end; at += 1) {
    const door = doors[at % doors.length];
    if (door === undefined) throw new RangeError('no doors are open');
    const { method, path, fields } = signedShot(door, 'GET', '/api/posts/7');
    const begun = performance.now();
    const answer = await client.request({ method, path, headers: withoutConnection(fields) });
    await answer.body.dump();
    taken.push(performance.now() - begun);
    if (answer.statusCode !== 200) throw new Error(`a person's call was answered ${answer.statusCode}`);
    // At a person's pace, so that what is measured is the answer's time and not a queue of its own.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await client.close();
  const sorted = taken.toSorted((a, b) => a - b);
  return { middle: sorted[sorted.length >> 1] ?? 0, tail: sorted[Math.floor(sorted.length * 0.99)] ?? 0 };
}
