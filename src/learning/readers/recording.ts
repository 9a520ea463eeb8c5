import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Observation, Source } from '../observation.ts';
import { objectOf } from './har-entry.ts';
import { utf8 } from './interned.ts';
import { linesOf } from './lines.ts';

/** First line of a recording: what a gate told while somebody watched it. */
export const RECORDING_HEAD = '{"sallyport":"observations","version":1}';
const NOT_AN_OBSERVATION = 'no observation of this version';

/** What was written down while a gate was watched: shapes and marks, no values of bodies. */
export const recording = (file: string): Source => ({
  name: basename(file),
  format: 'recording',
  shows: { fields: true, bodies: true, networks: true, queries: false },
  judges: { fields: false, bodies: false, networks: true, queries: false },
  size: statSync(file).size,
  async *read(tally, onBytes) {
    for await (const { bytes, places, first } of linesOf(file, tally, onBytes)) {
      const found: Observation[] = [];
      for (const [index, { from, to }] of places.entries()) {
        const line = utf8(bytes, from, to);
        if (line === '' || line === RECORDING_HEAD) continue;
        const one = readObservation(line);
        if (one === null) tally.skip(NOT_AN_OBSERVATION, first + index);
        else found.push(one);
      }
      tally.read(found.length);
      yield found;
    }
  },
});

/** What a gate wrote for us; whatever is not of this shape is none. */
function readObservation(line: string): Observation | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  return isObservation(value) ? value : null;
}

const TEXTS = ['session', 'prefix', 'method', 'target', 'agent', 'carrier', 'page', 'type'];

function isObservation(value: unknown): value is Observation {
  const fields = objectOf(value);
  return (
    TEXTS.every((name) => typeof fields[name] === 'string') &&
    typeof fields['time'] === 'number' &&
    typeof fields['status'] === 'number' &&
    Array.isArray(fields['marks']) &&
    (Array.isArray(fields['query']) || fields['query'] === null) &&
    'request' in fields &&
    'answer' in fields &&
    'verified' in fields &&
    'exchange' in fields &&
    // What logs say of themselves while they are read.
    !('line' in fields) &&
    !('targetNumber' in fields)
  );
}
