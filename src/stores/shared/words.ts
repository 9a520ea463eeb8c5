import { JOURNAL_LENGTH, type Layout, RISK } from './layout.ts';

/**
 * The words that all threads share. Only who holds the lock reads or writes them, and what every write replaces is
 * noted, so that a thread that dies on its way leaves no half of anything: what it began is taken back, here where something
 * throws, by `releaseWorker` where it was killed. Except for a window at work: its entry is lost instead ({@link risk}).
 */
export class Words {
  readonly u32: Uint32Array;
  readonly #f64: Float64Array;
  readonly #journal: number;
  readonly #most: number;

  constructor(buffer: SharedArrayBuffer, { journal, journalWords }: Pick<Layout, 'journal' | 'journalWords'>) {
    this.u32 = new Uint32Array(buffer);
    this.#f64 = new Float64Array(buffer);
    this.#journal = journal;
    this.#most = journalWords / 2;
  }

  get(at: number): number {
    return this.u32[at] ?? 0;
  }

  set(at: number, value: number): void {
    const before = this.u32[at] ?? 0;
    if (before === value) return;
    const length = this.u32[JOURNAL_LENGTH] ?? 0;
    if (length >= this.#most) throw new RangeError('shared state: one step changes more than its journal holds');
    const entry = this.#journal + 2 * length;
    this.u32[entry] = at;
    this.u32[entry + 1] = before;
    this.u32[JOURNAL_LENGTH] = length + 1;
    this.u32[at] = value;
  }

  /** `at`: an even word. */
  float(at: number): number {
    return this.#f64[at >>> 1] ?? 0;
  }

  setFloat(at: number, value: number): void {
    scratch[0] = value;
    this.set(at, halves[0] ?? 0);
    this.set(at + 1, halves[1] ?? 0);
  }

  /** Not noted: for the time, of which nothing is lost. */
  setTime(at: number, value: number): void {
    this.#f64[at >>> 1] = value;
  }

  /** What is about to be written past {@link set} is worth nothing if that is broken off: this word is 0 then. */
  risk(at: number): void {
    this.u32[RISK] = at;
  }

  /** What was changed so far stays. */
  checkpoint(): void {
    this.u32[JOURNAL_LENGTH] = 0;
    this.u32[RISK] = 0;
  }

  /** What was changed since the last {@link checkpoint} is as it was. */
  rollBack(): void {
    for (let length = this.get(JOURNAL_LENGTH); length > 0; length -= 1) {
      const entry = this.#journal + 2 * (length - 1);
      this.u32[this.get(entry)] = this.get(entry + 1);
      this.u32[JOURNAL_LENGTH] = length - 1;
    }
    const risked = this.get(RISK);
    if (risked !== 0) this.u32[risked] = 0;
    this.u32[RISK] = 0;
  }
}

const scratch = new Float64Array(1);
const halves = new Uint32Array(scratch.buffer);
