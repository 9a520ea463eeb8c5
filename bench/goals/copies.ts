import { measureCopies } from 'sallyport/lab';
import type { Goal } from '../lib/goal.ts';
import { once, type Result, shown } from '../lib/report.ts';

/** Goal 18: what builds of the page's script are worth against programs that copy the frontend. Nothing here is to be met. */
export const copies: Goal = async () => {
  const { readMs, makeMs, copies: rows, decoys } = await measureCopies();
  const line = (name: string, value: number): Result => shown(18, name, once(value));
  return [
    line('ms for a program to take a build’s names out of the script, by running it', readMs),
    line('ms for the gate to make a build', makeMs),
    ...rows.map(({ name, hours }) => line(`hours that a copy goes on, of 24 watched: ${name}`, hours)),
    line('signed calls of a decoy until the first is noted', decoys.noted),
    line('signed calls of a decoy until its session is banned', decoys.banned),
  ];
};
