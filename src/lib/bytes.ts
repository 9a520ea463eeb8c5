const encoder = new TextEncoder();

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** One array holding all parts, in order. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Each part behind its length (two bytes, big-endian), so that no content can move a boundary.
 * Strings count as UTF-8. Throws RangeError for a part above 65,535 bytes.
 */
export function lengthPrefixed(parts: readonly (Uint8Array | string)[]): Uint8Array<ArrayBuffer> {
  return concat(
    ...parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? utf8(part) : part;
      if (bytes.length > 0xffff) throw new RangeError('over 65535 bytes');
      return [Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes];
    }),
  );
}

/**
 * Compares two byte arrays, or two strings code unit by code unit, in a time that depends on their lengths only.
 * Different lengths are unequal at once: lengths are no secret here.
 */
export function equalConstantTime(a: Uint8Array | string, b: Uint8Array | string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  if (typeof a === 'string') {
    if (typeof b !== 'string') return false;
    for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
    return difference === 0;
  }
  if (typeof b === 'string') return false;
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}
