import { concat, utf8 } from '../lib/bytes.ts';
import { PROTOCOL } from './constants.ts';
import { purposeInfo } from './entry.ts';

/**
 * Sealed calls: method, path, query and body of a call travel encrypted to one address (docs/protocol.md §12). What is
 * laid out here, both sides agree on; keys and ciphers belong to whoever calls.
 */

/** Below the mount. */
export const SEALED_PATH = '/call';
/** Says by which ticket's key a call is sealed: `{counter}.{ticket}`. */
export const HEADER_SEALED = 'sallyport-sealed';
/** Of calls and answers. */
export const SEALED_TYPE = 'application/vnd.sallyport.sealed';

/** Longest sealed call: what it holds, and the seal. */
export const SEALED_CALL_BYTES = 1_048_576;
/** Longest head of a call within it. */
export const SEALED_HEAD_BYTES = 16_384;
/** Heads of calls are filled up to a multiple of this, so that their lengths tell few paths apart. */
export const SEALED_HEAD_STEP = 256;
/** Most bytes of an answer in one record. */
export const SEALED_RECORD_BYTES = 65_536;
/** Random bytes in front of an answer, from which its key is made. */
export const SEALED_RANDOM_BYTES = 16;
/** What AES-GCM adds to each message. */
export const SEALED_TAG_BYTES = 16;

/** What a record holds: the answer's head, a piece of its body, or the word that all of it has come. */
export const RECORD = { head: 0, body: 1, end: 2 } as const;
export type RecordKind = (typeof RECORD)[keyof typeof RECORD];

/** Fields of a call that speak of its body or prove it: these are sealed with it. All others stay what they are. */
export const SEALED_FIELDS: readonly string[] = [
  'content-type',
  'content-encoding',
  'content-language',
  'content-digest',
  'sallyport-digest',
  'signature-input',
  'signature',
];

/** Nonce of a call: its counter, which is used once under one key. */
export const callNonce = (counter: number): Uint8Array<ArrayBuffer> => nonce(BigInt(counter));

/** Nonce of an answer's record: where it stands; each answer has a key of its own. */
export const recordNonce = (index: number): Uint8Array<ArrayBuffer> => nonce(BigInt(index));

/** 12 bytes, big-endian. */
function nonce(value: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setBigUint64(4, value);
  return bytes;
}

/** Additional data of a call. `shown` is the value of {@link HEADER_SEALED}. */
export const callData = (shown: string): Uint8Array<ArrayBuffer> => utf8(`${PROTOCOL} call ${shown}`);

/** Additional data of a record: which call it answers, what it is, and how long. */
export const recordData = (shown: string, head: Uint8Array): Uint8Array<ArrayBuffer> =>
  concat(utf8(`${PROTOCOL} answer ${shown} `), head);

/** `info` of HKDF-Expand for the key of one answer. */
export const answerInfo = (random: Uint8Array): Uint8Array<ArrayBuffer> => concat(purposeInfo('seal-down'), random);

/** Four bytes in front of each record: its kind, and the length of what it holds. */
export const RECORD_HEAD_BYTES = 4;

export function recordHead(kind: RecordKind, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(RECORD_HEAD_BYTES);
  new DataView(bytes.buffer).setUint32(0, kind * 2 ** 24 + length);
  return bytes;
}
