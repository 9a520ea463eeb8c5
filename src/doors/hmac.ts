import { hash } from 'node:crypto';
import { readSha256, writeLatin1 } from './platform.ts';

/**
 * HMAC-SHA-256 (RFC 2104) as two one-shot hashes over prepared pads: half the price of createHmac, and no native object
 * per key. What goes in and out of the hash travels as latin1, the cheapest string there is.
 */

const BLOCK = 64;
/** Bytes that one key's inner and outer pad take. */
export const PADS = 2 * BLOCK;

/** Makes room for the pads of keys of up to 64 bytes: `count` times, one behind the other every `stride` bytes. */
export function createPads(count = 1, stride = PADS): Buffer<ArrayBuffer> {
  const out = Buffer.alloc(count * stride);
  for (let at = 0; at < out.length; at += stride) out.fill(0x36, at, at + BLOCK).fill(0x5c, at + BLOCK, at + PADS);
  return out;
}

/**
 * Writes the pads of a key, given as latin1, into room that {@link createPads} made and no longer key has used.
 * Throws RangeError for keys above 64 bytes: they would need a hash first.
 */
export function writePads(out: Buffer, at: number, key: string): void {
  if (key.length > BLOCK) throw new RangeError('an HMAC key here has at most 64 bytes');
  for (let index = 0; index < key.length; index++) {
    const byte = key.charCodeAt(index);
    out[at + index] = byte ^ 0x36;
    out[at + BLOCK + index] = byte ^ 0x5c;
  }
}

// All are used within one synchronous call only.
const INNER = 2048;
const inner = Buffer.alloc(INNER);
const outer = Buffer.alloc(BLOCK + 32);
/** Views of the first bytes of `inner`, by length: texts of one page have few lengths, and a view costs a hash's third. */
const views: (Buffer | undefined)[] = new Array(INNER + 1).fill(undefined);

/** HMAC of a text (one byte a character, as header values arrive) under the key whose pads lie there. */
export function macBase64(pads: Buffer, at: number, text: string): string {
  prepare(pads, at, text);
  return hash('sha256', outer, 'base64');
}

/** The same as 32 characters of latin1. */
export function macLatin1(pads: Buffer, at: number, text: string): string {
  prepare(pads, at, text);
  return readSha256(outer);
}

function prepare(pads: Buffer, at: number, text: string): void {
  const length = BLOCK + text.length;
  const room = length <= INNER ? inner : Buffer.alloc(length);
  for (let index = 0; index < BLOCK; index++) {
    room[index] = pads[at + index] as number;
    outer[index] = pads[at + BLOCK + index] as number;
  }
  writeLatin1(room, text, BLOCK);
  writeLatin1(outer, readSha256(length <= INNER ? viewOf(length) : room), BLOCK);
}

function viewOf(length: number): Buffer {
  const known = views[length];
  if (known !== undefined) return known;
  const view = inner.subarray(0, length);
  views[length] = view;
  return view;
}
