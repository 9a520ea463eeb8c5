import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Observation, Source } from '../observation.ts';
import { NOT_A_REQUEST, readCombined } from './combined-log.ts';
import type { KeptLines } from './kept.ts';
import { readJson } from './json-log.ts';
import { utf8 } from './interned.ts';
import { linesOf } from './lines.ts';
import { readPlainly } from './plain-log.ts';

/**
 * An access log, in combined form, as JSON, or both mixed: line by line, as they come.
 *
 * @param kept where lines are kept for the next reading; null where there is none
 */
export const accessLog = (file: string, kept: KeptLines | null): Source => ({
  name: basename(file),
  format: 'access log',
  shows: { fields: false, bodies: false, networks: true, queries: true },
  judges: { fields: false, bodies: false, networks: true, queries: true },
  size: statSync(file).size,
  async *read(tally, onBytes) {
    for await (const { bytes, places, first } of linesOf(file, tally, onBytes)) {
      const found: Observation[] = [];
      for (let index = 0; index < places.length; index++) {
        const { from, to } = places[index] ?? NOWHERE;
        const one = readKept(kept, first - 1 + index, bytes, from, to);
        if (to === from || (to === from + 1 && bytes[from] === RETURN)) continue;
        if (one === null) tally.skip(NOT_A_REQUEST, first + index);
        else found.push(one);
      }
      tally.read(found.length);
      yield found;
    }
  },
});

const NOWHERE = { from: 0, to: 0 };
const RETURN = 0x0d;

function readKept(
  kept: KeptLines | null,
  line: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): Observation | null {
  if (kept !== null && line < kept.size) return kept.at(line);
  const one = readPlainly(bytes, from, to) ?? readLine(utf8(bytes, from, to));
  kept?.add(line, one);
  return one;
}

/** One line of a log; null where it tells of no request. */
export const readLine = (line: string): Observation | null =>
  line.charCodeAt(0) === 0x7b ? readJson(line) : readCombined(line);
