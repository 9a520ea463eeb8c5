import { concat, utf8 } from '../lib/bytes.ts';
import { SEALED_FIELDS, SEALED_HEAD_BYTES, SEALED_HEAD_STEP } from './sealed.ts';

/** What a sealed call holds. */
export interface SealedCall {
  readonly method: string;
  /** Path and query, as they would stand in the request line. */
  readonly target: string;
  /** Of {@link SEALED_FIELDS}: name, value, name, value … */
  readonly fields: readonly string[];
  readonly body: Uint8Array;
}

/** Four bytes with the length of the head, the head, the body. */
export function formatSealedCall({ method, target, fields, body }: SealedCall): Uint8Array<ArrayBuffer> {
  const json = utf8(JSON.stringify([method, target, ...fields]));
  const head = new Uint8Array(Math.ceil(json.length / SEALED_HEAD_STEP) * SEALED_HEAD_STEP).fill(0x20);
  head.set(json);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length);
  return concat(length, head, body);
}

const METHOD = /^[A-Za-z][A-Za-z-]{0,19}$/;
const TARGET = /^\/[\x21-\x7e]*$/;
/** As node's parser takes values, without space around them. */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/** Null for whatever {@link formatSealedCall} would not write. */
export function parseSealedCall(bytes: Uint8Array): SealedCall | null {
  if (bytes.length < 4) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (length > SEALED_HEAD_BYTES || length + 4 > bytes.length) return null;
  const list = readList(bytes.subarray(4, 4 + length));
  if (list === null) return null;
  const [method = '', target = '', ...fields] = list;
  if (!METHOD.test(method) || !TARGET.test(target) || !areFields(fields)) return null;
  return { method, target, fields, body: bytes.subarray(4 + length) };
}

/** Each at most once, in the order in which they are listed. */
function areFields(fields: readonly string[]): boolean {
  let before = -1;
  for (let at = 0; at < fields.length; at += 2) {
    const index = SEALED_FIELDS.indexOf(fields[at] ?? '');
    if (index <= before || !VALUE.test(fields[at + 1] ?? '\n')) return false;
    before = index;
  }
  return true;
}

function readList(bytes: Uint8Array): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
  } catch {
    return null;
  }
}
