import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ObservedPage, timeOf } from '../gateway/observing.ts';
import type { ObservingBegun } from '../gateway/observing-admin.ts';
import { createInOrder } from '../learning/in-order.ts';
import { RECORDING_HEAD, recording } from '../learning/readers/recording.ts';
import type { Source } from '../learning/observation.ts';
import { SallyportError } from '../guard/errors.ts';
import { counted } from '../learning/evidence.ts';
import type { GateFlags, Io } from './command.ts';
import { ask, GateRefusal, theGate } from './gates.ts';

export interface Watched {
  readonly source: Source;
  /** Calls that passed and were not written down, because they came faster than they could be fetched. */
  readonly lost: number;
  /** Workers that ended meanwhile, with what they had heard and not told. */
  readonly ended: number;
  /** Takes what was written down off the disk. */
  remove(): void;
}

export interface WatchFlags extends GateFlags {
  /** Seconds. */
  for?: number;
}

/** How often the gate is asked: milliseconds. */
const EVERY = 500;
/** Bytes that are written down at most. */
const MOST = 2 * 1024 ** 3;

/**
 * Watches a running gate until the time is up or somebody presses Ctrl-C. What passes is written down in a folder of its own,
 * which only this user can read and which is gone in the end: paths, times, shapes and marks of bodies, no values.
 *
 * @throws SallyportError where no gate runs, or somebody watches it already
 */
export async function watchGate(flags: WatchFlags, io: Io): Promise<Watched> {
  const gate = await theGate(flags);
  const { token } = await begin(() => ask<ObservingBegun>(gate, 'POST', '/observe'));
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-learn-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const file = join(folder, 'recording.ndjson');
  writeFileSync(file, `${RECORDING_HEAD}\n`, { mode: 0o600 });
  const stop = untilStopped(flags.for);
  if (!io.json)
    io.terminal.err(`Watching the gate on port ${gate.port}; Ctrl-C ends that, and then it is learned from.`);
  const inOrder = createInOrder(timeOf);
  let [last, lost, ended, calls, bytes] = [0, 0, 0, 0, 0];
  const keep = (lines: readonly string[]): void => {
    const text = lines.map((line) => `${line}\n`).join('');
    appendFileSync(file, text);
    bytes += text.length;
  };
  try {
    // Once it is told to end, what came until then is fetched still.
    for (let [end, isAll] = [Number.POSITIVE_INFINITY, true]; bytes < MOST; ) {
      if (end > Date.now() && (await stop.within(isAll ? EVERY : 0))) end = Date.now();
      const page = await ask<ObservedPage>(gate, 'GET', `/observed/${token}?after=${last}`);
      keep(inOrder.add(page.lines, page.until));
      [last, lost, ended] = [page.last, page.lost, page.ended];
      calls += page.lines.length;
      if (process.stderr.isTTY && !io.json) process.stderr.write(`\r\x1b[K${counted(calls)} calls`);
      isAll = page.lines.length === 0;
      if (isAll ? end <= Date.now() : page.until >= end) break;
    }
    keep(inOrder.end());
    await ask(gate, 'POST', '/observe/end', { token });
  } catch (error) {
    remove();
    throw error;
  } finally {
    stop.end();
    if (process.stderr.isTTY && !io.json) process.stderr.write('\r\x1b[K');
  }
  return { source: { ...recording(file), name: `the gate on port ${gate.port}` }, lost, ended, remove };
}

/** A gate that cannot be watched is no defect: it says why. */
async function begin<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof GateRefusal)) throw error;
    throw new SallyportError('admin', error.message, { cause: error });
  }
}

/** Ctrl-C, or the end of the time. */
function untilStopped(seconds: number | undefined) {
  const stopped = Promise.withResolvers<true>();
  const stop = (): void => stopped.resolve(true);
  const timer = seconds === undefined ? null : setTimeout(stop, seconds * 1000);
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    /** Whether that comes within so many milliseconds. */
    async within(milliseconds: number): Promise<boolean> {
      const pause = Promise.withResolvers<false>();
      const waiting = setTimeout(() => pause.resolve(false), milliseconds);
      const isStopped = await Promise.race([stopped.promise, pause.promise]);
      clearTimeout(waiting);
      return isStopped;
    },
    end() {
      if (timer !== null) clearTimeout(timer);
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
