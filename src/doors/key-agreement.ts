import { createECDH, createHash, createHmac, type ECDH } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { labelled } from '../wire/build.ts';
import { type Transcript, transcript } from '../wire/entry.ts';

/** Server side of the key agreement (docs/protocol.md §2.2, §2.3). */
export interface KeyAgreement {
  /** Agrees on an entry secret, under the label of a build where there is one; null for a page key that is not a point of the curve. */
  agree(seen: Omit<Transcript, 'serverKey'> & { readonly label?: string | undefined }): Agreed | null;
}

export interface Agreed {
  /** Public half of the server's key: 65 bytes. */
  readonly serverKey: Buffer;
  /** HKDF-Extract's output: 32 bytes. */
  readonly secret: Buffer;
}

/** One ephemeral key serves all entries of this time; each has a salt of its own. */
const KEY_MS = 60_000;

export function createKeyAgreement(clock: Clock, create: () => ECDH = createEphemeral): KeyAgreement {
  let ecdh = create();
  let since = clock.monotonic();
  const current = (): ECDH => {
    if (clock.monotonic() - since >= KEY_MS) {
      ecdh = create();
      since = clock.monotonic();
    }
    return ecdh;
  };
  return {
    agree(seen) {
      const own = current();
      const shared = sharedSecret(own, seen.pageKey);
      if (shared === null) return null;
      const serverKey = own.getPublicKey();
      const both = transcript({ ...seen, serverKey });
      const salt = createHash('sha256')
        .update(seen.label === undefined ? both : labelled(seen.label, both))
        .digest();
      return { serverKey, secret: extract(salt, shared) };
    },
  };
}

/** HKDF-Extract with SHA-256 (RFC 5869 §2.2). */
export function extract(salt: Uint8Array, input: Uint8Array): Buffer {
  return createHmac('sha256', salt).update(input).digest();
}

function createEphemeral(): ECDH {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  return ecdh;
}

function sharedSecret(ecdh: ECDH, pageKey: Uint8Array): Buffer | null {
  try {
    return ecdh.computeSecret(pageKey);
  } catch {
    return null;
  }
}
