import { prefixOf } from '../../lib/address.ts';
import { remembered } from '../remembered.ts';
import type { Observation } from '../observation.ts';

/**
 * `203.0.113.7 - jake [22/Nov/2026:10:00:00 +0000] "GET /api/posts HTTP/1.1" 200 512 "https://…/" "Mozilla/5.0 …"`, as
 * nginx and Apache write it, with the virtual host in front or not, the last two fields or not.
 */
const LINE =
  /^(?:\S+:\d+ )?(\S+) \S+ \S[^[]{0,200}\[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "([A-Z]+) (\S+)(?: [^"]*)?" (\d{3}) \S+(?: "([^"\\]*(?:\\.[^"\\]*)*)" "([^"\\]*(?:\\.[^"\\]*)*)")?/;

export const NOT_A_REQUEST = 'no request line that could be read';

/** One line; null where it is none of these. */
export function readCombined(line: string): Observation | null {
  const found = LINE.exec(line);
  if (found === null) return null;
  const [, address = '', date = '', method = '', target = '', status = '', referer = '', agent = ''] = found;
  const time = timeOf(date);
  if (!target.startsWith('/') || Number.isNaN(time)) return null;
  return fromLog({ time, address, method, target: unescaped(target), status: Number(status), referer, agent });
}

/** What any access log has to say. */
export interface Logged {
  readonly time: number;
  readonly address: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly referer: string;
  readonly agent: string;
}

const NO_MARKS: readonly string[] = Object.freeze([]);

export const fromLog = ({ time, address, method, target, status, referer, agent }: Logged): Observation =>
  inLog(
    time,
    prefixes(address),
    method,
    target,
    status,
    agents(unescaped(agent)),
    referer === '' || referer === '-' ? '' : pages(referer),
  );

/** Its fields one by one: there are millions, and each object costs. */
export const inLog = (
  time: number,
  prefix: string,
  method: string,
  target: string,
  status: number,
  agent: string,
  page: string,
  line = -1,
  targetNumber = -1,
): Observation => ({
  time,
  session: '',
  prefix,
  method,
  target,
  status,
  agent,
  carrier: '',
  page,
  type: '',
  request: null,
  answer: null,
  marks: NO_MARKS,
  verified: null,
  exchange: null,
  line,
  targetNumber,
});

/** The same few of these come again and again; each is kept once. */
const agents = remembered((agent) => (agent === '-' ? '' : agent));
const prefixes = remembered((address) => prefixOf(address), 65_536);
export const pages = remembered((referer) => URL.parse(referer)?.pathname ?? '');

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** `22/Nov/2026:10:00:00 +0000`: milliseconds since 1970. */
export const timeOf = (date: string): number => {
  const month = MONTHS.indexOf(date.slice(3, 6)) / 3 + 1;
  const [day, year, clock, zone] = [date.slice(0, 2), date.slice(7, 11), date.slice(12, 20), date.slice(21)];
  return Date.parse(`${year}-${String(month).padStart(2, '0')}-${day}T${clock}${zone.slice(0, 3)}:${zone.slice(3)}`);
};

/** nginx writes `\x22`, Apache `\"`: for what could end the field. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:x([0-9A-Fa-f]{2})|(.))/g, (_, code: string | undefined, plain: string) =>
    code === undefined ? plain : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
