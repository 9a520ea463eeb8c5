import type { Context, Target } from '../context.ts';
import type { Facade } from '../facade.ts';

/** Reads event streams as browsers do (HTML §9.2): parser, reconnection, Last-Event-ID. */

interface Stream {
  /** What the server asked for; milliseconds. */
  retry: number;
  /** Sent as Last-Event-ID on the next connection. */
  lastId: string;
}

/** Until closed, or until the server answers with anything but a stream. */
export async function connect(
  { call, platform }: Context,
  target: Target,
  facade: Facade<EventSource>,
  init: unknown,
): Promise<void> {
  const stream: Stream = { retry: 3000, lastId: '' };
  const abort = new AbortController();
  facade.withCredentials = !!(typeof init === 'object' && init && 'withCredentials' in init && init.withCredentials);
  facade.close = () => {
    facade.readyState = 2;
    abort.abort();
  };
  while (facade.readyState !== 2) {
    try {
      const response = await call(target, request(target, facade, stream, abort.signal));
      if (!isStream(response)) {
        facade.readyState = 2;
        facade.dispatchEvent(new Event('error'));
        return response.body?.cancel();
      }
      facade.readyState = 1;
      facade.dispatchEvent(new Event('open'));
      await readStream(facade, response, stream);
    } catch {
      // The connection broke, or was never made: as at its end, it is made again.
    }
    if (facade.readyState === 2) return;
    facade.readyState = 0;
    facade.dispatchEvent(new Event('error'));
    await new Promise<void>((done) => void platform.later(done, stream.retry));
  }
}

function request({ url }: Target, facade: Facade<EventSource>, stream: Stream, signal: AbortSignal): Request {
  return new Request(url, {
    headers: { accept: 'text/event-stream', ...(stream.lastId && { 'last-event-id': stream.lastId }) },
    cache: 'no-store',
    credentials: facade.withCredentials ? 'include' : 'same-origin',
    signal,
  });
}

function isStream(response: Response): boolean {
  return response.status === 200 && /^text\/event-stream\s*(?:;|$)/i.test(response.headers.get('content-type') ?? '');
}

async function readStream(facade: Facade<EventSource>, response: Response, stream: Stream): Promise<void> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  const { origin } = new URL(response.url);
  const take = createParser(stream, (type, data) => {
    if (facade.readyState !== 2)
      facade.dispatchEvent(new MessageEvent(type, { data, origin, lastEventId: stream.lastId }));
  });
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done || facade.readyState === 2) return;
    take(decoder.decode(part.value, { stream: true }));
  }
}

/** Takes pieces of the text, cut anywhere. An event that no blank line ended is dropped with the parser. */
export function createParser(stream: Stream, emit: (type: string, data: string) => void): (text: string) => void {
  let rest = '';
  let type = '';
  let data = '';
  let id = stream.lastId;
  function line(text: string): void {
    if (text === '') {
      stream.lastId = id;
      if (data) emit(type || 'message', data.slice(0, -1));
      type = data = '';
      return;
    }
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data += `${value}\n`;
    else if (field === 'event') type = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) stream.retry = Number(value);
  }
  let afterReturn = false;
  return (text) => {
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const character = text[at];
      // The other half of a CRLF, maybe in the next piece.
      const half = character === '\n' && afterReturn;
      afterReturn = character === '\r';
      if (half) from = at + 1;
      else if (character === '\n' || afterReturn) {
        line(rest + text.slice(from, at));
        rest = '';
        from = at + 1;
      }
    }
    rest += text.slice(from);
  };
}
