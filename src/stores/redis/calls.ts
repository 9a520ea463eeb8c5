import { toFailure } from './connection.ts';
import type { ScriptRunner } from './wide/wide.ts';
import { STATE_SCRIPT } from './script/index.ts';

/** One thing to do in one partition, as the script reads it. */
export interface Item {
  /** What: a name of the script's table of kinds. */
  readonly k: string;
  /** Partition. */
  readonly z: number;
  /** A time in place of the server's; tests alone have one. */
  readonly t?: number;
  readonly [field: string]: unknown;
}

/** What the script answers to an item: a code, a text, or a code and more. */
export type Result = number | string | readonly [number, ...unknown[]];

export interface CallsOptions {
  readonly prefix: string;
  /** Bounds of the tables, as the script reads them. */
  readonly bounds: object;
  /** Hears of every answer: which partitions it was about, and of whose tenure. */
  readonly onAnswer: (partitions: readonly number[], stamp: string) => void;
  /** Hears once of each outage, and once ('') of its end. */
  readonly onTrouble: (trouble: string) => void;
}

/** An item as JSON, and the partition that it is about. */
export interface Written {
  readonly z: number;
  readonly text: string;
}

export interface Calls {
  /** Rejects where the server cannot be reached in time, or could not do it. */
  call(item: Item): Promise<Result>;
  /** The same of an item that is written already; answers what `read` makes of its result. */
  ask<T>(item: Written, read: (result: Result) => T): Promise<T>;
}

/** Requests that share a call: more would hold up those that come first. */
const MOST = 64;

interface Waiting extends Written {
  /** May throw. */
  readonly answer: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** What one loop turn asks of one partition of a Cluster, or of a single server, shares one call. */
export function createCalls(runner: ScriptRunner, options: CallsOptions): Calls {
  const { prefix, onAnswer } = options;
  const bounds = JSON.stringify(options.bounds);
  const lanes = new Map<number, Waiting[]>();
  let planned = false;
  let troubled = false;

  const tell = (trouble: string): void => {
    if (troubled === (trouble !== '')) return;
    troubled = trouble !== '';
    options.onTrouble(trouble);
  };

  const send = async (waiting: readonly Waiting[]): Promise<void> => {
    const place = `${prefix}{${waiting[0]?.z ?? 0}}`;
    const items = `[${waiting.map(({ text }) => text).join(',')}]`;
    try {
      const reply = await runner.run(STATE_SCRIPT, [place], [prefix, items, bounds]);
      tell('');
      const { stamp, results } = readReply(reply);
      onAnswer(
        waiting.map(({ z }) => z),
        stamp,
      );
      for (let at = 0; at < waiting.length; at++) answer(waiting[at] as Waiting, results[at]);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error('unknown');
      tell(failure.message);
      for (const { reject } of waiting) reject(failure);
    }
  };

  const flush = (): void => {
    planned = false;
    for (const [lane, waiting] of lanes) {
      lanes.delete(lane);
      void send(waiting);
    }
  };

  const plan = (one: Waiting): void => {
    const lane = runner.cluster ? one.z : 0;
    const waiting = lanes.get(lane);
    if (waiting === undefined) lanes.set(lane, [one]);
    else if (waiting.push(one) >= MOST) {
      lanes.delete(lane);
      void send(waiting);
      return;
    }
    if (planned) return;
    planned = true;
    setImmediate(flush);
  };

  return {
    call: (item) =>
      new Promise((resolve, reject) => plan({ z: item.z, text: JSON.stringify(item), answer: resolve, reject })),
    ask: ({ z, text }, read) =>
      new Promise((resolve, reject) => plan({ z, text, answer: (result) => resolve(read(result)), reject })),
  };
}

function readReply(reply: unknown): { readonly stamp: string; readonly results: readonly Result[] } {
  // Our own script wrote it.
  const [stamp, results] = JSON.parse(String(reply)) as [string, Result[]];
  return { stamp, results };
}

function answer({ answer: take, reject }: Waiting, result: Result | undefined): void {
  try {
    if (result === undefined) throw new Error('state: no answer');
    if (Array.isArray(result) && result[0] === -1) throw toFailure(String(result[1]));
    take(result);
  } catch (error) {
    reject(error instanceof Error ? error : new Error('unknown'));
  }
}
