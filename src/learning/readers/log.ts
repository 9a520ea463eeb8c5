import { statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { basename } from 'node:path';
import { createTally, type Observation, type Source, type Tally, type Unreadable } from '../observation.ts';
import { NOT_A_REQUEST, readCombined } from './combined-log.ts';
import type { KeptLines } from './kept.ts';
import { readJson } from './json-log.ts';
import { utf8 } from './interned.ts';
import { type Lines, linesOf } from './lines.ts';
import { createPlainReader, type PlainReader } from './plain-log.ts';

/**
 * An access log, in combined form, as JSON, or both mixed: line by line, as they come.
 *
 * @param kept where lines are kept for the next reading; null where there is none
 */
export function accessLog(file: string, kept: KeptLines | null): Source {
  let whole: Whole | null = null;
  return {
    name: basename(file),
    format: 'access log',
    shows: { fields: false, bodies: false, networks: true, queries: true },
    judges: { fields: false, bodies: false, networks: true, queries: true },
    size: statSync(file).size,
    async *read(tally, onBytes = () => {}) {
      // A log that grows meanwhile is read on.
      if (kept !== null && whole !== null && statSync(file).size === whole.bytes) {
        yield* keptOf(kept, whole, tally, onBytes);
        return;
      }
      const bytes = statSync(file).size;
      const own = createTally();
      const plainly = createPlainReader();
      let last = 0;
      for await (const lines of linesOf(file, own, onBytes)) {
        const found = requestsIn(lines, plainly, kept, own);
        last = lines.first - 1 + lines.places.length;
        tally.read(found.length);
        yield found;
      }
      pass(own.unreadable(), tally);
      if (kept?.size === last) whole = { bytes, unreadable: own.unreadable() };
    },
  };
}

/** What is known of a log of which every line is kept. */
interface Whole {
  readonly bytes: number;
  readonly unreadable: readonly Unreadable[];
}

function requestsIn(
  { bytes, places, first }: Lines,
  plainly: PlainReader,
  kept: KeptLines | null,
  tally: Tally,
): Observation[] {
  const found: Observation[] = [];
  for (let index = 0; index < places.length; index++) {
    const { from, to } = places[index] ?? NOWHERE;
    const one = readKept(kept, first - 1 + index, () => plainly(bytes, from, to) ?? readLine(utf8(bytes, from, to)));
    if (to === from || (to === from + 1 && bytes[from] === RETURN)) continue;
    if (one === null) tally.skip(NOT_A_REQUEST, first + index);
    else found.push(one);
  }
  return found;
}

/** Lines at a time. */
const BATCH = 1024;

/** The same without the file, of which nothing is needed any more. */
async function* keptOf(
  kept: KeptLines,
  { bytes, unreadable }: Whole,
  tally: Tally,
  onBytes: (bytes: number) => void,
): AsyncIterable<Observation[]> {
  let told = 0;
  for (let from = 0; from < kept.size; from += BATCH) {
    const to = Math.min(kept.size, from + BATCH);
    const found: Observation[] = [];
    for (let line = from; line < to; line++) {
      const one = kept.at(line);
      if (one !== null) found.push(one);
    }
    tally.read(found.length);
    const share = Math.round((bytes * to) / kept.size);
    onBytes(share - told);
    told = share;
    yield found;
    // As a file would: what the collector has left to do is done in between.
    await nextTurn();
  }
  pass(unreadable, tally);
}

function pass(unreadable: readonly Unreadable[], tally: Tally): void {
  for (const { reason, count, first } of unreadable) for (let at = 0; at < count; at++) tally.skip(reason, first);
}

const NOWHERE = { from: 0, to: 0 };
const RETURN = 0x0d;

function readKept(kept: KeptLines | null, line: number, read: () => Observation | null): Observation | null {
  if (kept !== null && line < kept.size) return kept.at(line);
  const one = read();
  return kept === null ? one : kept.add(line, one);
}

/** One line of a log; null where it tells of no request. */
export const readLine = (line: string): Observation | null =>
  line.charCodeAt(0) === 0x7b ? readJson(line) : readCombined(line);
