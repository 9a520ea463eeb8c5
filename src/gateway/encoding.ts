import { type Duplex, Transform } from 'node:stream';
import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
  createInflateRaw,
  createZstdCompress,
  createZstdDecompress,
} from 'node:zlib';
import { chain } from './chain.ts';

/** Content codings that pages can be read and written in (RFC 9110 §8.4.1; zstd: RFC 8878). */
export const CODINGS: readonly string[] = ['gzip', 'deflate', 'br', 'zstd'];

export type Coding = 'identity' | 'gzip' | 'deflate' | 'br' | 'zstd';

/** The coding that Content-Encoding names, or null where it names one we do not know, or several. */
export function parseCoding(contentEncoding: string): Coding | null {
  switch (contentEncoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return 'identity';
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'deflate':
      return 'deflate';
    case 'br':
      return 'br';
    case 'zstd':
      return 'zstd';
    default:
      return null;
  }
}

/**
 * Accept-Encoding with everything dropped that we could not read. `*` goes as well: it stands for anything.
 * What is left may be `identity`.
 */
export function readableCodings(acceptEncoding: string): string {
  const known = acceptEncoding
    .split(',')
    .map((member) => member.trim())
    .filter((member) => {
      const coding = (member.split(';')[0] ?? '').trim().toLowerCase();
      return coding === 'identity' || CODINGS.includes(coding) || coding === 'x-gzip';
    });
  return known.length > 0 ? known.join(', ') : 'identity';
}

/**
 * Wraps a transform of plain bytes so that it takes and gives coded ones, in the same coding. Every piece that comes
 * in is flushed through at once, so that a streamed page stays streamed. Memory is bounded by back-pressure, whatever
 * the ratio of the coded bytes to the plain ones.
 */
export function throughCoding(coding: Coding, plain: Transform): Duplex {
  switch (coding) {
    case 'identity':
      return plain;
    case 'gzip':
      return chain([createGunzip(LENIENT), plain, createGzip({ flush: constants.Z_SYNC_FLUSH })]);
    case 'deflate':
      return chain([createEitherInflate(), plain, createDeflate({ flush: constants.Z_SYNC_FLUSH })]);
    case 'br':
      return chain([createBrotliDecompress(), plain, createBrotliCompress(BROTLI)]);
    case 'zstd':
      return chain([createZstdDecompress(), plain, createZstdCompress({ flush: constants.ZSTD_e_flush })]);
  }
}

/** A coded page cut short still shows what there was, as browsers do. */
const LENIENT = { finishFlush: constants.Z_SYNC_FLUSH };

/** The default quality, 11, is for files that are written once: a hundred times slower than 4. */
const BROTLI = {
  flush: constants.BROTLI_OPERATION_FLUSH,
  params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT },
};

/**
 * `deflate` means the zlib format; some servers send the bare one, and browsers take both (RFC 9110 §8.4.1.2, note).
 * The first byte tells: zlib's says method 8 and a window of at most 32 KiB (RFC 1950 §2.2).
 */
function createEitherInflate(): Transform {
  let inner: Transform | null = null;
  const open = (first: number, outer: Transform): Transform => {
    const opened = (first & 0x0f) === 8 && first >> 4 <= 7 ? createInflate(LENIENT) : createInflateRaw(LENIENT);
    opened.on('data', (data: Buffer) => {
      if (!outer.push(data)) opened.pause();
    });
    opened.on('error', (error) => outer.destroy(error));
    return opened;
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (chunk.length === 0) return done();
      inner ??= open(chunk[0] ?? 0, this);
      inner.write(chunk, done);
    },
    read() {
      inner?.resume();
      Transform.prototype._read.call(this, 0);
    },
    flush(done) {
      if (inner === null) return done();
      inner.once('end', () => done());
      inner.end();
    },
    destroy(error, done) {
      inner?.destroy();
      done(error);
    },
  });
}
