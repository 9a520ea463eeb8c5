import type { Marks } from '../../src/learning/marks.ts';
import type { Observation, Source } from '../../src/learning/observation.ts';
import { shapeOfText } from '../../src/learning/shape.ts';

/** One call as a browser's page makes it, and what the app answered. */
export interface Made {
  readonly time: number;
  readonly session: string;
  readonly prefix: string;
  readonly agent: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly page: string;
  readonly body?: unknown;
  readonly answer?: unknown;
  /** Fetch's mode and destination, where it is no call of the page's code. */
  readonly mode?: string;
  readonly destination?: string;
  readonly type?: string;
  /** Whether a gate found its proof good. Default: none was asked. */
  readonly verified?: boolean;
}

const BROWSERS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
];

export const browserOf = (number: number): string => BROWSERS[number % BROWSERS.length] ?? '';

/** An address of the networks that are kept for documentation and tests (RFC 2544, RFC 5737). */
export const networkOf = (number: number): string => `198.18.${Math.floor(number / 250) % 250}.${(number % 250) + 1}`;

export function toObservation(made: Made, marks: Marks): Observation {
  const { time, session, prefix, agent, method, target, status, page, body, answer } = made;
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
  const type = made.type ?? (text === null ? '' : 'application/json');
  const answerText = answer === undefined ? null : JSON.stringify(answer);
  const [mode, destination] = [made.mode ?? 'cors', made.destination ?? 'empty'];
  const fields = ['Host', 'app.test', 'User-Agent', agent, 'Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Mode', mode];
  fields.push('Sec-Fetch-Dest', destination, 'Referer', `https://app.test${page}`);
  if (text !== null) fields.push('Content-Type', type, 'Origin', 'https://app.test');
  return {
    time,
    session,
    prefix,
    method,
    target,
    status,
    agent,
    carrier: mode === 'navigate' ? (method === 'GET' ? 'navigation' : 'form') : mode === 'no-cors' ? 'media' : 'call',
    page,
    type,
    request: text === null ? null : shapeOfText(text, marks),
    answer: answerText === null ? null : shapeOfText(answerText, marks),
    marks: marks.ofPath(target.split('?')[0] ?? ''),
    verified: made.verified ?? null,
    exchange: { fields, body: text, answer: answerText },
  };
}

/** Traffic in memory, in the order of its times. */
export function sourceOf(made: readonly Made[], marks: Marks): Source {
  const observations = made.toSorted((a, b) => a.time - b.time).map((one) => toObservation(one, marks));
  const all = { fields: true, bodies: true, networks: true, queries: true };
  return {
    name: 'memory',
    format: 'HAR',
    shows: all,
    judges: all,
    size: observations.length,
    async *read(tally, onBytes = () => {}) {
      for (let at = 0; at < observations.length; at += 500) {
        const batch = observations.slice(at, at + 500);
        tally.read(batch.length);
        onBytes(batch.length);
        yield batch;
      }
    },
  };
}

/** The same as lines of an access log in combined form. */
export const toLogLine = ({ prefix, time, method, target, status, page, agent }: Made): string => {
  const [, day, month, year, clock] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(time).toUTCString()) ?? [];
  return `${prefix} - - [${day}/${month}/${year}:${clock} +0000] "${method} ${target} HTTP/1.1" ${status} 512 "https://app.test${page}" "${agent}"`;
};
