import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import type { Marks } from '../marks.ts';
import type { Observation, Source, Tally } from '../observation.ts';
import { LONGEST_BODY } from '../shape.ts';
import { oneHost } from './har.ts';
import { type Bodies, objectOf, readEntry } from './har-entry.ts';
import { LONGEST_LINE, TOO_LONG } from './lines.ts';

export const BROKEN_ARCHIVE = 'the archive breaks off or is damaged';
const NOT_JSON = 'no JSON';
/** Bodies kept at one time: characters. Beyond, bodies are taken as not shown. */
const MOST_TEXT = 32 * 1024 * 1024;
/** Members of an archive that are looked at. */
const MOST_MEMBERS = 50_000;

/**
 * A trace that Playwright has written (`trace.zip`): one browser session. Its `….network` members have a HAR entry in each
 * line, and name the bodies, which lie beside them under `resources/`.
 */
export const playwrightTrace = (file: string, marks: Marks): Source => ({
  name: basename(file),
  format: 'Playwright trace',
  shows: { fields: true, bodies: true, networks: false, queries: true },
  judges: { fields: true, bodies: true, networks: false, queries: true },
  size: statSync(file).size,
  async *read(tally, onBytes = () => {}) {
    let zip: ZipFile;
    try {
      zip = await openPromise(file, { lazyEntries: true, autoClose: false });
    } catch {
      tally.skip(BROKEN_ARCHIVE, 1);
      return;
    }
    try {
      const members = await membersOf(zip, tally);
      const bodies = await bodiesOf(zip, members, tally);
      const host = oneHost(tally);
      let number = 0;
      for (const member of members.filter(({ fileName }) => fileName.endsWith('.network'))) {
        const found: Observation[] = [];
        for await (const line of memberLines(zip, member)) {
          number += 1;
          const entry = snapshotIn(line, tally, number);
          if (entry === undefined) continue;
          const observation = host(readEntry(entry, resolve(file), marks, bodies), number);
          if (observation !== null) found.push(observation);
        }
        tally.read(found.length);
        yield found;
      }
    } catch {
      tally.skip(BROKEN_ARCHIVE, 1);
    } finally {
      zip.close();
      onBytes(statSync(file).size);
    }
  },
});

async function membersOf(zip: ZipFile, tally: Tally): Promise<Entry[]> {
  const members: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    members.push(entry);
    if (members.length < MOST_MEMBERS) continue;
    tally.skip(`more than ${MOST_MEMBERS} members`, members.length);
    break;
  }
  return members;
}

const JSON_MEMBER = /^resources\/([\w.-]{1,80})$/;

/** Texts of the members that can be JSON, by name. */
async function bodiesOf(zip: ZipFile, members: readonly Entry[], tally: Tally): Promise<Bodies> {
  const texts = new Map<string, string>();
  let left = MOST_TEXT;
  for (const [index, member] of members.entries()) {
    const [, name] = JSON_MEMBER.exec(member.fileName) ?? [];
    if (name === undefined || !/\.(?:json|dat|txt|bin)$/.test(name) || member.uncompressedSize > LONGEST_BODY) continue;
    left -= member.uncompressedSize;
    if (left < 0) {
      tally.skip('bodies beyond 32 MiB', index + 1);
      break;
    }
    texts.set(name, await textOf(zip, member));
  }
  return (name) => texts.get(name) ?? null;
}

async function textOf(zip: ZipFile, member: Entry): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of await zip.openReadStreamPromise(member)) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function* memberLines(zip: ZipFile, member: Entry): AsyncIterable<string> {
  yield* createInterface({ input: await zip.openReadStreamPromise(member) });
}

/** The HAR entry in one line; undefined where it is about something else. */
function snapshotIn(line: string, tally: Tally, number: number): unknown {
  if (line.length > LONGEST_LINE * 4) {
    tally.skip(TOO_LONG, number);
    return undefined;
  }
  try {
    const { type, snapshot } = objectOf(JSON.parse(line));
    return type === 'resource-snapshot' ? snapshot : undefined;
  } catch {
    tally.skip(NOT_JSON, number);
    return undefined;
  }
}
