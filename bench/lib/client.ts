import { createECDH, createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import {
  DEFAULT_MOUNT,
  type EntryAnswer,
  expandInput,
  formatContentDigest,
  formatEntryRequest,
  formatSignature,
  formatSignatureParams,
  fromBase64url,
  type Purpose,
  parseEntryAnswer,
  requiredComponents,
  signatureBase,
  TAG,
  toBase64url,
  transcript,
} from 'sallyport/wire';
import { request } from 'undici';
import { pageFields, type Shot } from './shot.ts';

/** One opened door: what a page holds after its entry. */
export interface Door {
  readonly authority: string;
  readonly ticket: string;
  readonly key: KeyObject;
  /** The key that its sealed calls are encrypted by. */
  readonly sealKey: KeyObject;
  nonce: number;
  sealed: number;
}

/** Posts an entry request and returns the answer's body; throws where it was refused. */
export type PostEntry = (path: string, fields: readonly string[], body: string) => Promise<string>;

/** Opens doors as pages do, several at a time; every one is a new visitor. */
export async function openDoors(origin: string, count: number, post = postTo(origin)): Promise<Door[]> {
  const doors: Door[] = [];
  const one = async (): Promise<void> => {
    while (doors.length < count) {
      const door = await openDoor(origin, post);
      if (doors.length < count) doors.push(door);
    }
  };
  await Promise.all(Array.from({ length: Math.min(8, count) }, one));
  return doors;
}

async function openDoor(origin: string, post: PostEntry): Promise<Door> {
  const ecdh = createECDH('prime256v1');
  const pageKey = ecdh.generateKeys();
  const own = ['Content-Type', 'application/json', 'X-Requested-With', 'sallyport'];
  const fields = [...pageFields(new URL(origin).host, 'POST'), ...own];
  const text = await post(`${DEFAULT_MOUNT}/enter`, fields, formatEntryRequest('default', toBase64url(pageKey)));
  const entry = parseEntryAnswer(JSON.parse(text));
  if (entry === null) throw new Error(`no entry at ${origin}: ${text}`);
  return {
    authority: entry.authority,
    ticket: entry.ticket,
    ...agree(entry, ecdh, pageKey, origin),
    nonce: 0,
    sealed: 0,
  };
}

function postTo(origin: string): PostEntry {
  return async (path, fields, body) => {
    const headers = withoutConnection(fields);
    const answer = await request(origin + path, { method: 'POST', headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`no entry at ${origin}: ${answer.statusCode} ${text}`);
    return text;
  };
}

/** Fields that undici writes itself. */
export function withoutConnection(fields: readonly string[]): string[] {
  return fields.filter((_, at) => !/^(connection|content-length)$/i.test(fields[at - (at % 2)] ?? ''));
}

/** The key schedule of docs/protocol.md §2.3, the page's side. */
function agree(
  entry: EntryAnswer,
  ecdh: ReturnType<typeof createECDH>,
  pageKey: Uint8Array,
  origin: string,
): Pick<Door, 'key' | 'sealKey'> {
  const serverKey = bytesOf(entry.key);
  const seen = transcript({
    pageKey,
    serverKey,
    origin,
    authority: entry.authority,
    client: 'default',
    ticketId: bytesOf(entry.id),
    expires: entry.expires,
    random: bytesOf(entry.random),
  });
  const salt = createHash('sha256').update(seen).digest();
  const secret = createHmac('sha256', salt).update(ecdh.computeSecret(serverKey)).digest();
  const keyFor = (purpose: Purpose): KeyObject =>
    createSecretKey(createHmac('sha256', secret).update(expandInput(purpose)).digest());
  return { key: keyFor('proof'), sealKey: keyFor('seal-up') };
}

function bytesOf(text: string): Uint8Array {
  const bytes = fromBase64url(text);
  if (bytes === null) throw new TypeError('the entry answer does not read');
  return bytes;
}

/** The door's next call, signed. `authorization`: value of that field, which the proof covers. */
export function signedShot(door: Door, method: 'GET' | 'POST', path: string, body = '', authorization = ''): Shot {
  door.nonce += 1;
  const contentType = body === '' ? '' : 'application/json';
  const contentDigest = body === '' ? '' : formatContentDigest(createHash('sha256').update(body).digest('base64'));
  const digest = body === '' ? '' : 'content-digest';
  const components = requiredComponents({
    contentType: body !== '',
    digest,
    authorization: authorization !== '',
    signed: [],
  });
  const created = Math.floor(Date.now() / 1000);
  const params = formatSignatureParams({ components, created, nonce: door.nonce, keyid: door.ticket, tag: TAG });
  const { authority } = door;
  const target = { method, authority, path, query: '' };
  const content = { contentType, contentDigest, sallyportDigest: '', authorization, field: () => null };
  const base = signatureBase({ ...target, ...content }, components, params) ?? '';
  const signature = createHmac('sha256', door.key).update(base).digest('base64');
  const typed =
    body === ''
      ? []
      : ['Content-Type', contentType, 'Content-Length', `${Buffer.byteLength(body)}`, 'Content-Digest', contentDigest];
  const shown = authorization === '' ? [] : ['Authorization', authorization];
  const proof = ['Signature-Input', `sallyport=${params}`, 'Signature', formatSignature(signature)];
  return { method, path, fields: [...pageFields(authority, method), ...typed, ...shown, ...proof], body };
}
