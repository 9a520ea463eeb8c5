import type { Answer } from '../guard/decision.ts';
import { STYLE_HASH, toPage } from '../guard/page.ts';

export interface DonePageParts {
  /** The element that loads the page's script. */
  readonly scriptTag: () => string;
  readonly mount: () => string;
}

/** An older hash gets the current script, uncached. */
const LATEST = '0'.repeat(16);

/**
 * Where a login by way of another site ends: a page of ours that opens the second door, so that the session begins
 * with its key, and then goes where the person wanted to go. A redirect would send that page's own first calls out
 * as nobody's. `returnTo` has been checked by the caller.
 */
export function createDonePage({ scriptTag, mount }: DonePageParts) {
  return (returnTo: string, cookies: readonly string[]): Answer => {
    const link = escapeHtml(returnTo);
    const body = `<p role="status">You are logged in.</p>\n<p><a href="${link}">Continue</a></p>
<script type="module" src="${mount()}/done.${LATEST}.js"></script>`;
    const page = toPage('One moment', body)
      .replace('<head>', () => `<head>${scriptTag()}`)
      .replace('<main>', () => `<main data-return="${link}">`);
    const policy = [
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      `style-src '${STYLE_HASH}'`,
      "form-action 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ];
    const fields = ['content-type', 'text/html; charset=utf-8', 'cache-control', 'no-store'];
    fields.push('referrer-policy', 'no-referrer', 'x-content-type-options', 'nosniff');
    fields.push('content-security-policy', policy.join('; '));
    for (const cookie of cookies) fields.push('set-cookie', cookie);
    return { status: 200, fields, body: page };
  };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
