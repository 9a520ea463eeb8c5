import {
  BEHAVIOUR_ACTIONS,
  type BehaviourAction,
  type BehaviourFigures,
  type BehaviourRisk,
  type BehaviourWatch,
  type Heard,
  type Risk,
  type SessionId,
} from '../guard/behaviour.ts';
import { LOADS_HALVED_MS } from './features.ts';
import { noteHands } from './hands.ts';
import { hourShare, noteHour } from './hours.ts';
import { createJudging } from './judging.ts';
import type { ReadModel } from './model-file.ts';
import { Model, reasonWords } from './model.ts';
import { Queue } from './queue.ts';
import { hashOf, isCheckpoint, noteCall } from './record.ts';
import { createRouteNumbers, type RouteNumbers } from './route-numbers.ts';
import { B, D, F, FLAG, U } from './session-table.ts';
import type { TeachingLimits } from './teaching.ts';
import { Visits } from './visits.ts';

export interface BookOptions {
  readonly limits: () => TeachingLimits;
  /** Cuts the trees: the same seed and the same calls in the same order lead to the same judgements. */
  readonly seed: number;
  /** Sessions watched at a time. Default 16,384. */
  readonly capacity?: number;
  /** Called when there is something to judge: whoever is woken calls {@link Book.tick} soon. */
  readonly wake?: () => void;
  /** Told of a session that has become unusual, for those who see other calls of it. */
  readonly tell?: (session: SessionId, odds: number) => void;
}

export interface Book extends BehaviourWatch, BehaviourRisk {
  /** Judges sessions that have done something, lets those teach that have ended. Bounded; true where there is more to do. */
  tick(now: number): boolean;
  /** Another guard found this session as unusual. */
  told(session: SessionId, odds: number, now: number): void;
  figures(): BehaviourFigures;
  /** Bits by which a session was found unusual at most; 0 for none. What odds are made of. */
  scoreOf(session: SessionId): number;
  readonly model: Model;
  readonly routes: RouteNumbers;
  /** Goes by another model from here on: one that was read, with its routes. What is known of sessions stays. */
  adopt(read: ReadModel): void;
}

/** A session that was idle for so long has ended, and teaches. */
const IDLE_MS = 15 * 60_000;
/** One that goes on for longer begins anew. */
const LONGEST_MS = 2 * 3_600_000;
/** Sessions judged, and closed, in one tick. */
const JUDGED_A_TICK = 256;
const CLOSED_A_TICK = 64;
/** Odds below which nothing can be acted on. */
const LEAST_ODDS = 10;
/** Part of the table that is kept free, so that no call has to make room. */
const KEPT_FREE = 1 / 16;

export function createBook({ limits, seed, capacity = 16_384, wake = () => {}, tell = () => {} }: BookOptions): Book {
  const visits = new Visits(capacity);
  const { table } = visits;
  const { doubles, words, floats, bytes } = table;
  const routes = createRouteNumbers();
  const queue = new Queue(Math.min(capacity, 8192));
  let model = new Model(seed, limits().sessions);
  let firstCall = 0;
  const acted: Record<BehaviourAction, number> = { note: 0, limit: 0, challenge: 0, login: 0, refuse: 0 };
  const hour = (now: number): number => hourShare(model.hours, firstCall, now);
  const judging = createJudging({ visits, model: () => model, limits, hour, tell });

  const enqueue = (slot: number): void => {
    if (visits.has(slot, FLAG.queued) || !queue.push(slot)) return;
    visits.mark(slot, FLAG.queued);
    if (queue.size === 1) wake();
  };

  /** Hot path: a few writes into one record. */
  const called = ({ session, request, route, prefix, now }: Heard): void => {
    const slot = visits.slotFor(session);
    table.touch(slot);
    const first = doubles[table.d(slot, D.first)] as number;
    if (first > 0 && now - first > LONGEST_MS) {
      judging.close(slot);
      visits.restart(slot);
    }
    if (words[table.u(slot, U.prefix)] === 0) words[table.u(slot, U.prefix)] = hashOf(prefix);
    if (firstCall === 0) firstCall = now;
    noteHour(model.hours, now);
    const call = { number: routes.of(route), request, now };
    if (isCheckpoint(noteCall(table, slot, call, model.transitions))) enqueue(slot);
  };

  return {
    called,
    refused({ session, prefix, now }) {
      const slot = visits.slotFor(session);
      const at = table.u(slot, 0);
      words[at + U.refused] = (words[at + U.refused] as number) + 1;
      if (words[at + U.prefix] === 0) words[at + U.prefix] = hashOf(prefix);
      if (words[at + U.calls] === 0) doubles[table.d(slot, D.last)] = now;
      visits.mark(slot, FLAG.refused);
      enqueue(slot);
    },
    answered(session, status) {
      const slot = table.find(session);
      if (slot < 0) return;
      const at = table.u(slot, 0);
      words[at + U.answered] = (words[at + U.answered] as number) + 1;
      if (status >= 400) words[at + U.failed] = (words[at + U.failed] as number) + 1;
    },
    entered(session, load, now) {
      const slot = visits.slotFor(session);
      const hash = hashOf(load);
      if (words[table.u(slot, U.load)] === hash && load !== '') return;
      judging.close(slot);
      visits.restart(slot);
      words[table.u(slot, U.load)] = hash;
      const at = table.d(slot, D.loadsAt);
      const faded =
        (floats[table.f(slot, F.loads)] as number) * 2 ** (-(now - (doubles[at] as number)) / LOADS_HALVED_MS);
      floats[table.f(slot, F.loads)] = faded + 1;
      doubles[at] = now;
      doubles[table.d(slot, D.last)] = now;
      table.touch(slot);
    },
    handled(session, summary) {
      const slot = table.find(session);
      // What it comes to is seen after its next calls: nobody is judged for telling.
      if (slot >= 0) noteHands(table, slot, summary);
    },
    told(session, odds, now) {
      const slot = visits.slotFor(session);
      doubles[table.d(slot, D.last)] = now;
      if (judging.isReady()) judging.rate(slot, odds);
    },
    riskOf(session): Risk | null {
      const slot = table.find(session);
      if (slot < 0) return null;
      const odds = floats[table.f(slot, F.odds)] as number;
      return odds < LEAST_ODDS ? null : { odds, refusedSince: doubles[table.d(slot, D.since)] as number };
    },
    reasonsOf(session) {
      const slot = table.find(session);
      if (slot < 0) return '';
      const reasons = [0, 1, 2].map((index) => (bytes[table.b(slot, B.reasons + index)] as number) - 1);
      return reasons
        .filter((reason) => reason >= 0)
        .map(reasonWords)
        .join('; ');
    },
    scoreOf(session) {
      const slot = table.find(session);
      return slot < 0 ? 0 : (floats[table.f(slot, F.raw)] as number);
    },
    get isWave() {
      return judging.isWave;
    },
    acted(session, action, now) {
      const slot = table.find(session);
      if (slot < 0) return;
      const bit = bitOf(action);
      if (visits.has(slot, bit)) return;
      if (action === 'refuse') doubles[table.d(slot, D.since)] = now;
      visits.mark(slot, action === 'note' ? bit : bit | FLAG.acted);
      acted[action] += 1;
    },
    forget(session) {
      const slot = table.find(session);
      if (slot >= 0) visits.restart(slot);
    },
    tick(now) {
      const todo = Math.min(queue.size, JUDGED_A_TICK);
      for (let done = 0; done < todo; done += 1) {
        const slot = queue.shift();
        visits.unmark(slot, FLAG.queued);
        judging.judge(slot, now);
      }
      let closed = 0;
      for (; closed < CLOSED_A_TICK && table.size > 0; closed += 1) {
        const slot = table.oldest;
        const isIdle = now - (doubles[table.d(slot, D.last)] as number) > IDLE_MS;
        if (!isIdle && table.size < capacity * (1 - KEPT_FREE)) break;
        judging.close(slot);
        table.remove(slot);
      }
      return queue.size > 0 || closed === CLOSED_A_TICK;
    },
    figures: () => ({
      learned: Math.min(model.learned, model.needed),
      needed: model.needed,
      watched: table.size,
      acted: { ...acted },
      ...judging.figures(),
    }),
    get model() {
      return model;
    },
    routes,
    adopt(read) {
      model = read.model;
      routes.adopt(read.routes);
    },
  };
}

/** A bit beside those of {@link FLAG} for what was done to a session, so that it is counted once. */
const bitOf = (action: BehaviourAction): number => FLAG.firstAction << BEHAVIOUR_ACTIONS.indexOf(action);
