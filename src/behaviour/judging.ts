import type { BehaviourFigures, SessionId } from '../guard/behaviour.ts';
import { readFeatures, type Surroundings } from './features.ts';
import { type Model, UNTAUGHT_ODDS } from './model.ts';
import { B, F, FIRST_STAGE_CALLS, FLAG, SNAPSHOT_BYTES, STAGES, U } from './session-table.ts';
import { Teaching, type TeachingLimits, Wave } from './teaching.ts';
import type { Visits } from './visits.ts';

export interface JudgingParts {
  readonly visits: Visits;
  /** Of now: it can be exchanged. */
  readonly model: () => Model;
  readonly limits: () => TeachingLimits;
  /** What the hour says: see {@link Surroundings}. */
  readonly hour: Surroundings['hour'];
  /** Told of a session that has become unusual. */
  readonly tell: (session: SessionId, odds: number) => void;
}

/** What comes of what is written of a session: off the hot path. */
export interface Judging {
  /** Looks at what it has done so far. */
  judge(slot: number, now: number): void;
  /** Somebody has found it as unusual: the most that was found counts. */
  rate(slot: number, odds: number): void;
  /** Its visit has ended: it teaches where it may. */
  close(slot: number): void;
  isReady(): boolean;
  readonly isWave: boolean;
  figures(): Pick<BehaviourFigures, 'judged' | 'crowded' | 'wave'>;
}

export function createJudging({ visits, model, limits, hour, tell }: JudgingParts): Judging {
  const { table } = visits;
  const { words, floats, bytes } = table;
  const teaching = new Teaching(limits);
  const wave = new Wave();
  /** What is read of the session that is judged. */
  const latest = new Uint8Array(SNAPSHOT_BYTES);
  const surroundings = { now: 0, hour } satisfies Surroundings;
  let taughtInSpan = 0;
  let judged = 0;
  let crowded = 0;

  const isReady = (): boolean => model().phase === 'ready';

  const close = (slot: number): void => {
    if ((bytes[table.b(slot, B.stages)] as number) === 0) return;
    if (visits.has(slot, FLAG.refused | FLAG.acted | FLAG.taught)) return;
    if (!teaching.takes(words[table.u(slot, U.prefix)] as number)) {
      crowded += 1;
      return;
    }
    const { sessions } = limits();
    // Where more look unusual than a minority can be, they teach what is usual from now on.
    model().learn(table, slot, wave.isWave ? 1 : (floats[table.f(slot, F.odds)] as number));
    visits.mark(slot, FLAG.taught);
    taughtInSpan += 1;
    // In a wave the app has changed: what was usual before is forgotten sooner.
    if (taughtInSpan >= (wave.isWave ? Math.ceil(sessions / 8) : sessions)) {
      taughtInSpan = 0;
      model().fade(1 / 2);
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
    const known = model();
    if (known.phase === 'paths' || known.phase === 'bulks') return;
    const { score, reasons } = known.judge(latest, 0, stage);
    if (score <= (floats[table.f(slot, F.raw)] as number)) {
      count(slot, false);
      return;
    }
    floats[table.f(slot, F.raw)] = score;
    for (let index = 0; index < 3; index += 1) bytes[table.b(slot, B.reasons + index)] = (reasons[index] ?? -1) + 1;
    if (isReady()) rate(slot, known.calibration.odds(score));
  };

  const rate = (slot: number, odds: number): void => {
    const at = table.f(slot, F.odds);
    if (odds <= (floats[at] as number)) return;
    const before = floats[at] as number;
    floats[at] = odds;
    count(slot, odds >= UNTAUGHT_ODDS);
    if (odds >= UNTAUGHT_ODDS && odds > 10 * before) tell(visits.idOf(slot), odds);
  };

  /** Each session counts once for the wave, from when it has come to the second stage or has turned unusual. */
  const count = (slot: number, over: boolean): void => {
    if (!isReady()) return;
    if (!visits.has(slot, FLAG.counted)) {
      if (!over && (words[table.u(slot, U.calls)] as number) < 2 * FIRST_STAGE_CALLS) return;
      visits.mark(slot, FLAG.counted);
      judged += 1;
      if (wave.judged(words[table.u(slot, U.prefix)] as number, over)) visits.mark(slot, FLAG.voted);
    } else if (over && !visits.has(slot, FLAG.over) && visits.has(slot, FLAG.voted)) wave.turned();
    if (over) visits.mark(slot, FLAG.over);
  };

  return {
    judge,
    rate,
    close,
    isReady,
    get isWave() {
      return wave.isWave;
    },
    figures: () => ({ judged, crowded, wave: wave.isWave }),
  };
}
