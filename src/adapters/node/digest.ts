import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { StreamDigest } from '../../guard/decision.ts';
import { DIGEST_SLICE_BYTES } from '../../wire/constants.ts';

/** A body's digest, computed as it streams. */
export interface DigestCheck {
  update(chunk: Uint8Array): void;
  /** Whether what was seen is the body that the proof covers. Ends the computation. */
  fits(): boolean;
}

export function createDigestCheck(expected: StreamDigest): DigestCheck {
  return expected.kind === 'whole' ? createWholeCheck(expected.sha256) : createSlicesCheck(expected.sha256);
}

function createWholeCheck(sha256: Uint8Array): DigestCheck {
  const hash = createHash('sha256');
  return {
    update: (chunk) => void hash.update(chunk),
    // No secret: the client sent the digest in the open, and the proof over it held already.
    fits: () => hash.digest().equals(sha256),
  };
}

/** SHA-256 over the SHA-256 of each slice (docs/protocol.md §3.6). */
function createSlicesCheck(sha256: Uint8Array): DigestCheck {
  const outer = createHash('sha256');
  let slice: Hash = createHash('sha256');
  let filled = 0;
  return {
    update(chunk) {
      let from = 0;
      while (from < chunk.length) {
        const take = Math.min(chunk.length - from, DIGEST_SLICE_BYTES - filled);
        slice.update(chunk.subarray(from, from + take));
        filled += take;
        from += take;
        if (filled < DIGEST_SLICE_BYTES) continue;
        outer.update(slice.digest());
        slice = createHash('sha256');
        filled = 0;
      }
    },
    fits() {
      if (filled > 0) outer.update(slice.digest());
      return outer.digest().equals(sha256);
    },
  };
}
