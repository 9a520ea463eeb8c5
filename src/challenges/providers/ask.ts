import { readAtMost } from '../../lib/read-at-most.ts';
import { type Unreachable, unreachable } from './outcome.ts';

/** How requests leave the gate; `globalThis.fetch` fits. Injected so that tests need no network. */
export type Fetch = (url: string, options: RequestInit) => Promise<Response>;

export interface AskParts {
  readonly fetch: Fetch;
  /** Milliseconds until an answer is no longer waited for, a second try included. Default 3,000. */
  readonly timeout?: number;
}

/** One question. A question is asked twice only where the provider takes the second for the first. */
export interface Question {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | URLSearchParams;
  readonly repeatable?: boolean;
}

/** What a provider said. */
export interface Answered {
  readonly kind: 'answered';
  readonly status: number;
  /** The members of the JSON object; empty where there is none and the status says enough. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The provider's own clock, milliseconds since 1970; NaN where it does not say. */
  readonly date: number;
}

export type Ask = (question: Question) => Promise<Answered | Unreachable>;

const TIMEOUT = 3000;
/** Answers have some hundred bytes. */
const MAX_ANSWER = 16 * 1024;
/** Calls to one provider at the same time: more would be a flood that the gate hands on. */
const MAX_CONCURRENT = 64;

/** Asks one provider by POST: bounded in time, size and number, following no redirect. Never throws. */
export function createAsk({ fetch, timeout = TIMEOUT }: AskParts): Ask {
  let running = 0;
  async function once({ url, headers = {}, body }: Question, signal: AbortSignal): Promise<Answered | Unreachable> {
    try {
      return await read(await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal }));
    } catch {
      // Its message may name the address, and with it what is configured there.
      return unreachable(signal.aborted ? `no answer within ${timeout} ms` : 'the connection failed or broke off');
    }
  }
  return async (question) => {
    if (running >= MAX_CONCURRENT) return unreachable('too many calls to the provider at once');
    running++;
    const signal = AbortSignal.timeout(timeout);
    try {
      const first = await once(question, signal);
      const again = first.kind === 'unreachable' && question.repeatable === true && !signal.aborted;
      return again ? await once(question, signal) : first;
    } finally {
      running--;
    }
  };
}

async function read(response: Response): Promise<Answered | Unreachable> {
  const { status, headers } = response;
  if (status < 200 || (status >= 300 && status < 400) || status >= 500) {
    await response.body?.cancel();
    return unreachable(`the provider answers ${status}`);
  }
  const body = parse(await readAtMost(response, MAX_ANSWER));
  if (body === null && status < 400) return unreachable('the provider’s answer is no JSON object');
  return { kind: 'answered', status, body: body ?? {}, date: Date.parse(headers.get('date') ?? '') };
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
