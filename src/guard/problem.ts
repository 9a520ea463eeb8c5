import type { ChallengeMember } from '../wire/challenge.ts';
import { CODES, type Code, type CodeRow } from '../wire/codes.ts';
import { HEADER_DECISION } from '../wire/constants.ts';
import type { Answer, Carrier, Decision } from './decision.ts';
import { PAGE_POLICY, toPage } from './page.ts';
import type { UserRule } from './policy.ts';

/** Content type of refusals to everything but navigations (RFC 9457 §3). */
export const PROBLEM_TYPE = 'application/problem+json';

/**
 * What the client sees of a refusal: problem+json, or a small page where a person navigated. Never a threshold,
 * never which secret check failed: every field is constant per code but the id, the wait, and what
 * the request itself lacks.
 */
export function problemAnswer(decision: Decision, mount: string, now: number): Answer {
  const code: Code = decision.code === '' ? 'unsure' : decision.code;
  const row: CodeRow = CODES[code];
  const html = isNavigation(decision.carrier);
  const fields = [
    'content-type',
    html ? 'text/html; charset=utf-8' : PROBLEM_TYPE,
    'cache-control',
    'no-store',
    'date',
    new Date(now).toUTCString(),
    'x-content-type-options',
    'nosniff',
    HEADER_DECISION,
    decision.id,
    ...decision.responseFields,
  ];
  if (html) fields.push('content-security-policy', PAGE_POLICY);
  if (decision.retryAfter > 0) fields.push('retry-after', String(decision.retryAfter));
  const { keySignUp } = decision.route;
  if (keySignUp !== '' && KEY_HELPS.has(code)) fields.push('link', `<${keySignUp}>; rel="service-doc"`);
  if (row.status === 405) fields.push('allow', decision.route.allow.join(', '));
  // A reader of tokens has said more already.
  if (row.status === 401 && !fields.includes('www-authenticate')) {
    fields.push('www-authenticate', challenge(code, decision.route.user));
  }
  // The gate explains its codes itself: no third party learns who was refused.
  const docs = `${mount}/codes#${code}`;
  const more = {
    retryable: row.retryable || decision.retryAfter > 0,
    needs: code === 'order' ? (decision.missing ?? '') : '',
    field: code === 'schema' ? (decision.field ?? '') : '',
    challenge: decision.challenge ?? null,
  };
  const body = html ? page(code, row, decision.id, docs) : problem(code, row, decision.id, docs, more);
  return { status: row.status, fields, body };
}

/** Refusals of what is no page of ours: a program gets in with a key (RFC 8631 §4.1 names the relation). */
const KEY_HELPS: ReadonlySet<Code> = new Set(['entry-required', 'site', 'key', 'insecure-context']);

/** For a login that is not enough, what would be (RFC 9470 §3), so that an app can ask for just that. */
function challenge(code: Code, user: UserRule | null): string {
  if (code !== 'step-up' || user === null) return 'Sallyport';
  const acr = user.acr.length === 0 ? '' : `, acr_values="${user.acr.join(' ')}"`;
  const age = user.maxAge === 0 ? '' : `, max_age="${user.maxAge}"`;
  return `Sallyport error="insufficient_user_authentication"${acr}${age}`;
}

const isNavigation = (carrier: Carrier): boolean => carrier === 'navigation' || carrier === 'form';

interface More {
  readonly retryable: boolean;
  readonly needs: string;
  readonly field: string;
  readonly challenge: ChallengeMember | null;
}

/** The members are a fixed list (P9.3): a test fails when one is added without thought. */
function problem(code: Code, row: CodeRow, id: string, docs: string, more: More): string {
  const { retryable, needs, field, challenge: asked } = more;
  return JSON.stringify({
    type: docs,
    title: row.title,
    status: row.status,
    detail: row.detail,
    code,
    id,
    // Who is told how long to wait may try again then.
    retryable,
    docs,
    // Which call belongs before this one: the app's own code makes it, so nobody learns what they could not see.
    ...(needs === '' ? {} : { needs }),
    // Where the request itself does not fit, as the client wrote it; never what stands there.
    ...(field === '' ? {} : { field }),
    // What is asked for, and where the solution goes.
    ...(asked === null ? {} : { challenge: asked }),
  });
}

function page(code: Code, row: CodeRow, id: string, docs: string): string {
  const where = `<p>Code <a href="${docs}"><code>${code}</code></a>, id <code>${id}</code>.</p>`;
  return toPage(row.title, `<p>${row.detail}</p>\n${where}`);
}
