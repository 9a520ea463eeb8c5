import { hash } from 'node:crypto';

/**
 * Platform edge: `crypto.hash` gives `latin1` like every other encoding of a string, and buffers read and write it
 * without a name for the encoding; @types/node knows neither. They are the cheapest way for short bytes to cross.
 */
interface NativeBuffer {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, at: number): number;
}

const hashTo = hash as (algorithm: string, data: Uint8Array | string, encoding: string) => string;

/** SHA-256 as a string of 32 characters, one a byte. */
export function readSha256(data: Uint8Array): string {
  return hashTo('sha256', data, 'latin1');
}

/** Writes one byte a character; answers how many. The buffer has room. */
export function writeLatin1(buffer: Buffer, text: string, at: number): number {
  return (buffer as Buffer & NativeBuffer).latin1Write(text, at);
}

/** Reads one character a byte. */
export function readLatin1(buffer: Buffer, start: number, end: number): string {
  return (buffer as Buffer & NativeBuffer).latin1Slice(start, end);
}

/**
 * The same text in memory of its own. What is cut out of a header field keeps the whole field alive: a ticket that is
 * remembered would hold on to whatever else its sender put beside it.
 */
export function ownCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
