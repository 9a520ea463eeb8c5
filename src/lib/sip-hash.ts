/** 128 bits, as four words of 32. Drawn at random: {@link createSipHash} is no hash without a key. */
export type SipKey = readonly [number, number, number, number];

/**
 * SipHash-2-4 (Aumasson, Bernstein 2012) over a text's UTF-16 code units, low byte first; the lower 32 bits of its 64. For
 * tables that strangers fill: nobody without the key can tell which texts meet. In words of 32 bits, because a short
 * text then costs a fifth of what a call into the platform's hashes does.
 */
export function createSipHash([k0, k1, k2, k3]: SipKey): (text: string) => number {
  return function sipHash(text) {
    let a = k0 ^ 0x70736575;
    let ah = k1 ^ 0x736f6d65;
    let b = k2 ^ 0x6e646f6d;
    let bh = k3 ^ 0x646f7261;
    let c = k0 ^ 0x6e657261;
    let ch = k1 ^ 0x6c796765;
    let d = k2 ^ 0x79746573;
    let dh = k3 ^ 0x74656462;
    const blocks = text.length >>> 2;
    // Whole blocks, then the one with the length in its last byte, then the end, which is twice as many rounds of none.
    for (let block = 0; block <= blocks + 1; block++) {
      const ends = block > blocks;
      let low = 0;
      let high = 0;
      if (ends) {
        c ^= 0xff;
      } else {
        const at = 4 * block;
        low = unit(text, at) | (unit(text, at + 1) << 16);
        high = unit(text, at + 2) | (unit(text, at + 3) << 16);
        if (block === blocks) high |= text.length << 25;
      }
      d ^= low;
      dh ^= high;
      for (let round = ends ? 4 : 2; round > 0; round--) {
        let sum = (a + b) | 0;
        ah = (ah + bh + (sum >>> 0 < a >>> 0 ? 1 : 0)) | 0;
        let moved = (b << 13) | (bh >>> 19);
        bh = ((bh << 13) | (b >>> 19)) ^ ah;
        b = moved ^ sum;
        a = ah;
        ah = sum;

        sum = (c + d) | 0;
        ch = (ch + dh + (sum >>> 0 < c >>> 0 ? 1 : 0)) | 0;
        c = sum;
        moved = (d << 16) | (dh >>> 16);
        dh = ((dh << 16) | (d >>> 16)) ^ ch;
        d = moved ^ c;

        sum = (a + d) | 0;
        ah = (ah + dh + (sum >>> 0 < a >>> 0 ? 1 : 0)) | 0;
        a = sum;
        moved = (d << 21) | (dh >>> 11);
        dh = ((dh << 21) | (d >>> 11)) ^ ah;
        d = moved ^ a;

        sum = (c + b) | 0;
        ch = (ch + bh + (sum >>> 0 < c >>> 0 ? 1 : 0)) | 0;
        moved = (b << 17) | (bh >>> 15);
        bh = ((bh << 17) | (b >>> 15)) ^ ch;
        b = moved ^ sum;
        c = ch;
        ch = sum;
      }
      a ^= low;
      ah ^= high;
    }
    return (a ^ b ^ c ^ d) | 0;
  };
}

/** 0 beyond the end. */
const unit = (text: string, at: number): number => (at < text.length ? text.charCodeAt(at) : 0);
