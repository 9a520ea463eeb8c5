import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import type { Tally } from '../observation.ts';

/** Longer lines are passed over. */
export const LONGEST_LINE = 256 * 1024;
const CHUNK = 256 * 1024;

export const TOO_LONG = 'longer than 256 KiB';
export const BROKEN_OFF = 'the compressed file breaks off';

/** Some lines, one after another, as bytes that are good until the next ones are asked for. */
export interface Lines {
  readonly bytes: Uint8Array;
  /** Where each begins, and where it ends: before its line feed. */
  readonly places: readonly { readonly from: number; readonly to: number }[];
  /** Number of the first of them, from 1. */
  readonly first: number;
}

/** The lines of a file, gzip'd or not, many at a time, in memory that does not grow with the file. */
export async function* linesOf(
  file: string,
  tally: Tally,
  onBytes: (bytes: number) => void = () => {},
): AsyncIterable<Lines> {
  const split = createSplitter(tally);
  try {
    for await (const chunk of chunksOf(file, onBytes)) {
      for (let at = 0; at < chunk.length; at += CHUNK) {
        yield split.add(chunk.subarray(at, at + CHUNK));
        split.goOn();
      }
    }
  } catch (error) {
    // A copy that was cut off is read as far as it goes; a file that cannot be read at all is the caller's to hear of.
    if (!isZlib(error)) throw error;
    tally.skip(BROKEN_OFF, split.line);
  }
  yield split.end();
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

interface Splitter {
  /** Number of the line that is read. */
  readonly line: number;
  /** The lines that end in the next bytes, of which there are at most {@link CHUNK}. */
  add(chunk: Uint8Array): Lines;
  /** Their bytes are not needed any more. */
  goOn(): void;
  /** The last line, where no line feed ends it. */
  end(): Lines;
}

function createSplitter(tally: Tally): Splitter {
  const bytes = Buffer.alloc(LONGEST_LINE + CHUNK);
  /** Bytes of a line that has begun, and where the rest of one comes to lie. */
  let [rest, size] = [0, 0];
  /** Within a line that is too long: up to its end nothing is kept. */
  let isDropping = false;
  let line = 1;

  const take = (): Lines => {
    const places: { from: number; to: number }[] = [];
    const first = line;
    let from = 0;
    for (let to = bytes.indexOf(FEED, 0); to >= 0 && to < size; to = bytes.indexOf(FEED, from)) {
      const isLong = to - from > LONGEST_LINE;
      if (isLong && !isDropping) tally.skip(TOO_LONG, line);
      places.push(isLong || isDropping ? { from: to, to } : { from, to });
      isDropping = false;
      line += 1;
      from = to + 1;
    }
    rest = from;
    if (size - rest > LONGEST_LINE || isDropping) {
      if (!isDropping) tally.skip(TOO_LONG, line);
      isDropping = true;
      rest = size;
    }
    return { bytes, places, first };
  };
  const goOn = (): void => {
    bytes.copyWithin(0, rest, size);
    [rest, size] = [0, size - rest];
  };
  const add = (chunk: Uint8Array): Lines => {
    bytes.set(chunk, size);
    size += chunk.length;
    return take();
  };

  return {
    get line() {
      return line;
    },
    add,
    goOn,
    end() {
      goOn();
      return size === 0 ? { bytes, places: [], first: line } : add(Buffer.of(FEED));
    },
  };
}

const FEED = 0x0a;

const isZlib = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^Z_|^ERR_/.test(String(error.code));
