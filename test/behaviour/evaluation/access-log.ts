import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { MadeCall, MadeSession } from '../app/people.ts';
import { play, type Seen, settle, type Visit } from '../app/play.ts';
import { createBook } from '../../../src/behaviour/book.ts';
import { leastRate } from './rate-limit.ts';

/** A public access log in combined form: what the model makes of sessions that it knows nothing of but their calls. */

export interface LogJudged {
  readonly file: string;
  readonly sha256: string;
  readonly lines: number;
  readonly unread: number;
  /** Sessions of eight calls or more in the second half of the log, those of declared programs and the others. */
  readonly programs: readonly LogSession[];
  readonly others: readonly LogSession[];
  readonly taught: number;
}

export interface LogSession {
  readonly seen: Seen;
  readonly rate: number;
}

const LINE = /^(\S+) \S+ \S+ \[([^\]]+)\] "([A-Z]+) (\S+)[^"]*" (\d{3}) \S+(?: "[^"]*" "([^"]*)")?/;
const DECLARED = /bot|crawl|spider|slurp|feed|fetch|monitor|curl|wget|java\/|python|ruby|perl|libwww|go-http|reader/i;
const IDLE_SECONDS = 1800;
const FEWEST_CALLS = 8;

export async function judgeLog(path: string): Promise<LogJudged> {
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  const { sessions, unread } = sessionsOf(lines);
  const half = (sessions.at(-1)?.start ?? 0) / 2;
  const long = sessions.filter(({ made }) => made.calls.length >= FEWEST_CALLS);
  const [first, second] = [long.filter(({ start }) => start < half), long.filter(({ start }) => start >= half)];
  const needed = Math.floor(first.length * 0.8);
  const book = createBook({ limits: () => ({ sessions: needed, perPrefix: Math.ceil(needed / 50) }), seed: 1 });
  play(book, first);
  settle(book, first);
  const judged = play(book, second).map((seen) => ({ seen, rate: leastRate(seen.visit.made) }));
  return {
    file: basename(path),
    sha256: createHash('sha256').update(text).digest('hex'),
    lines: lines.length,
    unread,
    programs: judged.filter(({ seen }) => seen.visit.made.kind === 'declared'),
    others: judged.filter(({ seen }) => seen.visit.made.kind !== 'declared'),
    taught: book.model.learned,
  };
}

/** One address and browser within half an hour is a session; in the order in which they begin. */
function sessionsOf(lines: readonly string[]): { sessions: Visit[]; unread: number } {
  const open = new Map<string, { start: number; last: number; kind: string; prefix: string; calls: MadeCall[] }>();
  const closed: Visit[] = [];
  let unread = 0;
  let begin = Number.NaN;
  const close = (name: string): void => {
    const found = open.get(name);
    open.delete(name);
    if (found === undefined) return;
    const { start, prefix, kind, calls } = found;
    const made: MadeSession = { kind, calls };
    closed.push({ made, start, prefix, session: { sessionIdHigh: 1, sessionIdLow: closed.length + 1 } });
  };
  for (const line of lines) {
    const [, address = '', time = '', method = '', target = '', status = '', agent = ''] = LINE.exec(line) ?? [];
    const at = Date.parse(time.replace(/^(\d+)\/(\w+)\/(\d+):/, '$1 $2 $3 ')) / 1000;
    if (address === '' || Number.isNaN(at)) {
      unread += 1;
      continue;
    }
    if (Number.isNaN(begin)) begin = at;
    const name = `${address} ${agent}`;
    if (at - (open.get(name)?.last ?? at) > IDLE_SECONDS) close(name);
    const kind = DECLARED.test(agent) ? 'declared' : 'other';
    const known = open.get(name) ?? { start: at - begin, last: at, kind, prefix: address, calls: [] };
    open.set(name, known);
    known.last = at;
    known.calls.push({
      at: at - begin - known.start,
      route: `${method} ${routeOf(target)}`,
      target,
      status: Number(status),
    });
  }
  for (const name of [...open.keys()]) close(name);
  return { sessions: closed.toSorted((one, other) => one.start - other.start), unread };
}

/** The first part of the path, and what kind of file it is: what a policy would name. */
function routeOf(target: string): string {
  const path = target.split('?')[0] ?? '';
  const [, first = ''] = path.split('/');
  const [, kind = ''] = /\.([a-z0-9]{1,5})$/i.exec(path) ?? [];
  return `/${first.replace(/\d+/g, ':n').slice(0, 40)}/**${kind === '' ? '' : `.${kind.toLowerCase()}`}`;
}
