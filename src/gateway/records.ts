import type { Decision } from '../guard/decision.ts';
import type { RequestView } from '../guard/view.ts';
import { SESSION_COOKIE, STAMP_COOKIE } from '../wire/constants.ts';
import { withoutKeys } from '../wire/key.ts';
import { familyOf } from '../lib/agent.ts';
import type { DecisionRecord } from './decision-record.ts';
import { isEntryRoute } from './entry-route.ts';
import { createRouteBook, type RouteSeen } from './routebook.ts';
import { createVisitorBook, type Summary, summaryOf, type VisitorFacts } from './summary.ts';

export type { DecisionRecord } from './decision-record.ts';

export interface RecordsOptions {
  /** Wall clock, milliseconds. */
  readonly now: () => number;
  /** Refusals kept. Default 10,000. */
  readonly capacity?: number;
  /** Admitted requests kept beside them, so that their ids can be looked up. Default 1,000. */
  readonly admitted?: number;
  /** Milliseconds that anything is kept. Default seven days. */
  readonly life?: number;
  /** Names of the gate's own cookies: who shows no other is anonymous to the backend. */
  readonly cookies?: readonly string[];
}

export interface Records {
  /** For `Guard.onDecision`. */
  add(decision: Decision, view: RequestView): void;
  /** What the backend answered. */
  settled(decision: Decision, view: RequestView, status: number): void;
  get(id: string): DecisionRecord | null;
  /** Refusals and would-be refusals, latest first. */
  latest(limit: number): readonly DecisionRecord[];
  summary(): Summary;
  /** What the summary is made of. */
  visitors(): VisitorFacts;
  /** Routes seen, with the ways they were called: what `enforce` has to know before it switches. */
  routes(): readonly RouteSeen[];
}

const SEVEN_DAYS = 7 * 24 * 3600 * 1000;
const MAX_TEXT = 256;

export function createRecords(options: RecordsOptions): Records {
  const life = options.life ?? SEVEN_DAYS;
  const refused = createRing(options.capacity ?? 10_000);
  const admitted = createRing(options.admitted ?? 1_000);
  const routes = createRouteBook(options.now, options.cookies ?? [SESSION_COOKIE, STAMP_COOKIE]);
  const visitors = createVisitorBook();

  const find = (id: string): DecisionRecord | null => {
    const found = refused.get(id) ?? admitted.get(id);
    return found !== undefined && options.now() - found.at <= life ? found : null;
  };

  return {
    add(decision, view) {
      if (isIncidental(decision)) return;
      const record = toRecord(decision, view, options.now());
      (record.code === '' ? admitted : refused).add(record);
      // Ended while it was open: as a request it has been counted.
      if (decision.openFor !== undefined) return;
      routes.add(record);
      visitors.add(record);
    },
    settled(decision, view, status) {
      const record = refused.get(decision.id) ?? admitted.get(decision.id);
      if (record !== undefined) record.status = status;
      routes.settled(decision, view, status);
    },
    get: find,
    latest: (limit) => refused.latest(limit).filter((record) => options.now() - record.at <= life),
    summary: () => summaryOf([visitors.facts()]),
    visitors: () => visitors.facts(),
    routes: () => routes.list(),
  };
}

/** Passed, and says nothing of how the routes that are asked about are used: pages and assets, and the doors themselves. */
function isIncidental({ outcome, trail, route }: Decision): boolean {
  return outcome === 'admit' && trail.length === 0 && (route.level === 'open' || isEntryRoute(route));
}

function toRecord(decision: Decision, view: RequestView, now: number): DecisionRecord {
  const first = decision.trail[0];
  return {
    id: decision.id,
    at: now,
    outcome: decision.outcome,
    wouldRefuse: decision.outcome === 'admit' && first !== undefined,
    code: decision.code === '' ? (first?.code ?? '') : decision.code,
    layer: decision.layer === '' ? (first?.layer ?? '') : decision.layer,
    route: decision.route.name,
    level: decision.route.level,
    shown: decision.level,
    method: owned(view.method, 32),
    path: ownPath(view),
    carrier: decision.carrier,
    destination: owned(view.headers.secFetchDest, 32),
    client: decision.client,
    ...(decision.note === undefined || decision.note === '' ? {} : { note: decision.note }),
    session: decision.session,
    key: decision.key?.id ?? '',
    prefix: decision.prefix,
    family: familyOf(view.headers.userAgent),
    trail: decision.trail.map((step) => ({ ...step, evidence: owned(step.evidence, MAX_TEXT) })),
    status: 0,
  };
}

/** At most `length` characters, as a copy where a slice would keep a much longer text alive as long as the record. */
function owned(text: string, length: number): string {
  return text.length > length ? Buffer.from(`${text.slice(0, length - 1)}…`).toString() : text;
}

/** The path alone; copied where the target it was cut from is long. */
function ownPath(view: RequestView): string {
  const path = withoutKeys(view.path);
  return view.target.length > 2 * MAX_TEXT ? Buffer.from(owned(path, MAX_TEXT)).toString() : owned(path, MAX_TEXT);
}

interface Ring {
  add(record: DecisionRecord): void;
  get(id: string): DecisionRecord | undefined;
  latest(limit: number): readonly DecisionRecord[];
}

function createRing(capacity: number): Ring {
  const slots: DecisionRecord[] = [];
  const byId = new Map<string, DecisionRecord>();
  let next = 0;
  return {
    add(record) {
      const old = slots[next];
      if (old !== undefined) byId.delete(old.id);
      slots[next] = record;
      byId.set(record.id, record);
      next = (next + 1) % capacity;
    },
    get: (id) => byId.get(id),
    latest(limit) {
      const ordered = [...slots.slice(next), ...slots.slice(0, next)].reverse();
      return ordered.slice(0, limit);
    },
  };
}
