import { sessionProof } from '../../wire/entry.ts';
import { toBase64url } from '../base64.ts';
import type { Platform } from '../platform.ts';

/**
 * The key that a bound session owns (docs/protocol.md §2.4): it stays in this browser's IndexedDB and cannot be taken
 * out of it, so that the session's cookie alone resumes nothing elsewhere. Loaded only where a session is bound.
 */

const STORE = 'keys';
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Where storage is refused, the key lives as long as the page. */
let kept: CryptoKeyPair | undefined;

/** Members of an entry request that show the key; it is made once for this browser and gate. */
export async function prove(
  { subtle }: Platform,
  gate: string,
  seen: { readonly client: string; readonly pageKey: Uint8Array },
): Promise<object> {
  const pair = await keyFor(subtle, gate);
  // A cookie beside the session's own names it; workers cannot read cookies and leave it out.
  const [, session = ''] = /-bound=([\w-]+)/.exec(self.document?.cookie) ?? [];
  const proof = sessionProof({ ...seen, origin: self.origin, session });
  return {
    sessionKey: toBase64url(new Uint8Array(await subtle.exportKey('raw', pair.publicKey))),
    sessionSignature: toBase64url(new Uint8Array(await subtle.sign(ECDSA, pair.privateKey, proof))),
  };
}

/** Of two tabs that make one at once, the first one's stays. */
async function keyFor(subtle: SubtleCrypto, gate: string): Promise<CryptoKeyPair> {
  const found = kept ?? (await stored(gate));
  if (found) return found;
  const made = await subtle.generateKey(ECDSA, false, ['sign']);
  const first = await stored(gate, made);
  if (first) return first;
  kept = made;
  return made;
}

/** The pair of this gate, or `fresh` stored in its place. Undefined where the browser keeps nothing for this page. */
function stored(gate: string, fresh?: CryptoKeyPair): Promise<CryptoKeyPair | undefined> {
  return new Promise((resolve) => {
    const fail = () => resolve(undefined);
    try {
      const opening = indexedDB.open('sallyport', 1);
      opening.onupgradeneeded = () => void opening.result.createObjectStore(STORE);
      opening.onerror = fail;
      opening.onblocked = fail;
      opening.onsuccess = () => exchange(opening.result, gate, fresh).then(resolve, fail);
    } catch {
      fail();
    }
  });
}

function exchange(database: IDBDatabase, gate: string, fresh?: CryptoKeyPair): Promise<CryptoKeyPair | undefined> {
  return new Promise<CryptoKeyPair | undefined>((resolve, reject) => {
    const transaction = database.transaction(STORE, 'readwrite');
    const store = transaction.objectStore(STORE);
    const found: IDBRequest<CryptoKeyPair | undefined> = store.get(gate);
    found.onsuccess = () => {
      if (!found.result && fresh) store.put(fresh, gate);
    };
    transaction.oncomplete = () => resolve(found.result ?? fresh);
    transaction.onabort = () => reject(transaction.error);
  }).finally(() => database.close());
}
