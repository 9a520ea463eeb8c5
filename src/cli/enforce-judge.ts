import { type FoundRoute, matchFor } from '../gateway/found.ts';
import type { DecisionRecord } from '../gateway/decision-record.ts';
import { shapeOf } from '../gateway/routebook.ts';
import { CODES, type Code } from '../wire/codes.ts';
import { command } from './banner.ts';
import type { PageTrial } from './page-trial.ts';
import { shown } from './terminal.ts';

/** Requests of one kind that enforce mode would refuse. */
export interface Break {
  /** `GET /api/posts/:id` */
  readonly route: string;
  readonly code: string;
  /** Pages (from a browser) or sessions (from records) that are hit. */
  readonly hit: number;
  /** One id of them, for `sallyport why`. */
  readonly id: string;
}

/** What is known before the switch. */
export interface Judgement {
  readonly basis: 'browser' | 'records' | 'none';
  readonly breaks: readonly Break[];
  readonly found: readonly FoundRoute[];
  /** Why the gate is not switched on; '' where nothing stands in the way. */
  readonly reason: string;
}

/**
 * Goes by what a browser saw. Returns null where the pages taught nothing: neither doors nor protected calls.
 *
 * @param byHand routes whose carriers are never listed by `--accept-found`: a page that uses one would break
 */
export function judgeTrials(
  trials: readonly PageTrial[],
  recordOf: (id: string) => DecisionRecord | null,
  byHand: ReadonlySet<string>,
): Judgement | null {
  const lost = trials.find(({ status, trouble }) => trouble !== '' || status < 200 || status > 399);
  if (lost !== undefined) {
    const why = lost.trouble === '' ? `it answers ${lost.status}` : shown(lost.trouble);
    return {
      basis: 'browser',
      breaks: [],
      found: [],
      reason: `the page ${shown(lost.page)} does not load (${why}); name another with --page PATH`,
    };
  }
  const records = trials
    .flatMap(({ requests }) => requests.map(({ id }) => (id === '' ? null : recordOf(id))))
    .filter((record) => record !== null);
  const breaks = collect(
    records.filter((record) => breaksTrial(record) && (record.code !== 'carrier' || byHand.has(matchFor(record)))),
    () => 'page',
  );
  if (!trials.some(({ entered }) => entered)) {
    if (breaks.length === 0) return null;
    return {
      basis: 'browser',
      breaks,
      found: [],
      reason: `the page’s script did not open the second door (\`${command()} doctor\` looks for the cause)`,
    };
  }
  return { basis: 'browser', breaks, found: [], reason: breaks.length === 0 ? '' : 'the page would break' };
}

/** More than this share of sessions hit means that pages break, and not that somebody probes. */
const TOLERATED = 0.02;

/** Goes by what visitors did in report mode. Only visitors whose page opened the doors can speak for the page. */
export function judgeRecords(records: readonly DecisionRecord[], sessions: number): Judgement {
  if (sessions === 0) return { basis: 'none', breaks: [], found: [], reason: NOTHING_KNOWN };
  const hit = records.filter(({ session, code }) => session !== '' && code !== 'carrier' && breaksPages(code));
  const share = new Set(hit.map(({ session }) => session)).size / sessions;
  const breaks = collect(hit, ({ session }) => session);
  const reason = share > TOLERATED ? `${Math.round(share * 100)} % of the recorded sessions would break` : '';
  return { basis: 'records', breaks, found: [], reason };
}

const NOTHING_KNOWN =
  'nothing is known of the page: no Chromium was found to load it (CHROME_PATH names one elsewhere), and no page has been recorded in report mode; open the page once through the gate, then try again';

/** A challenge is asked of nobody in report mode, and done by the page in the other. */
const breaksTrial = ({ code }: DecisionRecord): boolean => code !== '' && code !== 'challenge';

/** What the page's script mends by itself is no breakage. */
function breaksPages(code: Code | ''): boolean {
  return code !== '' && (code === 'entry-required' || CODES[code].remedy === 'none');
}

function collect(records: readonly DecisionRecord[], whoOf: (record: DecisionRecord) => string): Break[] {
  const groups = new Map<string, { first: DecisionRecord; who: Set<string> }>();
  for (const record of records) {
    const key = `${record.code} ${record.method} ${shapeOf(record.path)}`;
    const group = groups.get(key) ?? { first: record, who: new Set() };
    group.who.add(whoOf(record));
    groups.set(key, group);
  }
  return [...groups.values()].map(({ first, who }) => ({
    route: `${first.method} ${shapeOf(first.path)}`,
    code: first.code,
    hit: who.size,
    id: first.id,
  }));
}
