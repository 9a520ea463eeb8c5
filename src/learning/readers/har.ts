import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { JSONParser } from '@streamparser/json';
import type { Marks } from '../marks.ts';
import type { Observation, Source, Tally } from '../observation.ts';
import { NOT_AN_ENTRY, type ReadEntry, readEntry } from './har-entry.ts';
import { chunksOf } from './lines.ts';

export const OTHER_HOST = 'sent to another host';
export const CUT_OFF = 'the file breaks off, or is no JSON from there on';

/**
 * A HAR file: one browser session, entry by entry, so that files larger than memory can be read. Requests to hosts other than
 * the first entry's are left out.
 */
export const harFile = (file: string, marks: Marks): Source => ({
  name: basename(file),
  format: 'HAR',
  shows: { fields: true, bodies: true, networks: false, queries: true },
  judges: { fields: true, bodies: true, networks: false, queries: true },
  size: statSync(file).size,
  async *read(tally, onBytes = () => {}) {
    const host = oneHost(tally);
    let found: Observation[] = [];
    let number = 0;
    const parser = new JSONParser({ paths: ['$.log.entries.*'], keepStack: false });
    parser.onValue = ({ value }) => {
      number += 1;
      const observation = host(readEntry(value, resolve(file), marks), number);
      if (observation !== null) found.push(observation);
    };
    // Without a listener it would throw in the middle of a chunk, and what came before would be lost.
    parser.onError = () => {};
    for await (const chunk of chunksOf(file, onBytes)) {
      if (parser.isEnded) break;
      parser.write(chunk);
      tally.read(found.length);
      yield found;
      found = [];
    }
    if (!parser.isEnded || number === 0) tally.skip(CUT_OFF, number + 1);
  },
});

/** Leaves out what was sent elsewhere: the first host is the app's. */
export function oneHost(tally: Tally): (entry: ReadEntry | null, number: number) => Observation | null {
  let host = '';
  return (entry, number) => {
    if (entry === null) {
      tally.skip(NOT_AN_ENTRY, number);
      return null;
    }
    if (host === '') host = entry.host;
    if (entry.host === host) return entry.observation;
    tally.skip(OTHER_HOST, number);
    return null;
  };
}
