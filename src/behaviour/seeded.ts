/** Numbers from 0 up to 1, the same for the same seed. Not for secrets: whoever sees some knows the rest. */
export interface Seeded {
  next(): number;
}

/** A 32-bit generator of the xorshift family with a multiplication at the end, one word of state. */
export function createSeeded(seed: number): Seeded {
  let state = Math.imul(seed | 0, 0x9e3779b1) | 1;
  return {
    next() {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (Math.imul(state, 0x2c1b3c6d) >>> 0) / 2 ** 32;
    },
  };
}
