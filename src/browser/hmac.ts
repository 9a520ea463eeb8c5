/**
 * SHA-256 and HMAC without awaiting (FIPS 180-4, RFC 2104), for the few calls that cannot wait for WebCrypto. Used
 * with the key of purpose `sync` only, whose proofs the server takes on marked routes alone.
 */

/** Fractional bits of the square roots (initial state) and cube roots (round constants) of the first primes. */
const { initial, rounds } = constants();

function constants(): { initial: Int32Array; rounds: Int32Array } {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < 64; candidate++) {
    if (primes.every((prime) => candidate % prime)) primes.push(candidate);
  }
  const fraction = (value: number) => ((value % 1) * 2 ** 32) | 0;
  return {
    initial: Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
    rounds: Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
  };
}

/** 32 bytes. */
export function sha256(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = ((message.length + 72) >> 6) << 6;
  const padded = new Uint8Array(length);
  padded.set(message);
  padded[message.length] = 128;
  const view = new DataView(padded.buffer);
  view.setUint32(length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(length - 4, message.length << 3);
  const state = initial.slice();
  const schedule = new Int32Array(64);
  for (let at = 0; at < length; at += 64) compress(state, schedule, view, at);
  const out = new DataView(new ArrayBuffer(32));
  for (const [index, word] of state.entries()) out.setInt32(index * 4, word);
  return new Uint8Array(out.buffer);
}

const turn = (word: number, by: number) => (word >>> by) | (word << (32 - by));
const at = (words: Int32Array, index: number) => words[index] ?? 0;

function compress(state: Int32Array, w: Int32Array, block: DataView, offset: number): void {
  for (let t = 0; t < 64; t++) {
    if (t < 16) w[t] = block.getInt32(offset + t * 4);
    else {
      const a = at(w, t - 15);
      const b = at(w, t - 2);
      const s0 = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
      const s1 = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
      w[t] = (at(w, t - 16) + s0 + at(w, t - 7) + s1) | 0;
    }
  }
  const v = state.slice();
  for (let t = 0; t < 64; t++) {
    const a = at(v, 0);
    const e = at(v, 4);
    const choice = (e & at(v, 5)) ^ (~e & at(v, 6));
    const majority = (a & at(v, 1)) ^ (a & at(v, 2)) ^ (at(v, 1) & at(v, 2));
    const t1 = (at(v, 7) + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + choice + at(rounds, t) + at(w, t)) | 0;
    v.copyWithin(1, 0, 7);
    v[4] = at(v, 4) + t1;
    v[0] = t1 + (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority;
  }
  v.forEach((word, index) => {
    state[index] = at(state, index) + word;
  });
}

/** HMAC-SHA-256 with a key of at most 64 bytes: ours have 32. */
export function hmac(key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const pad = (mask: number, rest: Uint8Array) => {
    const bytes = new Uint8Array(64 + rest.length).fill(mask, 0, 64);
    key.forEach((byte, index) => {
      bytes[index] = byte ^ mask;
    });
    bytes.set(rest, 64);
    return bytes;
  };
  return sha256(pad(0x5c, sha256(pad(0x36, message))));
}
