import { request } from 'undici';
import { type Child, startChild } from '../lib/child.ts';
import type { Goal } from '../lib/goal.ts';
import { inPairs, type Sample, spreadOf } from '../lib/pairs.ts';
import { atMost, shown } from '../lib/report.ts';

type Start = Sample<'time' | 'memory'>;

/** Goal 11: what a guard adds to a process that only just starts. */
export const start: Goal = async ({ form, rounds }) => {
  const added: number[] = [];
  const bare: number[] = [];
  let last: Start = { time: 0, memory: 0 };
  const pairs = await inPairs(
    rounds,
    async () => {
      last = await startOf('bare', form.flags);
      bare.push(last.time);
      return last;
    },
    async () => {
      const guarded = await startOf('guarded', form.flags);
      if (last.memory > 0) added.push((guarded.memory - last.memory) / 2 ** 20);
      return guarded;
    },
  );
  return [
    atMost(11, 'guarded / bare node:http, from process start to listening', pairs.time, 1.3),
    atMost(11, 'MiB of memory that guarding adds after the first answer', spreadOf(added), 25),
    shown(11, 'milliseconds from process start to listening, bare', spreadOf(bare)),
  ];
};

async function startOf(name: string, flags: readonly string[]): Promise<Start> {
  const child: Child = await startChild(name, {}, flags);
  try {
    const answer = await request(`${child.origin}/`);
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`${name} answered ${answer.statusCode}`);
    const { rss } = await child.usage();
    return { time: child.started, memory: rss };
  } finally {
    await child.stop();
  }
}
