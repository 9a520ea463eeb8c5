/** Longest return URL: it travels in a cookie. */
const MAX_RETURN = 1024;

/**
 * Where a login leads back to: a path of this origin, or a URL whose origin is listed, in the spelling a browser would
 * give it; null for anything else (RFC 9700 §4.11). `//host`, backslashes, control characters and what becomes one of
 * them once dot segments are resolved are refused, because browsers read them as another host. Nothing asked is `/`.
 */
export function readReturnUrl(value: string | null, origin: string, allowed: readonly string[]): string | null {
  if (value === null || value === '') return '/';
  if (value.length > MAX_RETURN || !/^[\x21-\x5b\x5d-\x7e]+$/.test(value)) return null;
  const local = value.startsWith('/');
  if (local ? value.startsWith('//') : !/^https?:\/\/[^/]/.test(value)) return null;
  const url = URL.parse(value, origin);
  if (url === null || url.username !== '' || url.password !== '') return null;
  if (!local) return allowed.includes(url.origin) && url.href.length <= MAX_RETURN ? url.href : null;
  const path = `${url.pathname}${url.search}${url.hash}`;
  return url.origin === origin && !path.startsWith('//') && path.length <= MAX_RETURN ? path : null;
}
