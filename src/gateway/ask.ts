import type { Dispatcher } from 'undici';
import type { Ask, Question, Reply } from '../guard/ask.ts';
import { labelOf } from '../guard/session-label.ts';
import type { RequestView } from '../guard/view.ts';
import { within } from '../lib/within.ts';
import { toBackend } from './fields.ts';
import type { Route } from './route.ts';

/** Milliseconds from the question to the last byte of its answer. */
const PATIENCE_MS = 5000;
const LARGEST_ANSWER = 1024 * 1024;

/** What a question is sent by. */
export type AskRoute = Pick<Route, 'rules' | 'upstream' | 'assertions'>;

/**
 * Asks the backend on behalf of a layer: GET, with the assertion of whoever calls, the provider's token where policy
 * relays it, and none of the client's fields but those that policy lists.
 *
 * @param route what is in force now
 */
export function createAsk(route: () => AskRoute | null): Ask {
  return async (question) => {
    const current = route();
    if (current === null) throw new Error('the gate has not started');
    const headers = await fieldsFor(current, question);
    return send(current, question.path, headers);
  };
}

async function fieldsFor({ rules, assertions }: AskRoute, question: Question): Promise<string[]> {
  const { request, context, fields } = question;
  const { subject, key, relay, address, secure, authority, level, route } = context;
  const facts = { subject, key, relay, address, secure, authority, level, route };
  const out = toBackend(rules, { ...request, fields: onlyFields(request, fields) }, facts);
  out.push('Accept', 'application/json');
  const session = labelOf(context.ticket?.session ?? context.cookieSession);
  const client = context.ticket?.client ?? '';
  // The question is the gate's own: it carries who asks, whatever becomes of the call.
  const value = await assertions?.fieldFor({ ...facts, outcome: 'admit', trail: [], session, client });
  if (value !== undefined && value !== '') out.push('Sallyport-Assertion', value);
  return out;
}

function onlyFields({ fields }: RequestView, names: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'host' || names.includes(lower)) out.push(name, fields[i + 1] ?? '');
  }
  return out;
}

async function send({ upstream }: AskRoute, path: string, headers: string[]): Promise<Reply> {
  const stop = new AbortController();
  const dispatched = Promise.withResolvers<Dispatcher.ResponseData>();
  const ride = upstream.board(
    {
      start(dispatcher) {
        dispatcher
          .request({ path, method: 'GET', headers, signal: stop.signal })
          .then(dispatched.resolve, dispatched.reject);
      },
    },
    false,
  );
  try {
    return await within(
      dispatched.promise.then((response) => toReply(response)),
      PATIENCE_MS,
    );
  } catch (error) {
    dispatched.promise.catch(() => {});
    stop.abort();
    throw error;
  } finally {
    ride.leave();
  }
}

async function toReply({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Reply> {
  body.on('error', () => {});
  const type = String(headers['content-type'] ?? '');
  if (statusCode !== 200 || !isJson(type)) {
    await body.dump({ limit: LARGEST_ANSWER });
    return { status: statusCode, json: undefined };
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > LARGEST_ANSWER) throw new RangeError('the answer is longer than 1 MiB');
    chunks.push(bytes);
  }
  return { status: statusCode, json: parse(Buffer.concat(chunks)) };
}

/** `application/json`, `application/problem+json`, with or without parameters. */
const isJson = (type: string): boolean => /^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i.test(type.trim());

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
