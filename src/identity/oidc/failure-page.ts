import type { Answer } from '../../guard/decision.ts';
import type { EndpointCall } from '../../guard/endpoint.ts';
import { PAGE_POLICY, toPage } from '../../guard/page.ts';
import { CODES, type Code } from '../../wire/codes.ts';
import { HEADER_DECISION } from '../../wire/constants.ts';

/** Why a login did not come about, as the person may see it; `evidence` is for the record. */
export interface Failure {
  readonly code: Code;
  readonly title: string;
  readonly text: string;
  readonly evidence?: string;
  /** Seconds after which it may be tried again; where the service is down, 30. */
  readonly retryAfter?: number;
}

export const FAILURES = {
  prefetch: {
    code: 'carrier',
    title: 'Open the login page itself',
    text: 'A login begins when a person opens it, not when a page fetches it ahead or frames it.',
  },
  host: { code: 'host', title: CODES.host.title, text: CODES.host.detail },
  insecure: {
    code: 'insecure-context',
    title: CODES['insecure-context'].title,
    text: CODES['insecure-context'].detail,
  },
  request: {
    code: 'target',
    title: 'This login link is not right',
    text: 'Go back to the page you came from and try again.',
  },
  down: {
    code: 'unsure',
    title: 'The login service does not answer',
    text: 'Nothing is wrong with your account. Try again in a minute; who is logged in stays logged in.',
  },
  busy: {
    code: 'limit',
    title: 'Too many logins begun',
    text: 'Too many logins have been begun here, or from your network, in the last minutes. Try again a little later.',
  },
  stale: {
    code: 'login-failed',
    title: 'This login was not begun here',
    text: 'It took too long, was finished before, or was begun in another browser. Nobody has been logged in.',
  },
  declined: {
    code: 'login-failed',
    title: 'The login was not completed',
    text: 'The login service did not let you in, or you stopped there. Nobody has been logged in.',
  },
  refused: {
    code: 'login-failed',
    title: 'The login could not be checked',
    text: 'What the login service answered does not fit what was asked. Nobody has been logged in.',
  },
  weak: {
    code: 'step-up',
    title: 'The login was not strong enough',
    text: 'The login service did not check you in the way that is needed here. Nobody has been logged in.',
  },
  unsaid: {
    code: 'step-up',
    title: 'This login service cannot show that',
    text: 'What you want to do needs a login that says how or when you showed who you are, and this service does not say so.',
  },
  blocked: {
    code: 'forbidden',
    title: 'This account is blocked here',
    text: 'Whoever runs this site has blocked it. Nobody has been logged in.',
  },
  changed: {
    code: 'login-changed',
    title: 'Somebody else logged in meanwhile',
    text: 'In another tab of this browser another person has logged in. Log out there first, then try again.',
  },
} as const satisfies Record<string, Failure>;

/** A way to begin anew: an address of ours, and what the provider is called. */
export interface Again {
  readonly address: string;
  readonly label: string;
}

/**
 * A page that says so, with a link to begin anew where that may help: it never sends the browser on by itself, so that
 * there is no loop.
 */
export function failurePage(
  call: EndpointCall,
  failure: Failure,
  again: Again | null,
  cookies: readonly string[],
): Answer {
  const { status } = CODES[failure.code];
  const fields = [
    'content-type',
    'text/html; charset=utf-8',
    'cache-control',
    'no-store',
    'referrer-policy',
    'no-referrer',
    'x-content-type-options',
    'nosniff',
    'content-security-policy',
    PAGE_POLICY,
    HEADER_DECISION,
    call.decision.id,
    ...cookies.flatMap((cookie) => ['set-cookie', cookie]),
  ];
  if (status === 401) fields.push('www-authenticate', 'Sallyport');
  const { retryAfter = status === 503 ? 30 : 0 } = failure;
  if (retryAfter > 0) fields.push('retry-after', String(retryAfter));
  const link =
    again === null
      ? ''
      : `<p><a href="${escapeHtml(again.address)}">Try again with ${escapeHtml(again.label)}</a></p>\n`;
  const where = `<p>Code <code>${failure.code}</code>, id <code>${call.decision.id}</code>.</p>`;
  const body = toPage(failure.title, `<p>${failure.text}</p>\n${link}${where}`);
  return { status, fields, body, refused: { code: failure.code, evidence: failure.evidence ?? failure.title } };
}

/** Sends a browser on, by GET whatever it came by (RFC 9110 §15.4.4, RFC 9700 §4.12). */
export function seeOther(location: string, cookies: readonly string[]): Answer {
  const fields = ['location', location, 'cache-control', 'no-store', 'referrer-policy', 'no-referrer'];
  return { status: 303, fields: [...fields, ...cookies.flatMap((cookie) => ['set-cookie', cookie])], body: '' };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
