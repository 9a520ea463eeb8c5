import type { Observation } from '../observation.ts';
import { fromLog } from './combined-log.ts';

/** Where servers put what is wanted: nginx (as its users write it), Caddy, pino-http, Traefik, Envoy, the Elastic schema. */
const TIME = ['time', 'ts', 'time_iso8601', 'msec', 'timestamp', '@timestamp', 'StartUTC', 'start_time', 'time_local'];
const ADDRESS = [
  'remote_addr',
  'request.client_ip',
  'request.remote_ip',
  'req.remoteAddress',
  'ClientHost',
  'client_ip',
  'remote_ip',
  'ip',
  'client.ip',
  'downstream_remote_address',
];
const METHOD = ['request_method', 'request.method', 'req.method', 'RequestMethod', 'method', 'http.request.method'];
const TARGET = ['request_uri', 'request.uri', 'req.url', 'RequestPath', 'uri', 'url', 'path', 'url.original'];
const STATUS = [
  'status',
  'res.statusCode',
  'DownstreamStatus',
  'status_code',
  'statusCode',
  'response_code',
  'http.response.status_code',
];
const AGENT = [
  'http_user_agent',
  'request.headers.User-Agent',
  'req.headers.user-agent',
  'request_User-Agent',
  'user_agent',
  'userAgent',
  'user_agent.original',
];
const REFERER = [
  'http_referer',
  'http_referrer',
  'request.headers.Referer',
  'req.headers.referer',
  'request_Referer',
  'referer',
  'referrer',
  'http.request.referrer',
];

/** One line of JSON; null where it tells of no request. */
export function readJson(line: string): Observation | null {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return null;
  // nginx's `$request`: the request line as a whole.
  const whole = textAt(record, ['request']).split(' ');
  const [method = '', target = ''] = whole.length >= 2 ? whole : [textAt(record, METHOD), textAt(record, TARGET)];
  const status = Number(textAt(record, STATUS));
  const time = timeOf(textAt(record, TIME));
  const path = target.startsWith('/') ? target : withoutOrigin(target);
  if (!/^[A-Z]{1,20}$/.test(method) || path === '' || !(status >= 100 && status < 600) || Number.isNaN(time))
    return null;
  return fromLog({
    time,
    address: withoutPort(textAt(record, ADDRESS)),
    method,
    target: path,
    status,
    referer: textAt(record, REFERER),
    agent: textAt(record, AGENT),
  });
}

/** The first of these fields that holds a text, a number or a list of them. `a.b` is `b` within `a`, or one name. */
function textAt(record: object, names: readonly string[]): string {
  for (const name of names) {
    const value = fieldAt(record, name);
    const one: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof one === 'string' || typeof one === 'number') return String(one);
  }
  return '';
}

function fieldAt(record: object, name: string): unknown {
  if (Object.hasOwn(record, name)) return Reflect.get(record, name);
  const dot = name.indexOf('.');
  if (dot < 0) return undefined;
  const inner: unknown = Object.hasOwn(record, name.slice(0, dot))
    ? Reflect.get(record, name.slice(0, dot))
    : undefined;
  return typeof inner === 'object' && inner !== null ? fieldAt(inner, name.slice(dot + 1)) : undefined;
}

/** Seconds or milliseconds since 1970, ISO 8601, or the date of the combined form. */
function timeOf(text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    return number > 1e11 ? number : number * 1000;
  }
  const [, day, month, rest] = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}:.*)$/.exec(text) ?? [];
  return Date.parse(rest === undefined ? text : `${day} ${month} ${rest.replace(':', ' ')}`);
}

const withoutOrigin = (target: string): string => {
  const url = /^https?:/.test(target) ? URL.parse(target) : null;
  return url === null ? '' : url.pathname + url.search;
};

/** `203.0.113.7:5123`, `[2001:db8::1]:5123` */
const withoutPort = (address: string): string =>
  address.replace(/^\[([^\]]+)\](?::\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
