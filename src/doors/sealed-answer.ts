import { createCipheriv, createSecretKey } from 'node:crypto';
import type { AnswerSeal } from '../guard/sealed.ts';
import { utf8 } from '../lib/bytes.ts';
import {
  answerInfo,
  RECORD,
  type RecordKind,
  recordData,
  recordHead,
  recordNonce,
  SEALED_RANDOM_BYTES,
  SEALED_RECORD_BYTES,
} from '../wire/sealed.ts';
import type { OpenTicket } from './open-ticket.ts';
import type { Random } from './random.ts';

/**
 * Seals the answer to one call. Its key is made from fresh random bytes: whoever sends a captured call again gets an answer
 * under another key, so that no nonce is ever used twice.
 *
 * @param shown value of the call's {@link import('../wire/sealed.ts').HEADER_SEALED}
 */
export function createAnswerSeal(ticket: OpenTicket, shown: string, random: Random): AnswerSeal {
  const begin = random(SEALED_RANDOM_BYTES);
  // As an object: with raw bytes node looks through what a key may be, which takes longer than to encrypt.
  const key = createSecretKey(ticket.deriveKey(answerInfo(begin)));
  let index = 0;

  const record = (kind: RecordKind, piece: Uint8Array): Buffer => {
    const head = recordHead(kind, piece.length);
    const cipher = createCipheriv('aes-256-gcm', key, recordNonce(index++));
    cipher.setAAD(recordData(shown, head));
    return Buffer.concat([head, cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
  };

  return {
    begin,
    head: (status, fields) => record(RECORD.head, utf8(JSON.stringify([String(status), ...fields]))),
    body(piece) {
      const records: Buffer[] = [];
      for (let at = 0; at < piece.length; at += SEALED_RECORD_BYTES)
        records.push(record(RECORD.body, piece.subarray(at, at + SEALED_RECORD_BYTES)));
      return records.length === 1 ? (records[0] ?? EMPTY) : Buffer.concat(records);
    },
    end: () => record(RECORD.end, EMPTY),
  };
}

const EMPTY = Buffer.alloc(0);
