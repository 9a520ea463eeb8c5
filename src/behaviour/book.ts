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
import { readFeatures, LOADS_HALVED_MS, type Surroundings } from './features.ts';
import { Model, reasonWords, UNTAUGHT_ODDS } from './model.ts';
import { hourShare, noteHour } from './hours.ts';
import type { ReadModel } from './model-file.ts';
import { noteHands } from './hands.ts';
import { Queue } from './queue.ts';
import { hashOf, isCheckpoint, noteCall } from './record.ts';
import { createRouteNumbers, type RouteNumbers } from './route-numbers.ts';
import { B, D, F, FIRST_STAGE_CALLS, FLAG, SessionTable, SNAPSHOT_BYTES, STAGES, U } from './session-table.ts';
import { Teaching, type TeachingLimits, Wave } from './teaching.ts';

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
  const table = new SessionTable(capacity);
  const { doubles, words, floats, bytes } = table;
  const routes = createRouteNumbers();
  const teaching = new Teaching(limits);
  const wave = new Wave();
  const queue = new Queue(Math.min(capacity, 8192));
  /** What is read of the session that is judged. */
  const latest = new Uint8Array(SNAPSHOT_BYTES);
  let model = new Model(seed, limits().sessions);
  let taughtInSpan = 0;
  let judged = 0;
  let crowded = 0;
  let firstCall = 0;
  const acted: Record<BehaviourAction, number> = { note: 0, limit: 0, challenge: 0, login: 0, refuse: 0 };
  const surroundings = {
    now: 0,
    hour: (now: number): number => hourShare(model.hours, firstCall, now),
  } satisfies Surroundings;

  const isReady = (): boolean => model.phase === 'ready';

  const flag = (slot: number, bit: number): boolean => ((words[table.u(slot, U.flags)] as number) & bit) !== 0;
  const setFlag = (slot: number, bit: number): void => {
    const at = table.u(slot, U.flags);
    words[at] = (words[at] as number) | bit;
  };

  const slotFor = (session: SessionId): number => {
    const found = table.find(session);
    if (found >= 0) return found;
    if (table.isFull) table.remove(table.oldest);
    return table.add(session);
  };

  /** What a new visit goes on with: that it taught, and how often pages were loaded. */
  const restart = (slot: number): void => {
    const keeps = (words[table.u(slot, U.flags)] as number) & FLAG.taught;
    const [load, prefix] = [words[table.u(slot, U.load)] as number, words[table.u(slot, U.prefix)] as number];
    const [loads, loadsAt] = [floats[table.f(slot, F.loads)] as number, doubles[table.d(slot, D.loadsAt)] as number];
    table.clear(slot);
    words[table.u(slot, U.flags)] = keeps;
    words[table.u(slot, U.load)] = load;
    words[table.u(slot, U.prefix)] = prefix;
    floats[table.f(slot, F.loads)] = loads;
    doubles[table.d(slot, D.loadsAt)] = loadsAt;
  };

  /** A visit has ended: it teaches where it may. */
  const close = (slot: number): void => {
    if ((bytes[table.b(slot, B.stages)] as number) === 0) return;
    const keepsSilent = flag(slot, FLAG.refused) || flag(slot, FLAG.acted) || flag(slot, FLAG.taught);
    if (keepsSilent) return;
    if (!teaching.takes(words[table.u(slot, U.prefix)] as number)) {
      crowded += 1;
      return;
    }
    const { sessions } = limits();
    // Where more look unusual than a minority can be, they teach what is usual from now on.
    model.learn(table, slot, wave.isWave ? 1 : (floats[table.f(slot, F.odds)] as number));
    setFlag(slot, FLAG.taught);
    taughtInSpan += 1;
    // In a wave the app has changed: what was usual before is forgotten sooner.
    if (taughtInSpan >= (wave.isWave ? Math.ceil(sessions / 8) : sessions)) {
      taughtInSpan = 0;
      model.fade(1 / 2);
    }
  };

  const judge = (slot: number, now: number): void => {
    const calls = words[table.u(slot, U.calls)] as number;
    if (calls < FIRST_STAGE_CALLS) return;
    const stage = Math.min(STAGES - 1, Math.floor(Math.log2(calls / FIRST_STAGE_CALLS)));
    surroundings.now = now;
    readFeatures(table, slot, surroundings, latest, 0);
    const stagesAt = table.b(slot, B.stages);
    if (((bytes[stagesAt] as number) & (1 << stage)) === 0) {
      bytes[stagesAt] = (bytes[stagesAt] as number) | (1 << stage);
      bytes.set(latest, table.b(slot, B.snapshots + stage * SNAPSHOT_BYTES));
    }
    if (model.phase === 'paths' || model.phase === 'bulks') return;
    const { score, reasons } = model.judge(latest, 0, stage);
    if (score <= (floats[table.f(slot, F.raw)] as number)) {
      count(slot, false);
      return;
    }
    floats[table.f(slot, F.raw)] = score;
    for (let index = 0; index < 3; index += 1) bytes[table.b(slot, B.reasons + index)] = (reasons[index] ?? -1) + 1;
    if (isReady()) rate(slot, model.calibration.odds(score));
  };

  const rate = (slot: number, odds: number): void => {
    const at = table.f(slot, F.odds);
    if (odds <= (floats[at] as number)) return;
    const before = floats[at] as number;
    floats[at] = odds;
    count(slot, odds >= UNTAUGHT_ODDS);
    if (odds >= UNTAUGHT_ODDS && odds > 10 * before) tell(idOf(slot), odds);
  };

  /** Each session counts once for the wave, from when it has come to the second stage or has turned unusual. */
  const count = (slot: number, over: boolean): void => {
    if (!isReady()) return;
    if (!flag(slot, FLAG.counted)) {
      if (!over && (words[table.u(slot, U.calls)] as number) < 2 * FIRST_STAGE_CALLS) return;
      setFlag(slot, FLAG.counted);
      judged += 1;
      if (wave.judged(words[table.u(slot, U.prefix)] as number, over)) setFlag(slot, FLAG.voted);
    } else if (over && !flag(slot, FLAG.over) && flag(slot, FLAG.voted)) wave.turned();
    if (over) setFlag(slot, FLAG.over);
  };

  const idOf = (slot: number): SessionId => ({
    sessionIdHigh: words[table.u(slot, U.idHigh)] as number,
    sessionIdLow: words[table.u(slot, U.idLow)] as number,
  });

  const enqueue = (slot: number): void => {
    if (flag(slot, FLAG.queued) || !queue.push(slot)) return;
    setFlag(slot, FLAG.queued);
    if (queue.size === 1) wake();
  };

  /** Hot path: a few writes into one record. */
  const called = ({ session, request, route, prefix, now }: Heard): void => {
    const slot = slotFor(session);
    table.touch(slot);
    const first = doubles[table.d(slot, D.first)] as number;
    if (first > 0 && now - first > LONGEST_MS) {
      close(slot);
      restart(slot);
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
      const slot = slotFor(session);
      const at = table.u(slot, 0);
      words[at + U.refused] = (words[at + U.refused] as number) + 1;
      if (words[at + U.prefix] === 0) words[at + U.prefix] = hashOf(prefix);
      if (words[at + U.calls] === 0) doubles[table.d(slot, D.last)] = now;
      setFlag(slot, FLAG.refused);
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
      const slot = slotFor(session);
      const hash = hashOf(load);
      if (words[table.u(slot, U.load)] === hash && load !== '') return;
      close(slot);
      restart(slot);
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
      const slot = slotFor(session);
      doubles[table.d(slot, D.last)] = now;
      if (isReady()) rate(slot, odds);
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
      return wave.isWave;
    },
    acted(session, action, now) {
      const slot = table.find(session);
      if (slot < 0) return;
      const bit = bitOf(action);
      if (flag(slot, bit)) return;
      if (action === 'refuse') doubles[table.d(slot, D.since)] = now;
      setFlag(slot, action === 'note' ? bit : bit | FLAG.acted);
      acted[action] += 1;
    },
    forget(session) {
      const slot = table.find(session);
      if (slot >= 0) restart(slot);
    },
    tick(now) {
      const todo = Math.min(queue.size, JUDGED_A_TICK);
      for (let done = 0; done < todo; done += 1) {
        const slot = queue.shift();
        const at = table.u(slot, U.flags);
        words[at] = (words[at] as number) & ~FLAG.queued;
        judge(slot, now);
      }
      let closed = 0;
      for (; closed < CLOSED_A_TICK && table.size > 0; closed += 1) {
        const slot = table.oldest;
        const isIdle = now - (doubles[table.d(slot, D.last)] as number) > IDLE_MS;
        if (!isIdle && table.size < capacity * (1 - KEPT_FREE)) break;
        close(slot);
        table.remove(slot);
      }
      return queue.size > 0 || closed === CLOSED_A_TICK;
    },
    figures: () => ({
      learned: Math.min(model.learned, model.needed),
      needed: model.needed,
      crowded,
      watched: table.size,
      acted: { ...acted },
      judged,
      wave: wave.isWave,
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
