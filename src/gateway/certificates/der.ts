/** As much of DER (X.690) as a certificate needs. */

const TAG = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  time: 0x18,
  sequence: 0x30,
};

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(TAG.sequence, ...parts);
export const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts);
export const octets = (...parts: readonly Uint8Array[]): Buffer => der(TAG.octets, ...parts);
export const utf8 = (text: string): Buffer => der(TAG.utf8, Buffer.from(text));
export const yes = (): Buffer => Buffer.from([0x01, 0x01, 0xff]);

/** A string of whole bytes; `unused` bits at its end do not count. */
export const bits = (bytes: Uint8Array, unused = 0): Buffer => der(TAG.bits, Buffer.from([unused]), bytes);

/** A positive integer of these big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const padded = ((bytes[0] ?? 0) & 0x80) === 0 ? [] : [0];
  return der(TAG.integer, Buffer.from(padded), bytes);
}

/** `1.2.840.10045.4.3.2` */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return der(TAG.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left % 128) | 0x80);
  return digits;
}

/** RFC 5280 §4.1.2.5: two-digit years until 2049. */
export function time(at: Date): Buffer {
  const text = at.toISOString().replace(/[-:T]|\.\d+/g, '');
  return at.getUTCFullYear() < 2050 ? der(TAG.utcTime, Buffer.from(text.slice(2))) : der(TAG.time, Buffer.from(text));
}

/** A tagged field of a SEQUENCE, `[n]`. */
export const explicit = (number: number, ...parts: readonly Uint8Array[]): Buffer => der(0xa0 | number, ...parts);
export const implicit = (number: number, bytes: Uint8Array): Buffer => der(0x80 | number, bytes);
