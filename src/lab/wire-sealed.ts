import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { utf8 } from '../lib/bytes.ts';
import { purposeInfo } from '../wire/entry.ts';
import {
  answerInfo,
  callData,
  callNonce,
  HEADER_SEALED,
  RECORD,
  RECORD_HEAD_BYTES,
  recordData,
  recordNonce,
  SEALED_FIELDS,
  SEALED_PATH,
  SEALED_RANDOM_BYTES,
  SEALED_TAG_BYTES,
  SEALED_TYPE,
} from '../wire/sealed.ts';
import { formatSealedCall } from '../wire/sealed-call.ts';
import { kindOf } from './answer.ts';
import type { RawAnswer, RawRequest, Sender } from './http.ts';
import type { Entered } from './wire-proof.ts';

/** Sealed calls without a browser (docs/protocol.md §12): what a program needs beside its proofs. */

/** A call that was sealed, and what its answer is opened with. */
export interface SealedRequest {
  readonly request: RawRequest;
  /** The answer as it would have come to the open call; itself where it is not sealed. Throws where its seal does not hold. */
  readonly open: (answer: RawAnswer) => RawAnswer;
}

export interface SealOptions {
  /** In place of the next counter. */
  readonly counter?: number;
  /** What is sealed, in place of the request. */
  readonly plain?: Uint8Array;
}

/** Seals a signed request; `mount` as the gate's page names it. */
export function sealRequest(
  signed: RawRequest,
  entered: Entered,
  mount: string,
  options: SealOptions = {},
): SealedRequest {
  const [inside, outside] = parted(signed.fields);
  const { method, target, body } = signed;
  const plain = options.plain ?? formatSealedCall({ method, target, fields: inside, body: body ?? new Uint8Array(0) });
  entered.sealed += options.counter === undefined ? 1 : 0;
  const counter = options.counter ?? entered.sealed;
  const shown = `${counter}.${entered.ticket}`;
  const cipher = createCipheriv('aes-256-gcm', keyOf(entered, purposeInfo('seal-up')), callNonce(counter));
  cipher.setAAD(callData(shown));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const own = [HEADER_SEALED, shown, 'Content-Type', SEALED_TYPE, 'Content-Length', String(sealed.length)];
  const fields = [...outside, 'X-Requested-With', 'sallyport', ...own];
  const request = { method: 'POST', target: mount + SEALED_PATH, fields, body: sealed };
  return { request, open: (answer) => openAnswer(answer, entered, shown) };
}

/**
 * Sends signed calls as they are, until the gate says that they have to come sealed: whoever has read docs/protocol.md seals
 * them. What goes elsewhere, or carries no proof, is left alone.
 *
 * @param seal null for what is not to be sealed
 */
export function createSealingSender(plain: Sender, seal: (request: RawRequest) => SealedRequest | null): Sender {
  let seals = false;
  const sendSealed = async ({ request, open }: SealedRequest): Promise<RawAnswer> => {
    const answer = await plain.send(request);
    try {
      return open(answer);
    } catch {
      return { ...answer, status: 0, failed: 'an answer that cannot be opened' };
    }
  };
  return {
    async send(request) {
      const sealed = seals ? seal(request) : null;
      if (sealed !== null) return sendSealed(sealed);
      const answer = await plain.send(request);
      const kind = kindOf(answer);
      const again = kind.by === 'gate' && kind.code === 'sealed' ? seal(request) : null;
      if (again === null) return answer;
      seals = true;
      return sendSealed(again);
    },
    close: () => plain.close(),
  };
}

function parted(fields: readonly string[]): [inside: string[], outside: string[]] {
  const sealed = new Map<string, string>();
  const outside: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [name, value] = [fields[at] ?? '', fields[at + 1] ?? ''];
    if (SEALED_FIELDS.includes(name.toLowerCase())) sealed.set(name.toLowerCase(), value);
    else if (name.toLowerCase() !== 'content-length') outside.push(name, value);
  }
  return [SEALED_FIELDS.flatMap((name) => (sealed.has(name) ? [name, sealed.get(name) ?? ''] : [])), outside];
}

function openAnswer(answer: RawAnswer, entered: Entered, shown: string): RawAnswer {
  if (!answer.fields.some((value, at) => at % 2 === 1 && value === SEALED_TYPE)) return answer;
  const bytes = Buffer.from(answer.body);
  const key = keyOf(entered, answerInfo(bytes.subarray(0, SEALED_RANDOM_BYTES)));
  const pieces: Buffer[] = [];
  let list: readonly string[] = [];
  let kind: number = RECORD.head;
  for (let at = SEALED_RANDOM_BYTES, index = 0; kind !== RECORD.end; index++) {
    const head = bytes.subarray(at, at + RECORD_HEAD_BYTES);
    const from = at + RECORD_HEAD_BYTES;
    const to = from + (head.readUInt32BE(0) & 0xffffff);
    const decipher = createDecipheriv('aes-256-gcm', key, recordNonce(index));
    decipher.setAAD(recordData(shown, head)).setAuthTag(bytes.subarray(to, to + SEALED_TAG_BYTES));
    const piece = Buffer.concat([decipher.update(bytes.subarray(from, to)), decipher.final()]);
    kind = head[0] ?? RECORD.end;
    if (kind === RECORD.head) list = JSON.parse(piece.toString());
    else pieces.push(piece);
    at = to + SEALED_TAG_BYTES;
  }
  const [status, ...fields] = list;
  const outside = answer.fields.flatMap((name, at) =>
    at % 2 === 0 && name.toLowerCase() === 'set-cookie' ? [name, answer.fields[at + 1] ?? ''] : [],
  );
  return { status: Number(status), fields: [...fields, ...outside], body: Buffer.concat(pieces), failed: '' };
}

/** HKDF-Expand to 32 bytes. */
const keyOf = ({ secret }: Entered, info: Uint8Array): Buffer =>
  createHmac('sha256', secret).update(info).update(utf8('\u0001')).digest();
