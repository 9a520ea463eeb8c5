import type { Clock } from '../lib/clock.ts';
import type { Answer, BurntProof, Decision } from './decision.ts';
import type { Context } from './layer.ts';
import type { RequestView } from './view.ts';

/**
 * Answers to calls that change something, in case they are lost on the way. When a connection breaks before an answer has
 * come, browsers send even a POST again by themselves, with the very same proof. It must not be done twice, and it is no
 * attack: it gets the one answer that it has, once. In the memory of this process alone; a repeat that comes to another one
 * is refused as `replayed`.
 */
export interface Repeats {
  /** Follows the answer to an admitted call; null where it may be repeated without harm, or nobody has signed it. */
  follow(request: RequestView, decision: Decision, connection: Connection): Following | null;
  /**
   * The answer to this very request, where one of the same signature was admitted and its connection broke. Waits while the
   * backend is still at it. Null where no such call is known.
   */
  again(request: RequestView, context: Context): Promise<Answer | null> | null;
  /** The answer by which this session removed this very object moments ago. */
  removed(request: RequestView, context: Context): Answer | null;
}

/** What a call came by. */
export interface Connection {
  /** Why it broke; null or absent while it stands, and where it was ended in order. */
  readonly errored?: Error | null;
}

/** One answer on its way, as whoever forwards it tells. */
export interface Following {
  /** The client will not hear what is still to come, and would ask for it again. */
  readonly isAwaited: boolean;
  head(status: number, fields: readonly string[]): void;
  add(chunk: Uint8Array): void;
  /** All of it has come. */
  end(): void;
  /** It broke off: nothing is known. After {@link end} without meaning. */
  leave(): void;
}

export interface RepeatBounds {
  /** Answers that are kept. */
  readonly answers: number;
  /** Calls that are followed at a time. */
  readonly followed: number;
  /** Bytes of one answer's body and of all. */
  readonly longest: number;
  readonly bytes: number;
  /** Milliseconds for which an answer is kept. */
  readonly life: number;
}

const BOUNDS: RepeatBounds = {
  answers: 1000,
  followed: 10_000,
  longest: 16 * 1024,
  bytes: 4 * 1024 * 1024,
  life: 30_000,
};

/** Sending these twice means no more than once, and whoever asks for state wants it as it is now. */
const HARMLESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

export function createRepeats(clock: Pick<Clock, 'monotonic'>, bounds: RepeatBounds = BOUNDS): Repeats {
  const underWay = new Map<string, Kept>();
  /** The oldest first. */
  const kept = new Map<string, Kept>();
  const removals = new Map<string, Kept>();
  let bytes = 0;
  let forgets = false;

  const drop = (one: Kept): void => {
    if (kept.get(one.key) === one) {
      kept.delete(one.key);
      bytes -= one.bytes;
    }
    if (removals.get(one.removal) === one) removals.delete(one.removal);
  };
  const dropOld = (): void => {
    forgets = false;
    for (const one of kept.values()) {
      if (one.until > clock.monotonic()) break;
      drop(one);
    }
    forgetLater();
  };
  const forgetLater = (): void => {
    if (forgets || kept.size === 0) return;
    forgets = true;
    setTimeout(dropOld, bounds.life).unref();
  };
  const keep = (one: Kept): void => {
    underWay.delete(one.key);
    if (one.answer === null) return;
    one.until = clock.monotonic() + bounds.life;
    kept.set(one.key, one);
    bytes += one.bytes;
    if (one.removal !== '') removals.set(one.removal, one);
    for (const oldest of kept.values()) {
      if (kept.size <= bounds.answers && bytes <= bounds.bytes) break;
      drop(oldest);
    }
    forgetLater();
  };

  const answerOf = (one: Kept | undefined): Answer | null =>
    one !== undefined && one.until > clock.monotonic() ? one.answer : null;
  const found = async (one: Kept): Promise<Answer | null> => {
    // That the first connection broke may come in the same turn as what is sent again.
    if (!one.isLost) await new Promise((resolve) => setImmediate(resolve));
    if (!one.isLost || one.isAsked) return null;
    one.isAsked = true;
    await one.over();
    return answerOf(one);
  };

  return {
    follow(request, decision, connection) {
      const { proof, prefix } = decision;
      if (proof === null || HARMLESS.has(request.method) || underWay.size >= bounds.followed) return null;
      const one = new Kept({ request, proof, prefix, connection, longest: bounds.longest, done: keep });
      underWay.set(one.key, one);
      return one;
    },
    again(request, { proof, prefix }) {
      if (proof === null || HARMLESS.has(request.method)) return null;
      const key = keyOf(proof);
      const one = underWay.get(key) ?? kept.get(key);
      return one?.isRepeated(request, proof, prefix) === true ? found(one) : null;
    },
    removed(request, { proof }) {
      return proof === null ? null : answerOf(removals.get(removalOf(request, proof)));
    },
  };
}

const keyOf = ({ ticket, nonce }: BurntProof): string => `${ticket.id} ${nonce}`;

/** '' for what removes nothing. A session has one login: who it is, is in it. */
const removalOf = ({ method, target }: RequestView, { ticket, digest }: BurntProof): string =>
  method === 'DELETE' ? `${ticket.session} ${digest} ${target}` : '';

interface KeptParts {
  readonly request: RequestView;
  readonly proof: BurntProof;
  readonly prefix: string;
  readonly connection: Connection;
  readonly longest: number;
  /** Called once, when its answer is known or never will be. */
  readonly done: (one: Kept) => void;
}

/** One call that was admitted, and what became of it. */
class Kept implements Following {
  readonly key: string;
  readonly #removal: string;
  readonly #signature: string;
  readonly #prefix: string;
  readonly #browser: string;
  readonly #connection: Connection;
  readonly #longest: number;
  readonly #done: (one: Kept) => void;
  #whenOver: (() => void) | null = null;
  #isOver = false;
  #status = 0;
  #fields: readonly string[] = [];
  #chunks: Uint8Array[] = [];
  bytes = 0;
  answer: Answer | null = null;
  until = 0;
  /** Whether somebody waits for its answer, or has had it. */
  isAsked = false;

  constructor({ request, proof, prefix, connection, longest, done }: KeptParts) {
    this.key = keyOf(proof);
    this.#removal = removalOf(request, proof);
    this.#signature = proof.signature;
    this.#prefix = prefix;
    this.#browser = request.headers.userAgent;
    this.#connection = connection;
    this.#longest = longest;
    this.#done = done;
  }

  /** Resolves when its answer is known, or never will be. */
  over(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenOver = resolve;
    });
  }

  /** An answer that went out in order has arrived, or nobody wants it. */
  get isLost(): boolean {
    return this.#connection.errored != null;
  }

  get isAwaited(): boolean {
    return !this.#isOver && this.isLost;
  }

  /** What a removal that succeeded is found by; '' for everything else. */
  get removal(): string {
    return this.#status >= 200 && this.#status < 300 ? this.#removal : '';
  }

  /** A browser sends again from where it is: from elsewhere, somebody else does. */
  isRepeated(request: RequestView, { signature }: BurntProof, prefix: string): boolean {
    return signature === this.#signature && prefix === this.#prefix && request.headers.userAgent === this.#browser;
  }

  head(status: number, fields: readonly string[]): void {
    this.#status = status;
    this.#fields = fields.slice();
  }

  add(chunk: Uint8Array): void {
    if (this.#isOver) return;
    this.bytes += chunk.length;
    if (this.bytes > this.#longest) this.leave();
    else this.#chunks.push(chunk);
  }

  end(): void {
    if (this.#isOver) return;
    const body = Buffer.concat(this.#chunks);
    this.answer = { status: this.#status, fields: this.#fields, body };
    this.#conclude();
  }

  leave(): void {
    if (!this.#isOver) this.#conclude();
  }

  #conclude(): void {
    this.#isOver = true;
    this.#chunks = [];
    this.#done(this);
    this.#whenOver?.();
  }
}
