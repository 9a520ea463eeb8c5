import { toObservation, type Made } from './traffic.ts';
import { NO_MARKS } from '../../src/learning/marks.ts';
import { zipOf } from './zip.ts';

/** What was made as a HAR file (version 1.2): that of one browser session, as browsers write it. */
export const harOf = (made: readonly Made[]): string =>
  JSON.stringify({ log: { version: '1.2', entries: made.map((one) => entryOf(one, text)) } });

/** The same as a trace of Playwright: an entry in each line, bodies beside them. */
export function traceOf(made: readonly Made[]): Buffer {
  const bodies: Record<string, string> = {};
  const beside: Content = (body) => {
    const name = `${Object.keys(bodies).length}.json`;
    bodies[`resources/${name}`] = body;
    return { _sha1: name };
  };
  const lines = made.map((one) => JSON.stringify({ type: 'resource-snapshot', snapshot: entryOf(one, beside) }));
  return zipOf({ '0-trace.network': lines.join('\n'), ...bodies });
}

/** How an entry holds a body. */
type Content = (body: string) => object;

const text: Content = (body) => ({ text: body });

function entryOf(made: Made, content: Content): object {
  const { exchange, type } = toObservation(made, NO_MARKS);
  const fields = exchange?.fields ?? [];
  const headers = fields.flatMap((name, at) => (at % 2 === 0 ? [{ name, value: fields[at + 1] ?? '' }] : []));
  return {
    startedDateTime: new Date(made.time).toISOString(),
    request: {
      method: made.method,
      url: `https://app.test${made.target}`,
      headers,
      ...(exchange === null || exchange.body === null
        ? {}
        : { postData: { mimeType: type, ...content(exchange.body) } }),
    },
    response: {
      status: made.status,
      content:
        exchange === null || exchange.answer === null
          ? { mimeType: 'text/plain' }
          : { mimeType: 'application/json', ...content(exchange.answer) },
    },
  };
}
