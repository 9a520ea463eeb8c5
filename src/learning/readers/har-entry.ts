import { toWrittenView } from '../../adapters/node/view.ts';
import { carrierOf } from '../../guard/carrier.ts';
import type { Carrier } from '../../guard/decision.ts';
import { prefixOf } from '../../lib/address.ts';
import type { Marks } from '../marks.ts';
import type { Observation } from '../observation.ts';
import { LONGEST_BODY, shapeOfText } from '../shape.ts';
import { pages } from './combined-log.ts';
import { inOwnNames, withoutProof } from './proofs.ts';

export const NOT_AN_ENTRY = 'no request and answer in it';

/** Texts of bodies that an entry only names; null where there is none of this name. */
export type Bodies = (name: string) => string | null;

export interface ReadEntry {
  /** Which host it was sent to. */
  readonly host: string;
  readonly observation: Observation;
}

/** One entry of a HAR file (version 1.2), as browsers and Playwright write them; null where it tells of no request. */
export function readEntry(
  entry: unknown,
  session: string,
  marks: Marks,
  bodies: Bodies = () => null,
): ReadEntry | null {
  const { request, response, startedDateTime, clientIPAddress } = objectOf(entry);
  const asked = objectOf(request);
  const answered = objectOf(response);
  const url = URL.parse(textOf(asked['url']));
  const time = Date.parse(textOf(startedDateTime));
  const status = Number(answered['status']);
  const method = textOf(asked['method']);
  if (url === null || Number.isNaN(time) || !/^[A-Z]{1,20}$/.test(method) || !(status >= 0 && status < 600))
    return null;
  // Blocked, aborted, or answered by the browser itself.
  if (!/^https?:|^wss?:/.test(url.protocol)) return null;
  const fields = inOwnNames(fieldsOf(asked['headers'], url.host));
  const target = withoutProof(url.pathname + url.search);
  const body = bodyText(asked['postData'], bodies);
  const bytes = body === null ? null : Buffer.from(body);
  const { headers } = toWrittenView({ method, target, fields, peer: '', body: bytes });
  const carrier = carrierIn(
    entry,
    headers.secFetchMode !== '',
    carrierOf(toWrittenView({ method, target, fields, peer: '', body: bytes })),
  );
  const type = essence(headers.contentType || textOf(objectOf(asked['postData'])['mimeType']));
  const answer = answerText(objectOf(answered['content']), bodies);
  const observation: Observation = {
    time,
    session,
    prefix: prefixOf(textOf(clientIPAddress)),
    method,
    target,
    status,
    agent: headers.userAgent,
    carrier,
    page: headers.referer === '' ? '' : pages(headers.referer),
    type: body === null ? '' : type,
    request: body === null ? null : shapeOfText(body, marks),
    answer: answer === null ? null : shapeOfText(answer, marks),
    marks: marks.ofPath(url.pathname),
    verified: null,
    exchange: { fields, body, answer },
  };
  return { host: url.host, observation };
}

/** What the file itself says of the kind of request, where its fields do not. */
function carrierIn(entry: unknown, isShown: boolean, byFields: Carrier): Carrier {
  if (isShown) return byFields;
  const { _resourceType: kind } = objectOf(entry);
  if (kind === 'websocket') return 'socket';
  if (kind === 'eventsource') return 'stream';
  if (kind === 'document') return byFields === 'form' ? 'form' : 'navigation';
  if (kind === 'ping') return 'beacon';
  return kind === 'image' || kind === 'media' || kind === 'font' || kind === 'stylesheet' ? 'media' : byFields;
}

/** Names of HTTP/2's own begin with a colon. */
function fieldsOf(headers: unknown, host: string): string[] {
  const fields: string[] = [];
  for (const header of Array.isArray(headers) ? headers.slice(0, 200) : []) {
    const { name, value } = objectOf(header);
    if (typeof name === 'string' && typeof value === 'string' && !name.startsWith(':')) fields.push(name, value);
  }
  const names = fields.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return names.includes('host') ? fields : ['Host', host, ...fields];
}

function bodyText(postData: unknown, bodies: Bodies): string | null {
  const { text, _sha1: name } = objectOf(postData);
  const found = typeof text === 'string' ? text : typeof name === 'string' ? bodies(name) : null;
  return found === null || found === '' || found.length > LONGEST_BODY ? null : found;
}

function answerText({ text, encoding, mimeType, _sha1: name }: Record<string, unknown>, bodies: Bodies): string | null {
  if (!/json/i.test(textOf(mimeType))) return null;
  const found = typeof text === 'string' ? text : typeof name === 'string' ? bodies(name) : null;
  if (found === null || found.length > LONGEST_BODY) return null;
  return encoding === 'base64' ? Buffer.from(found, 'base64').toString() : found;
}

/** A media type without its parameters. */
export const essence = (type: string): string => (type.split(';')[0] ?? '').trim().toLowerCase();

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
