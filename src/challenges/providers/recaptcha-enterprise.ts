import { ageFault } from './age.ts';
import { type Answered, type AskParts, createAsk, isRecord, textOf } from './ask.ts';
import { type Expected, isToken, misconfigured, refused, type Verification } from './outcome.ts';
import { judgeScore } from './score.ts';
import type { Verifier } from './verifier.ts';

export interface RecaptchaEnterpriseParts extends AskParts {
  readonly siteKey: string;
  /** Id of the Google Cloud project. */
  readonly project: string;
  readonly apiKey: string;
  /** Origin of the API. Default Google's. */
  readonly address?: string;
}

const ADDRESS = 'https://recaptchaenterprise.googleapis.com';
/** Seconds, as documented. */
const LIFE = 120;

/** reCAPTCHA Enterprise by `projects.assessments.create`. The key travels in a field: addresses end up in logs. */
export function createRecaptchaEnterprise(given: RecaptchaEnterpriseParts): Verifier {
  const { siteKey, project, apiKey, address = ADDRESS, ...parts } = given;
  const ask = createAsk(parts);
  const url = `${address.replace(/\/$/, '')}/v1/projects/${encodeURIComponent(project)}/assessments`;
  const headers = { 'content-type': 'application/json', 'x-goog-api-key': apiKey };
  return async (token, expected, now) => {
    if (!isToken(token)) return refused('what was sent cannot be a token');
    const body = JSON.stringify({ event: { token, siteKey, expectedAction: expected.action } });
    const answered = await ask({ url, headers, body });
    return answered.kind === 'unreachable' ? answered : judge(answered, expected, now);
  };
}

/** Statuses of an API that refuses the caller: key, project, permission, quota. */
const OWN_FAULTS: ReadonlySet<number> = new Set([401, 403, 404, 429]);

function judge({ status, body, date }: Answered, expected: Expected, now: number): Verification {
  // A wrong key is 400 as well, and so is a token that Google cannot read: that one must not raise an alarm.
  if (OWN_FAULTS.has(status) || (status === 400 && isKeyFault(body))) {
    return misconfigured(`the provider answers ${status}`);
  }
  if (status >= 400) return refused(`the provider answers ${status}`);
  const properties = isRecord(body['tokenProperties']) ? body['tokenProperties'] : {};
  const { valid, invalidReason, hostname, action, createTime } = properties;
  if (valid !== true) return refused(`the token is not valid: ${wordOf(invalidReason)}`);
  if (textOf(action) !== expected.action) return refused('the token was made for another action');
  if (textOf(hostname).toLowerCase() !== expected.hostname) {
    return refused('the token was made on a page of another host');
  }
  const fault = ageFault({ made: textOf(createTime), life: LIFE, madeAt: true, date }, expected, now);
  if (fault !== '') return refused(fault);
  const risk = isRecord(body['riskAnalysis']) ? body['riskAnalysis'] : {};
  const reasons = Array.isArray(risk['reasons']) ? risk['reasons'].slice(0, 8).map(wordOf) : [];
  return judgeScore(risk['score'], expected.threshold, reasons);
}

/** Google's names of reasons are words in capitals. */
const wordOf = (value: unknown): string => (/^[A-Z_]{1,64}$/.test(textOf(value)) ? textOf(value) : 'no known reason');

/** `google.rpc.ErrorInfo` with reason API_KEY_INVALID and the like. */
function isKeyFault(body: Readonly<Record<string, unknown>>): boolean {
  const error = isRecord(body['error']) ? body['error'] : {};
  const details = Array.isArray(error['details']) ? error['details'] : [];
  return details.some((detail) => isRecord(detail) && textOf(detail['reason']).startsWith('API_KEY'));
}
