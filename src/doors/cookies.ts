/** Cookie fields, read and written without guessing (RFC 6265 §4). */

/** Longest Cookie field that is searched. */
const FIELD_LIMIT = 16_384;

/**
 * Value of the one cookie of this name; '' where there is none. Where it stands twice the answer is '' as well: a
 * browser sends a `__Host-` cookie once, so one of the two was added on the way, and choosing would be guessing.
 */
export function readCookie(field: string, name: string): string {
  if (field.length > FIELD_LIMIT) return '';
  let value: string | null = null;
  let at = 0;
  while (at < field.length) {
    const semicolon = field.indexOf(';', at);
    const end = semicolon < 0 ? field.length : semicolon;
    while (at < end && (field.charCodeAt(at) === 0x20 || field.charCodeAt(at) === 0x09)) at++;
    if (field.startsWith(name, at) && field.charCodeAt(at + name.length) === 0x3d) {
      if (value !== null) return '';
      value = field.slice(at + name.length + 1, end).trimEnd();
    }
    at = end + 1;
  }
  return value ?? '';
}

/** Set-Cookie for our own cookies: this host alone, never readable by scripts, sent on navigations from elsewhere. */
export function formatSetCookie(name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; Secure; HttpOnly; SameSite=Lax`;
}
