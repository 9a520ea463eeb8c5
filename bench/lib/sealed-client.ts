import { Buffer } from 'node:buffer';
import { createCipheriv } from 'node:crypto';
import {
  callData,
  callNonce,
  DEFAULT_MOUNT,
  formatSealedCall,
  HEADER_SEALED,
  SEALED_FIELDS,
  SEALED_PATH,
  SEALED_TYPE,
} from 'sallyport/wire';
import type { Door } from './client.ts';
import { pageFields, type Shot } from './shot.ts';

/** A request with a body of bytes. */
export interface SealedShot extends Shot {
  readonly bytes: Buffer;
}

/** A signed call of this door, sealed (docs/protocol.md §12). */
export function sealShot(door: Door, { method, path, fields, body }: Shot): SealedShot {
  door.sealed += 1;
  const shown = `${door.sealed}.${door.ticket}`;
  const inside = SEALED_FIELDS.flatMap((name) => {
    const at = fields.findIndex((field, index) => index % 2 === 0 && field.toLowerCase() === name);
    return at < 0 ? [] : [name, fields[at + 1] ?? ''];
  });
  const cipher = createCipheriv('aes-256-gcm', door.sealKey, callNonce(door.sealed)).setAAD(callData(shown));
  const plain = formatSealedCall({ method, target: path, fields: inside, body: Buffer.from(body) });
  const bytes = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const own = [HEADER_SEALED, shown, 'Content-Type', SEALED_TYPE, 'Content-Length', `${bytes.length}`];
  const around = [...pageFields(door.authority, 'POST'), 'X-Requested-With', 'sallyport', ...own];
  return { method: 'POST', path: DEFAULT_MOUNT + SEALED_PATH, fields: around, body: '', bytes };
}
