const HYPHEN = 62;

/**
 * Changes one bit of random bytes so that their base64url, from byte `at` on, does not begin with a hyphen: people type
 * these ids after a command, which would take them for an option. `shift` says where in that byte the digit stands.
 */
export function makeTypeable<B extends Uint8Array>(bytes: B, at = 0, shift: 0 | 2 = 2): B {
  const byte = bytes[at] ?? 0;
  if (((byte >> shift) & 63) === HYPHEN) bytes[at] = byte ^ (1 << shift);
  return bytes;
}
