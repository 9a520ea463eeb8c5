import type { Answer } from '../../guard/decision.ts';
import type { EndpointCall } from '../../guard/endpoint.ts';
import type { Policy } from '../../guard/policy.ts';
import { problemAnswer } from '../../guard/problem.ts';
import type { Code } from '../../wire/codes.ts';

const JSON_FIELDS = [
  'content-type',
  'application/json',
  'cache-control',
  'no-store',
  'x-content-type-options',
  'nosniff',
];

export function jsonAnswer(status: number, body: object, cookies: readonly string[] = []): Answer {
  return {
    status,
    fields: [...JSON_FIELDS, ...cookies.flatMap((cookie) => ['set-cookie', cookie])],
    body: JSON.stringify(body),
  };
}

/** A refusal as every other of the gate, under the id of the request's own decision. */
export function problemFor(call: EndpointCall, mount: string, code: Code, now: number, retryAfter = 0): Answer {
  const decision = { ...call.decision, outcome: 'refuse' as const, code, layer: 'accounts', retryAfter };
  return { ...problemAnswer(decision, mount, now), refused: { code, evidence: call.request.path.slice(mount.length) } };
}

/**
 * The origin at which the browser reached us; null where it is none of ours. In report mode a forged Host gets this
 * far, and must not become part of a link in a mail.
 */
export function ownOrigin({ policy }: { policy: () => Policy }, { decision }: EndpointCall): string | null {
  const origin = `${decision.secure ? 'https' : 'http'}://${decision.authority}`;
  return policy().ownOrigins.has(origin) ? origin : null;
}

/** Members of a JSON object, or null. */
export function readForm(body: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** A member that is text of at most `most` UTF-16 units; '' for anything else. */
export function textOf(form: Readonly<Record<string, unknown>>, name: string, most: number): string {
  const value = form[name];
  return typeof value === 'string' && value.length <= most ? value : '';
}

/** A member that is an object; null for anything else. */
export function objectOf(
  form: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> | null {
  const value = form[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}
