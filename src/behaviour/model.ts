import { Bulk, Calibration } from './calibration.ts';
import { BUT_HANDS, FEATURES, type FeatureKind, LENGTH, readPath } from './features.ts';
import { HalfSpaceTrees } from './half-space-trees.ts';
import { createSeeded } from './seeded.ts';
import { B, F, FIRST_STAGE_CALLS, PATH_LENGTH, SNAPSHOT_BYTES, STAGES, type SessionTable, U } from './session-table.ts';
import { Transitions } from './transitions.ts';

/** One judgement of one session. */
export interface Judgement {
  /** Bits by which it is unusual, all in all. */
  readonly score: number;
  /** Features that carried it, the strongest first: their numbers, {@link LENGTH} being the last. At most three. */
  readonly reasons: readonly number[];
}

/** One feature alone says no more than this, whatever it shows: it takes several to be one in a thousand. */
const MOST_BITS = 10;
/** Below this a feature carries nothing. */
const REASON_BITS = 3;
/** One so strong is one in 500. */
const ENOUGH_BITS = 9;
/** Of hands that are like no other's there are people who cannot help it: they say less than anything else. */
const MOST_OF_HANDS = 6;
const numberOf = (name: string): number => FEATURES.findIndex((feature) => feature.name === name);
const [FORGED, INSTANT, RHYTHM] = [numberOf('forged'), numberOf('instant'), numberOf('rhythm')];
/** Sessions that have shown what others do not before it is compared. */
const FEWEST_TOLD = 100;
const SILENT = FEATURES.map(({ silent = false }) => silent);
/** What may be silent is a mean of pauses or of hands, which is no other for more of them. */
const STEADY = FEATURES.map(({ silent = false, steady = false }) => silent || steady);
/**
 * What somebody does is no reason by itself: whoever writes all day, reads in order or asks for one thing only uses the app in a way
 * of their own. It counts as far as how it is done is unusual, too (how fast, how evenly, how much of it, how often in vain), and
 * this much beyond.
 */
const BEYOND_HOW = 2;
const MOST_REASONS = 3;
/**
 * Sessions, and share of all, that have to have come to a stage for it to be gone by; else the stage before it is. Programs go on
 * for long: where few people do, one in ten of all would be most of those who came so far.
 */
const FEWEST_AT_STAGE = 40;
const SHARE_AT_STAGE = 1 / 3;
/** Odds from which on a session teaches neither paths nor the trees. */
export const UNTAUGHT_ODDS = 100;
/** Sessions after which the quantiles are found anew. */
const REFRESH_EVERY = 25;
/** How something is done, and then what; hands come last, because they are looked at beside the others. */
const KINDS: readonly FeatureKind[] = ['time', 'errors', 'amount', 'doing', 'addresses', 'hands'];
const HANDS = KINDS.indexOf('hands');
const KIND_OF: readonly number[] = [...FEATURES, LENGTH].map(({ kind }) => KINDS.indexOf(kind));

/** What is usual in this app, learned of its sessions. */
export class Model {
  readonly seed: number;
  readonly transitions = new Transitions();
  readonly trees: HalfSpaceTrees;
  readonly calibration = new Calibration();
  /** By stage, then feature. */
  readonly bulks: readonly (readonly Bulk[])[];
  /** Sessions that came to each stage. */
  readonly reached = new Float32Array(STAGES);
  /** Calls by hour of the day, UTC. */
  readonly hours = new Float32Array(24);
  /** Sessions learned, ever. */
  learned = 0;
  readonly #point = new Float32Array(BUT_HANDS);
  readonly #bits = new Float32Array(FEATURES.length + 1);
  readonly #ofKind = new Float32Array(KINDS.length);
  readonly #strongest = new Uint8Array(KINDS.length);

  /** Sessions that it takes. */
  readonly needed: number;

  constructor(seed: number, needed: number) {
    this.seed = seed;
    this.needed = needed;
    const random = createSeeded(seed);
    this.trees = new HalfSpaceTrees({ dimensions: BUT_HANDS, random, window: Math.max(50, needed >> 2) });
    this.bulks = Array.from({ length: STAGES }, () =>
      FEATURES.map((_, index) => new Bulk(256, 255 * (FEATURES[index]?.grain ?? 0))),
    );
  }

  /** Judges a session by its features, read at this stage of it. Learns nothing. */
  judge(features: Uint8Array, at: number, stage: number): Judgement {
    this.#measure(features, at, stage);
    const trees = Math.min(MOST_BITS, this.trees.bits(this.#point));
    return { score: this.#sum(trees), reasons: this.#reasons() };
  }

  /** Sessions learn what it takes to judge in turn: which call follows which, then what is usual, then what a score means. */
  get phase(): 'paths' | 'bulks' | 'scores' | 'ready' {
    if (this.learned >= this.needed) return 'ready';
    if (this.learned * 2 >= this.needed) return 'scores';
    return this.learned * 4 >= this.needed ? 'bulks' : 'paths';
  }

  /**
   * Learns a session that has ended, judged before it is learned. `odds`: how unusual it was found while it lasted; one that
   * was very unusual teaches what is rare, but neither paths nor the trees.
   */
  learn(table: SessionTable, slot: number, odds: number): void {
    const { phase } = this;
    const stages = table.bytes[table.b(slot, B.stages)] as number;
    const last = 31 - Math.clz32(stages);
    if (phase !== 'paths') this.#learnFeatures(table, slot, stages, phase !== 'bulks');
    if (phase !== 'ready' || odds < UNTAUGHT_ODDS) {
      const calls = table.words[table.u(slot, U.calls)] as number;
      this.transitions.learn(table.bytes, table.b(slot, B.path), Math.min(calls, PATH_LENGTH));
      if (phase !== 'paths') {
        this.#measure(table.bytes, table.b(slot, B.snapshots + last * SNAPSHOT_BYTES), last);
        this.trees.learn(this.#point);
      }
    }
    this.learned += 1;
    if (this.learned % REFRESH_EVERY === 0) this.refresh();
  }

  #learnFeatures(table: SessionTable, slot: number, stages: number, scores: boolean): void {
    let score = table.floats[table.f(slot, F.raw)] as number;
    for (let stage = 0; stage < STAGES; stage += 1) {
      if ((stages & (1 << stage)) === 0) continue;
      const at = table.b(slot, B.snapshots + stage * SNAPSHOT_BYTES);
      readPath(table, slot, this.transitions, { calls: FIRST_STAGE_CALLS << stage, into: at });
      if (scores) score = Math.max(score, this.judge(table.bytes, at, stage).score);
      const bulks = this.bulks[stage] as readonly Bulk[];
      for (let index = 0; index < bulks.length; index += 1) {
        const value = table.bytes[at + index] as number;
        if (value > 0 || !SILENT[index]) (bulks[index] as Bulk).learn(value);
      }
    }
    // Who came so far came past all before it.
    for (let stage = 31 - Math.clz32(stages); stage >= 0; stage -= 1)
      this.reached[stage] = (this.reached[stage] as number) + 1;
    if (scores) this.calibration.learn(score);
  }

  /** Everything weighs so much of what it did. */
  fade(factor: number): void {
    this.transitions.fade(factor);
    for (const bulk of this.bulks.flat()) bulk.fade(factor);
    for (const counts of [this.reached, this.hours])
      for (let index = 0; index < counts.length; index += 1) counts[index] = (counts[index] as number) * factor;
    this.calibration.bulk.fade(factor);
    this.refresh();
  }

  refresh(): void {
    for (const bulk of this.bulks.flat()) bulk.refresh();
    this.calibration.bulk.refresh();
  }

  /** Fills the bits of each feature, and the point that the trees see. */
  #measure(features: Uint8Array, at: number, stage: number): void {
    const known = this.#knownStage(stage);
    const bulks = this.bulks[known] as readonly Bulk[];
    // Few came so far, and are compared with more who did not: what grows with calls is not unusual for that.
    const wide = 1 + stage - known;
    for (let index = 0; index < bulks.length; index += 1) {
      const bulk = bulks[index] as Bulk;
      const value = features[at + index] as number;
      const silent = SILENT[index] === true && (value === 0 || bulk.total < FEWEST_TOLD);
      const bits = silent ? 0 : Math.min(MOST_BITS, bulk.bits(value, STEADY[index] === true ? 1 : wide));
      this.#bits[index] = bits;
      if (index < BUT_HANDS) this.#point[index] = bits / (bits + 3);
    }
    const [all, came] = [this.reached[0] as number, this.reached[stage] as number];
    this.#bits[FEATURES.length] = Math.min(MOST_BITS, Math.log2((all + 1) / (came + 1)));
  }

  #knownStage(stage: number): number {
    let known = stage;
    const least = Math.max(FEWEST_AT_STAGE, (this.reached[0] as number) * SHARE_AT_STAGE);
    while (known > 0 && (this.reached[known] as number) < least) known -= 1;
    return known;
  }

  /** The strongest feature of each kind, and of the kinds of either sort the strongest two. */
  #sum(trees: number): number {
    this.#ofKind.fill(0);
    this.#joinHands();
    for (let index = 0; index < this.#bits.length; index += 1) {
      const kind = KIND_OF[index] as number;
      const bits = this.#bits[index] as number;
      if (bits <= (this.#ofKind[kind] as number)) continue;
      this.#ofKind[kind] = bits;
      this.#strongest[kind] = index;
    }
    if (!this.#handsCount()) this.#ofKind[HANDS] = 0;
    const [time = 0, errors = 0, amount = 0, doing = 0, addresses = 0, hands = 0] = this.#ofKind;
    const how = strongestTwo(time, errors, amount);
    const what = strongestTwo(doing, addresses, Math.min(hands, MOST_OF_HANDS)) + trees;
    return how + Math.min(what, how + BEYOND_HOW);
  }

  /**
   * What makes a hand move and when it does: each says no more than the other. A screen reader or a voice acts in its user's place,
   * but its user says when; a switch goes by an even rhythm, and a person presses it. Of a program both are like no other's.
   */
  #joinHands(): void {
    const bits = this.#bits;
    const when = bits[RHYTHM] as number;
    const made = Math.max(bits[FORGED] as number, bits[INSTANT] as number);
    bits[FORGED] = Math.min(bits[FORGED] as number, when);
    bits[INSTANT] = Math.min(bits[INSTANT] as number, when);
    bits[RHYTHM] = Math.min(when, made);
  }

  /**
   * Never alone: a voice, a switch, a screen reader or a program that types for its owner moves no hand as others do. Beside two
   * other reasons, or one that says enough without it.
   */
  #handsCount(): boolean {
    let others = 0;
    for (let kind = 0; kind < HANDS; kind += 1) {
      const bits = this.#ofKind[kind] as number;
      if (bits >= ENOUGH_BITS) return true;
      if (bits >= REASON_BITS) others += 1;
    }
    return others >= 2;
  }

  #reasons(): number[] {
    return [...this.#strongest]
      .filter((index, kind) => (this.#ofKind[kind] as number) > 0 && (this.#bits[index] as number) >= REASON_BITS)
      .sort((one, other) => (this.#bits[other] as number) - (this.#bits[one] as number))
      .slice(0, MOST_REASONS);
  }
}

const strongestTwo = (one: number, other: number, third: number): number =>
  one + other + third - Math.min(one, other, third);

/** The words of a reason. */
export const reasonWords = (index: number): string => (FEATURES[index] ?? LENGTH).words;
