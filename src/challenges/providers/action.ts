import { hash } from 'node:crypto';

/** Turnstile takes 32 characters; reCAPTCHA takes letters, digits, `_` and `/` alone. */
const READABLE = 23;

/**
 * A route's name in the letters that every provider takes: what can be read of it for the provider's own statistics, and eight
 * hex digits of its SHA-256, by which routes that read alike differ.
 */
export function actionOf(route: string): string {
  const readable = route
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
    .slice(0, READABLE);
  return `${readable}_${hash('sha256', route).slice(0, 8)}`;
}
