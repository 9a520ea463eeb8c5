import type { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Tag } from '../../src/wire/constants.ts';

/** Shape of test/vectors/sallyport-1.json, for the tests that run it on the server and in browsers. */
export interface Vectors {
  readonly now: number;
  readonly keySchedule: readonly KeyScheduleVector[];
  readonly proofs: readonly ProofVector[];
  readonly requests: readonly RequestVector[];
  readonly fields: readonly FieldVector[];
  readonly digests: readonly { readonly name: string; readonly body: string; readonly contentDigest: string }[];
  /** Bodies of `length` bytes that count 0 … 250 over and over. */
  readonly slices: readonly { readonly length: number; readonly sallyportDigest: string }[];
  readonly digestFields: readonly { readonly name: string; readonly field: string; readonly taken: boolean }[];
  /** A sealed call and its answer, under the keys of the first schedule. Bytes in hex. */
  readonly sealed: {
    readonly shown: string;
    readonly call: {
      readonly method: string;
      readonly target: string;
      readonly fields: readonly string[];
      readonly body: string;
    };
    readonly plain: string;
    readonly sealed: string;
    readonly answer: { readonly status: number; readonly fields: readonly string[]; readonly body: readonly string[] };
    readonly random: string;
    readonly answerKey: string;
    readonly records: readonly string[];
  };
}

export interface KeyScheduleVector {
  readonly name: string;
  readonly origin: string;
  readonly authority: string;
  readonly client: string;
  readonly expires: number;
  readonly pageKey: webcrypto.JsonWebKey;
  readonly serverKey: { readonly d: string };
  readonly pagePublic: string;
  readonly serverPublic: string;
  readonly ticketId: string;
  readonly random: string;
  readonly transcript: string;
  readonly salt: string;
  readonly sharedSecret: string;
  readonly entrySecret: string;
  readonly keys: Readonly<Record<'proof' | 'sync' | 'seal-up' | 'seal-down', string>>;
}

export interface VectorMessage {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface ProofVector {
  readonly name: string;
  readonly message: VectorMessage;
  readonly signed: readonly string[];
  readonly purpose: 'proof' | 'sync';
  readonly parameters: {
    readonly components: readonly string[];
    readonly created: number;
    readonly nonce: number;
    readonly keyid: string;
    readonly tag: Tag;
  };
  readonly base: string;
  readonly signatureInput: string;
  readonly signature: string;
  /** '' where the proof covers more than a compact one can. */
  readonly compact: string;
}

export interface RequestVector {
  readonly name: string;
  /** '' where the proof holds. */
  readonly code: string;
  readonly message: VectorMessage;
  readonly signed: readonly string[];
  readonly signatureInput: string;
  readonly signature: string;
  readonly body: string | null;
}

export interface FieldVector {
  readonly name: string;
  readonly signatureInput: string;
  readonly signature: string;
  readonly result: 'proof' | 'none' | 'malformed';
}

/** A file under test/vectors. */
export function readVectorText(name: string): string {
  return readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8');
}

export const vectors: Vectors = JSON.parse(readVectorText('sallyport-1.json'));
