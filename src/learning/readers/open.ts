import { closeSync, openSync, readSync } from 'node:fs';
import { gunzipSync, constants } from 'node:zlib';
import { basename } from 'node:path';
import { SallyportError } from '../../guard/errors.ts';
import type { Marks } from '../marks.ts';
import type { Format, Source } from '../observation.ts';
import { harFile } from './har.ts';
import type { KeptLines } from './kept.ts';
import { isGzip } from './lines.ts';
import { accessLog, readLine } from './log.ts';
import { playwrightTrace } from './playwright-trace.ts';
import { RECORDING_HEAD, recording } from './recording.ts';

/** What a file is, by what stands at its beginning. */
export type FileFormat = Format | 'OpenAPI';

const HEAD = 64 * 1024;
const WANTED =
  'an access log (combined, or a JSON object in each line), a HAR file, an OpenAPI document, or a trace that Playwright wrote';

/**
 * @throws SallyportError where it cannot be read, or is nothing that is known
 */
export function formatOf(file: string): FileFormat {
  const bytes = headOf(file);
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0x504b0304) return 'Playwright trace';
  const text = (isGzip(bytes) ? unpacked(bytes) : bytes).toString().replace(/^\ufeff/, '');
  if (text.startsWith(RECORDING_HEAD)) return 'recording';
  if (/^\s*(?:\{\s*)?(?:"openapi"\s*:|openapi\s*:)/.test(text) || /^["']?openapi["']?\s*:/m.test(text))
    return 'OpenAPI';
  if (/^\s*\{\s*"log"\s*:\s*\{/.test(text)) return 'HAR';
  if (
    text
      .split('\n')
      .slice(0, 200)
      .some((line) => readLine(line.trimEnd()) !== null)
  )
    return 'access log';
  throw new SallyportError('usage', `${basename(file)} is nothing that can be read; give ${WANTED}`);
}

/**
 * Opens traffic by what it is. Not for OpenAPI documents, which hold none.
 *
 * @param keep room for the lines of logs that are read more than once. Default: none is kept
 */
export function openSource(file: string, format: Format, marks: Marks, keep?: () => KeptLines): Source {
  switch (format) {
    case 'HAR':
      return harFile(file, marks);
    case 'Playwright trace':
      return playwrightTrace(file, marks);
    case 'recording':
      return recording(file);
    case 'access log':
      return accessLog(file, keep?.() ?? null);
  }
}

function headOf(file: string): Buffer {
  const head = Buffer.alloc(HEAD);
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new SallyportError('usage', `${file} cannot be read (${why})`);
  }
  try {
    return head.subarray(0, readSync(handle, head, 0, HEAD, 0));
  } catch {
    throw new SallyportError('usage', `${file} cannot be read; give a file`);
  } finally {
    closeSync(handle);
  }
}

/** As much as the beginning of a compressed file holds. */
function unpacked(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 4 * 1024 * 1024 });
  } catch {
    return Buffer.alloc(0);
  }
}
