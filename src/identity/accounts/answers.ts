import type { Answer } from '../../guard/decision.ts';
import type { EndpointCall } from '../../guard/endpoint.ts';
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
  return problemAnswer(decision, mount, now);
}

/** The origin at which the browser reached us. Its authority is one that the gate answers for. */
export function originOf(call: EndpointCall): string {
  return `${call.decision.secure ? 'https' : 'http'}://${call.decision.authority}`;
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
