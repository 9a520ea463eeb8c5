/**
 * Who teaches what is usual. Only sessions whose page signed their calls and of which nothing was refused are ever asked about
 * here; each teaches once, and of one network only so many in each span of as many sessions as learning takes.
 */
export interface TeachingLimits {
  /** Sessions of one span. */
  readonly sessions: number;
  /** Of one network prefix, in one span. */
  readonly perPrefix: number;
}

export class Teaching {
  readonly #limits: () => TeachingLimits;
  readonly #prefixes = new Map<number, number>();
  /** Sessions that taught in this span. */
  inSpan = 0;

  constructor(limits: () => TeachingLimits) {
    this.#limits = limits;
  }

  /** Whether one more of this network may teach; counts it where it may. */
  takes(prefix: number): boolean {
    const { sessions, perPrefix } = this.#limits();
    const known = this.#prefixes.get(prefix) ?? 0;
    if (known >= perPrefix) return false;
    this.#prefixes.set(prefix, known + 1);
    this.inSpan += 1;
    if (this.inSpan >= sessions) {
      this.inSpan = 0;
      this.#prefixes.clear();
    }
    return true;
  }
}

/** After so many sessions one counts half. */
const HALVED_AFTER = 100;
const FADE = 2 ** (-1 / HALVED_AFTER);
/** A minority is up to one in ten; where one in five looks unusual, it is the app that has changed. */
const WAVE = 0.2;
const CALM = 0.12;
/** Sessions before anything is said. */
const FEWEST = 30;
/** Sessions of one network that count, of each hundred that do. */
const PER_PREFIX = 3;

/** Whether more sessions look unusual than a minority can be. Each counts once, of one network a few. */
export class Wave {
  #judged = 0;
  #over = 0;
  #since = 0;
  #prefixes = new Map<number, number>();
  isWave = false;

  /** A session has come far enough to be judged. True where it counts. */
  judged(prefix: number, over: boolean): boolean {
    if (!this.#counts(prefix)) return false;
    this.#judged = this.#judged * FADE + 1;
    this.#over = this.#over * FADE + (over ? 1 : 0);
    this.#decide();
    return true;
  }

  /** One that counted has become unusual since. */
  turned(): void {
    this.#over = Math.min(this.#judged, this.#over + 1);
    this.#decide();
  }

  /** Of a hundred that count: a network that has had its few waits for others, however many sessions it opens. */
  #counts(prefix: number): boolean {
    if (this.#since === HALVED_AFTER) {
      this.#since = 0;
      this.#prefixes = new Map();
    }
    const known = this.#prefixes.get(prefix) ?? 0;
    if (known >= PER_PREFIX) return false;
    this.#prefixes.set(prefix, known + 1);
    this.#since += 1;
    return true;
  }

  #decide(): void {
    if (this.#judged < FEWEST) return;
    const share = this.#over / this.#judged;
    this.isWave = this.isWave ? share > CALM : share > WAVE;
  }
}
