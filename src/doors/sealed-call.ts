import { createDecipheriv, createSecretKey } from 'node:crypto';
import { purposeInfo } from '../wire/entry.ts';
import { callData, callNonce, HEADER_SEALED, SEALED_TAG_BYTES } from '../wire/sealed.ts';
import { parseSealedCall, type SealedCall } from '../wire/sealed-call.ts';
import type { OpenTicket } from './open-ticket.ts';

/** Which call it is, and by which ticket's key: value of {@link import('../wire/sealed.ts').HEADER_SEALED}. */
export interface ShownSeal {
  readonly counter: number;
  readonly ticket: string;
  /** As it came. */
  readonly text: string;
}

const SHOWN = /^([1-9]\d{0,15})\.([\w.-]{1,512})$/;

/** Null for what is none. */
function readShownSeal(text: string): ShownSeal | null {
  const [, digits = '', ticket = ''] = SHOWN.exec(text) ?? [];
  const counter = Number(digits);
  return ticket === '' || !Number.isSafeInteger(counter) ? null : { counter, ticket, text };
}

/** The one field among these that shows a seal; null without it, and where there are several. */
export function shownSealIn(fields: readonly string[]): ShownSeal | null {
  const found: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2)
    if (fields[at]?.toLowerCase() === HEADER_SEALED) found.push(fields[at + 1] ?? '');
  return found.length === 1 ? readShownSeal(found[0] ?? '') : null;
}

const UP = purposeInfo('seal-up');

/** What a body holds that was sealed under this ticket's key for this counter; null where it was not. */
export function openSealedCall(ticket: OpenTicket, shown: ShownSeal, body: Uint8Array): SealedCall | null {
  const end = body.length - SEALED_TAG_BYTES;
  if (end < 0) return null;
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(ticket.deriveKey(UP)), callNonce(shown.counter));
  decipher.setAAD(callData(shown.text)).setAuthTag(body.subarray(end));
  try {
    const plain = Buffer.concat([decipher.update(body.subarray(0, end)), decipher.final()]);
    return parseSealedCall(plain);
  } catch {
    return null;
  }
}
