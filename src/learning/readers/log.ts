import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Observation, Source } from '../observation.ts';
import { NOT_A_REQUEST, readCombined } from './combined-log.ts';
import { readJson } from './json-log.ts';
import { linesOf } from './lines.ts';

/** An access log, in combined form, as JSON, or both mixed: line by line, as they come. */
export const accessLog = (file: string): Source => ({
  name: basename(file),
  format: 'access log',
  shows: { fields: false, bodies: false, networks: true },
  judges: { fields: false, bodies: false, networks: true },
  size: statSync(file).size,
  async *read(tally, onBytes) {
    for await (const { lines, first } of linesOf(file, tally, onBytes)) {
      const found: Observation[] = [];
      for (let index = 0; index < lines.length; index++) {
        const line = lines[index] ?? '';
        if (line === '' || line === '\r') continue;
        const one = readLine(line);
        if (one === null) tally.skip(NOT_A_REQUEST, first + index);
        else found.push(one);
      }
      tally.read(found.length);
      yield found;
    }
  },
});

/** One line of a log; null where it tells of no request. */
export const readLine = (line: string): Observation | null =>
  line.charCodeAt(0) === 0x7b ? readJson(line) : readCombined(line);
