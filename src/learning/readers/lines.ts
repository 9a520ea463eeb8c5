import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import type { Tally } from '../observation.ts';

/** Longer lines are passed over. */
export const LONGEST_LINE = 256 * 1024;
const CHUNK = 64 * 1024;

export const TOO_LONG = 'longer than 256 KiB';
export const BROKEN_OFF = 'the compressed file breaks off';

export interface Lines {
  readonly lines: readonly string[];
  /** Number of the first of them, from 1. */
  readonly first: number;
}

/**
 * The lines of a file, gzip'd or not, many at a time, in memory that does not grow with the file. Bytes that are no UTF-8
 * become replacement characters.
 */
export async function* linesOf(
  file: string,
  tally: Tally,
  onBytes: (bytes: number) => void = () => {},
): AsyncIterable<Lines> {
  const split = splitter(tally);
  try {
    for await (const chunk of chunksOf(file, onBytes)) {
      const lines = split.add(chunk);
      if (lines.lines.length > 0) yield lines;
    }
  } catch (error) {
    // A copy that was cut off is read as far as it goes; a file that cannot be read at all is the caller's to hear of.
    if (!isZlib(error)) throw error;
    tally.skip(BROKEN_OFF, split.line);
  }
  const rest = split.end();
  if (rest.lines.length > 0) yield rest;
}

/** The bytes of a file, unpacked where it is gzip'd. A piece is good until the next one is asked for: they share their memory. */
export async function* chunksOf(file: string, onBytes: (bytes: number) => void): AsyncIterable<Buffer> {
  if (!isCompressed(file)) {
    yield* plainChunks(file, onBytes);
    return;
  }
  const stream = createReadStream(file, { highWaterMark: CHUNK });
  stream.on('data', (chunk) => onBytes(chunk.length));
  const gunzip = createGunzip();
  stream.on('error', (error) => gunzip.destroy(error));
  yield* stream.pipe(gunzip);
}

async function* plainChunks(file: string, onBytes: (bytes: number) => void): AsyncIterable<Buffer> {
  const buffer = Buffer.alloc(CHUNK);
  await using handle = await open(file);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK);
    if (bytesRead === 0) return;
    onBytes(bytesRead);
    yield buffer.subarray(0, bytesRead);
  }
}

/** By its first two bytes, whatever it is called. */
function isCompressed(file: string): boolean {
  const handle = openSync(file, 'r');
  try {
    const head = Buffer.alloc(2);
    readSync(handle, head, 0, 2, 0);
    return isGzip(head);
  } finally {
    closeSync(handle);
  }
}

/** RFC 1952 §2.3.1. */
export const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

function splitter(tally: Tally) {
  const decoder = new StringDecoder('utf8');
  let carried = '';
  /** Within a line that is too long: up to its end nothing is kept. */
  let dropping = false;
  let line = 1;

  const take = (text: string): Lines => {
    const parts = (carried + text).split('\n');
    carried = parts.pop() ?? '';
    const first = line;
    line += parts.length;
    if (dropping && parts.length > 0) {
      dropping = false;
      parts[0] = '';
    }
    if (carried.length > LONGEST_LINE || dropping) {
      if (!dropping) tally.skip(TOO_LONG, line);
      dropping = true;
      carried = '';
    }
    for (const [index, part] of parts.entries()) {
      if (part.length <= LONGEST_LINE) continue;
      tally.skip(TOO_LONG, first + index);
      parts[index] = '';
    }
    return { lines: parts, first };
  };

  return {
    get line() {
      return line;
    },
    add: (chunk: Buffer): Lines => take(decoder.write(chunk)),
    end: (): Lines => take(`${decoder.end()}\n`),
  };
}

const isZlib = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^Z_|^ERR_/.test(String(error.code));
