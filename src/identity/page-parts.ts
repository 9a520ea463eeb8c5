import type { EndpointCall } from '../guard/endpoint.ts';

const NOSNIFF = ['x-content-type-options', 'nosniff'];

/** `form-action 'none'`: were the script missing, no password would become part of an address. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Fields of the pages on which people type passwords. */
export const PAGE_FIELDS: readonly string[] = [
  ...['content-type', 'text/html; charset=utf-8', 'cache-control', 'no-store', 'vary', 'accept-language'],
  ...['content-security-policy', PAGE_POLICY, 'referrer-policy', 'no-referrer', 'x-frame-options', 'DENY'],
  ...['cross-origin-opener-policy', 'same-origin', ...NOSNIFF],
];

export const STYLE_FIELDS: readonly string[] = [
  ...['content-type', 'text/css; charset=utf-8', 'cache-control', 'no-cache', ...NOSNIFF],
];

/** An older hash gets the current script, uncached: such a page is one of ours and always current itself. */
export const LATEST = '0'.repeat(16);

export function fieldOf({ request: { fields } }: EndpointCall, name: string): string {
  for (let at = 0; at < fields.length; at += 2) if (fields[at]?.toLowerCase() === name) return fields[at + 1] ?? '';
  return '';
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
