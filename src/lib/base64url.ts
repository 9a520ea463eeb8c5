const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** base64url without padding (RFC 4648 §5). */
export function toBase64url(bytes: Uint8Array): string {
  return encode(bytes, URL_SAFE);
}

/** Bytes of unpadded base64url; null for any other character, padding, an impossible length or stray bits. */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  return decode(text, URL_SAFE_DIGITS);
}

/** Padded base64 (RFC 4648 §4), as structured fields write byte sequences (RFC 9651 §4.1.8). */
export function toBase64(bytes: Uint8Array): string {
  return encode(bytes, STANDARD) + '='.repeat((3 - (bytes.length % 3)) % 3);
}

/** Bytes of padded base64; null for anything that is not its one canonical spelling. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 !== 0) return null;
  return decode(
    text.endsWith('==') ? text.slice(0, -2) : text.endsWith('=') ? text.slice(0, -1) : text,
    STANDARD_DIGITS,
  );
}

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const digit = (shift: number) => alphabet[(word >> shift) & 63] ?? '';
    text += digit(18) + digit(12) + (left > 1 ? digit(6) : '') + (left > 2 ? digit(0) : '');
  }
  return text;
}

/** Value of each ASCII code as a digit of either alphabet; above 63 for none. */
const digitsOf = (alphabet: string): Uint8Array => {
  const digits = new Uint8Array(128).fill(64);
  for (let value = 0; value < 64; value++) digits[alphabet.charCodeAt(value)] = value;
  return digits;
};
const URL_SAFE_DIGITS = /* @__PURE__ */ digitsOf(URL_SAFE);
const STANDARD_DIGITS = /* @__PURE__ */ digitsOf(STANDARD);

function decode(text: string, digits: Uint8Array): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 === 1) return null;
  const out = new Uint8Array((text.length * 3) >> 2);
  let word = 0;
  let bits = 0;
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = digits[text.charCodeAt(index)] ?? 64;
    if (digit > 63) return null;
    word = ((word << 6) | digit) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (word >> bits) & 255;
    }
  }
  return (word & ((1 << bits) - 1)) === 0 ? out : null;
}
