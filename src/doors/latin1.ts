import { hash } from 'node:crypto';

/**
 * Platform edge: `crypto.hash` gives `latin1` like every other encoding of a string, and buffers read and write it
 * without a name for the encoding; @types/node knows neither. It is the cheapest way for 32 bytes to cross.
 */
interface Latin1Buffer {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, at: number): number;
}

const hashTo = hash as (algorithm: string, data: Uint8Array | string, encoding: string) => string;

/** SHA-256 as a string of 32 characters, one a byte. */
export function sha256Latin1(data: Uint8Array): string {
  return hashTo('sha256', data, 'latin1');
}

/** Writes one byte a character; answers how many. The buffer has room. */
export function writeLatin1(buffer: Buffer, text: string, at: number): number {
  return (buffer as Buffer & Latin1Buffer).latin1Write(text, at);
}

/** Reads one character a byte. */
export function readLatin1(buffer: Buffer, start: number, end: number): string {
  return (buffer as Buffer & Latin1Buffer).latin1Slice(start, end);
}
