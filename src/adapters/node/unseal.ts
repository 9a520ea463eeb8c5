import type { Answer } from '../../guard/decision.ts';
import type { SealedDesk, Unsealed } from '../../guard/sealed.ts';
import type { RequestView } from '../../guard/view.ts';
import type { Incoming, Outgoing } from './message.ts';
import { sealAnswer } from './seal-answer.ts';
import { toView } from './view.ts';

/**
 * Makes of a request that holds a sealed call that call, in place: whoever reads it from here on, the guard, the gate or an
 * app behind the middleware, finds the call as if it had never been sealed; and what they answer goes out sealed.
 * Answers the view of the call, or what refuses it. Rejects where the client went away.
 */
export async function unseal(
  desk: SealedDesk,
  request: Incoming,
  response: Outgoing,
  view: RequestView,
): Promise<RequestView | Answer> {
  const opened = await desk.open(view);
  if ('status' in opened) return opened;
  become(request, opened);
  sealAnswer(response, opened);
  return toView(request, response, opened.ticket);
}

function become(request: Incoming, { method, target, fields, body }: Unsealed): void {
  const length = body.length === 0 ? [] : ['content-length', String(body.length)];
  const rawHeaders = [...fields, ...length];
  Object.assign(request, { method, url: target, rawHeaders });
  // Node's own requests keep what they have made of their first lines.
  if ('headersDistinct' in request) Object.assign(request, { headers: joined(rawHeaders), headersDistinct: lists(rawHeaders) });
  // All of the sealed body has been read, and its end not been told yet.
  if (body.length > 0) request.unshift(body);
}

/** As node joins them (`message.headers`), as far as requests have them: the first of what comes once, cookies by `; `. */
function joined(raw: readonly string[]): Record<string, string> {
  const out: Record<string, string> = Object.create(null);
  for (const [name, values] of Object.entries(lists(raw))) {
    out[name] = ONCE.has(name) ? (values[0] ?? '') : values.join(name === 'cookie' ? '; ' : ', ');
  }
  return out;
}

function lists(raw: readonly string[]): Record<string, string[]> {
  const out: Record<string, string[]> = Object.create(null);
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    out[name] = [...(out[name] ?? []), raw[at + 1] ?? ''];
  }
  return out;
}

/** Fields of requests of which node takes the first alone. */
const ONCE: ReadonlySet<string> = new Set([
  ...['authorization', 'content-length', 'content-type', 'from', 'host', 'if-modified-since', 'if-unmodified-since'],
  ...['max-forwards', 'proxy-authorization', 'referer', 'user-agent'],
]);
