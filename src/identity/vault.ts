import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { PROTOCOL } from '../wire/constants.ts';

/**
 * Seals what lies in records: AES-256-GCM under a key that the gate's secret and the record's own name give together,
 * the name being nowhere in the records. So the records alone read nothing, and a row moved to another place does not open.
 */
export interface Vault {
  seal(purpose: string, name: string, content: Uint8Array): Buffer;
  /** Null for what this vault did not seal under this purpose and name. */
  open(purpose: string, name: string, sealed: Uint8Array): Buffer | null;
  /** What a name is called in records: SHA-256, base64url. */
  hashOf(name: string): string;
  /** 32 bytes for one purpose, the same after a restart with the same secret. */
  derive(purpose: string): Buffer;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createVault(secret: Uint8Array, random: (length: number) => Buffer): Vault {
  const keyOf = (purpose: string, name: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, name, `${PROTOCOL} stored ${purpose}`, 32));
  return {
    seal(purpose, name, content) {
      const nonce = random(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', keyOf(purpose, name), nonce);
      const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
      return Buffer.concat([nonce, sealed, cipher.getAuthTag()]);
    },
    open(purpose, name, sealed) {
      if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
      const end = sealed.length - TAG_BYTES;
      const decipher = createDecipheriv('aes-256-gcm', keyOf(purpose, name), sealed.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(sealed.subarray(end));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()]);
      } catch {
        return null;
      }
    },
    hashOf: (name) => createHash('sha256').update(name).digest('base64url'),
    derive: (purpose) => Buffer.from(hkdfSync('sha256', secret, '', `${PROTOCOL} derived ${purpose}`, 32)),
  };
}
