/** Value of each ASCII code as a base64url digit, 64 for none. */
const DIGITS = new Uint8Array(128).fill(64);
for (const [value, digit] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].entries()) {
  DIGITS[digit.charCodeAt(0)] = value;
}

/**
 * Decodes `text` from `start` to `end` into the head of `out`, which has room for it; answers how many bytes, or -1
 * for a text that is not the one canonical spelling. Checks and decodes in one pass over the ticket's own string,
 * where the platform would need a substring, and takes what is not base64url at all.
 */
export function decodeBase64url(text: string, start: number, end: number, out: Uint8Array): number {
  const over = (end - start) & 3;
  if (over === 1) return -1;
  const whole = end - over;
  let length = 0;
  for (let at = start; at < whole; at += 4) {
    const a = digitAt(text, at);
    const b = digitAt(text, at + 1);
    const c = digitAt(text, at + 2);
    const d = digitAt(text, at + 3);
    if (((a | b | c | d) & 64) !== 0) return -1;
    out[length] = (a << 2) | (b >> 4);
    out[length + 1] = (b << 4) | (c >> 2);
    out[length + 2] = (c << 6) | d;
    length += 3;
  }
  if (over === 0) return length;
  const a = digitAt(text, whole);
  const b = digitAt(text, whole + 1);
  const c = over === 3 ? digitAt(text, whole + 2) : 0;
  // What the last digit has beyond its byte must be zero.
  const stray = over === 3 ? c & 3 : b & 15;
  if (((a | b | c) & 64) !== 0 || stray !== 0) return -1;
  out[length] = (a << 2) | (b >> 4);
  if (over === 2) return length + 1;
  out[length + 1] = (b << 4) | (c >> 2);
  return length + 2;
}

function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (DIGITS[code] ?? 64) : 64;
}
