import { type Answered, type Ask, textOf } from './ask.ts';
import { ageFault } from './age.ts';
import { type Expected, isToken, misconfigured, refused, unreachable, type Verification } from './outcome.ts';

/**
 * The protocol that reCAPTCHA, hCaptcha and Turnstile share: a form with secret and token, answered by `success`,
 * `hostname`, `challenge_ts` and `error-codes`.
 */

/** Codes that no token can cause: the gate's own secret is wrong. */
const OWN_FAULTS: ReadonlySet<string> = new Set([
  'missing-input-secret',
  'invalid-input-secret',
  'invalid-parsed-secret',
]);
/** The provider's word for a fault of its own. */
const INTERNAL = 'internal-error';

/** What the provider says of a token that is good; further checks are each provider's own. */
export interface Verified {
  readonly kind: 'verified';
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Siteverify {
  readonly ask: Ask;
  readonly address: string;
  /** Fields of the form. */
  readonly form: Readonly<Record<string, string>>;
  /** Seconds for which a token is good. */
  readonly life: number;
  /** Whether the provider takes the same form for the same question, should its first answer be lost. Default false. */
  readonly repeatable?: boolean;
  /** Whether `challenge_ts` is when the token was made; elsewhere it may be when the widget was loaded. */
  readonly madeAt: boolean;
}

/** Asks about one token and checks what all three say. */
export async function siteverify(
  { ask, address, form, life, madeAt, repeatable = false }: Siteverify,
  expected: Expected,
  now: number,
): Promise<Verified | Exclude<Verification, { kind: 'passed' }>> {
  if (!isToken(form['response'] ?? '')) return refused('what was sent cannot be a token');
  const answered = await ask({ url: address, body: new URLSearchParams(form), repeatable });
  if (answered.kind === 'unreachable') return answered;
  const { status, body } = answered;
  if (status === 429) return misconfigured('the provider’s quota is used up (429)');
  const codes = codesOf(answered);
  if (codes.some((code) => OWN_FAULTS.has(code))) return misconfigured(`the provider says ${codes.join(', ')}`);
  if (codes.includes(INTERNAL)) return unreachable(`the provider says ${INTERNAL}`);
  if (status >= 400 && codes.length === 0) return misconfigured(`the provider answers ${status}`);
  if (body['success'] !== true || codes.length > 0) {
    return refused(`the provider says ${codes.length === 0 ? 'no' : codes.join(', ')}`);
  }
  if (textOf(body['hostname']).toLowerCase() !== expected.hostname)
    return refused('the token was made on a page of another host');
  const fault = ageFault({ made: textOf(body['challenge_ts']), life, madeAt, date: answered.date }, expected, now);
  return fault === '' ? { kind: 'verified', body } : refused(fault);
}

/** Error codes in words of the provider: short, and few. */
function codesOf({ body }: Answered): string[] {
  const codes = body['error-codes'];
  if (!Array.isArray(codes)) return [];
  return codes.slice(0, 8).map((code) => (/^[a-z-]{1,64}$/.test(textOf(code)) ? textOf(code) : 'an unknown code'));
}
