import type { Clock } from '../lib/clock.ts';
import type { Answer, BurntProof, Decision } from './decision.ts';
import type { Context } from './layer.ts';
import { subjectName } from './subject.ts';
import type { RequestView } from './view.ts';

/**
 * Answers to calls that change something, in case they are lost on the way. When a connection breaks before an answer has
 * come, browsers send even a POST again by themselves, with the very same proof. It must not be done twice, and it is no
 * attack: it gets the one answer that it has, once. In the memory of this process alone; a repeat that comes to another one
 * is refused as `replayed`.
 */
export interface Repeats {
  /**
   * Follows the answer to an admitted call; null where it may be repeated without harm, or nobody has signed it, or one of the
   * same signature was admitted before: by a redirect, or in report mode.
   */
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
  /** Of both together, by one session. */
  readonly each: number;
  /** Bytes of one answer's body; and of all, with their fields, those that are still coming among them. */
  readonly longest: number;
  readonly bytes: number;
  /** Milliseconds for which an answer is kept. */
  readonly life: number;
}

const BOUNDS: RepeatBounds = {
  answers: 1000,
  followed: 10_000,
  each: 50,
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
  /** All of a session, the oldest first. */
  const sessions = new Map<string, Set<Kept>>();
  let bytes = 0;
  let forgets = false;

  const forget = (one: Kept): void => {
    bytes -= one.bytes;
    const own = sessions.get(one.session);
    own?.delete(one);
    if (own?.size === 0) sessions.delete(one.session);
  };
  const drop = (one: Kept): void => {
    if (!kept.delete(one.key)) return;
    forget(one);
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
  const makeRoom = (): void => {
    for (const oldest of kept.values()) {
      if (kept.size <= bounds.answers && bytes <= bounds.bytes) break;
      drop(oldest);
    }
  };
  const keep = (one: Kept): void => {
    underWay.delete(one.key);
    if (one.answer === null) {
      forget(one);
      return;
    }
    one.until = clock.monotonic() + bounds.life;
    kept.set(one.key, one);
    if (one.removal !== '') removals.set(one.removal, one);
    makeRoom();
    forgetLater();
  };
  /** Whoever makes many calls makes room for them among their own. */
  const hasPlace = (session: string): boolean => {
    if (underWay.size >= bounds.followed) return false;
    const own = sessions.get(session);
    if (own === undefined || own.size < bounds.each) return true;
    const oldest = own.values().find(({ answer }) => answer !== null);
    if (oldest !== undefined) drop(oldest);
    return oldest !== undefined;
  };
  const grow = (more: number): boolean => {
    bytes += more;
    makeRoom();
    return bytes <= bounds.bytes;
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
      const { proof } = decision;
      if (proof === null || HARMLESS.has(request.method)) return null;
      const key = keyOf(proof);
      const { session } = proof.ticket;
      if (underWay.has(key) || kept.has(key) || !hasPlace(session)) return null;
      const one = new Kept({ request, proof, by: decision, connection, longest: bounds.longest, grow, done: keep });
      underWay.set(key, one);
      const own = sessions.get(session);
      if (own === undefined) sessions.set(session, new Set([one]));
      else own.add(one);
      return one;
    },
    again(request, context) {
      const { proof } = context;
      if (proof === null || HARMLESS.has(request.method)) return null;
      const key = keyOf(proof);
      const one = underWay.get(key) ?? kept.get(key);
      return one?.isRepeated(request, proof, context) === true ? found(one) : null;
    },
    removed(request, context) {
      const { proof } = context;
      return proof === null ? null : answerOf(removals.get(removalOf(request, proof, context)));
    },
  };
}

const keyOf = ({ ticket, nonce }: BurntProof): string => `${ticket.id} ${nonce}`;

/** Who made a call, and where from. */
type Caller = Pick<Context, 'subject' | 'prefix'>;

/** '' for nobody, or where nobody asked. The app may say who it is call by call: a session has not always one. */
const nameOf = ({ subject }: Caller): string => (subject === null ? '' : subjectName(subject));

/** '' for what removes nothing. */
const removalOf = ({ method, target }: RequestView, { ticket, digest }: BurntProof, by: Caller): string =>
  method === 'DELETE' ? JSON.stringify([ticket.session, nameOf(by), digest, target]) : '';

interface KeptParts {
  readonly request: RequestView;
  readonly proof: BurntProof;
  readonly by: Caller;
  readonly connection: Connection;
  readonly longest: number;
  /** Told of so many bytes more; false where there is no room for them. */
  readonly grow: (more: number) => boolean;
  /** Called once, when its answer is known or never will be. */
  readonly done: (one: Kept) => void;
}

/** One call that was admitted, and what became of it. */
class Kept implements Following {
  readonly key: string;
  readonly session: string;
  readonly #removal: string;
  readonly #signature: string;
  readonly #prefix: string;
  readonly #name: string;
  readonly #browser: string;
  readonly #connection: Connection;
  readonly #longest: number;
  readonly #grow: (more: number) => boolean;
  readonly #done: (one: Kept) => void;
  #whenOver: (() => void) | null = null;
  #isOver = false;
  #status = 0;
  #fields: readonly string[] = [];
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Of body and fields. */
  bytes = 0;
  answer: Answer | null = null;
  until = 0;
  /** Whether somebody waits for its answer, or has had it. */
  isAsked = false;

  constructor({ request, proof, by, connection, longest, grow, done }: KeptParts) {
    this.key = keyOf(proof);
    this.session = proof.ticket.session;
    this.#removal = removalOf(request, proof, by);
    this.#signature = proof.signature;
    this.#prefix = by.prefix;
    this.#name = nameOf(by);
    this.#browser = request.headers.userAgent;
    this.#connection = connection;
    this.#longest = longest;
    this.#grow = grow;
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

  /** A browser sends again from where it is, as who it was: anything else, somebody else does. */
  isRepeated({ headers }: RequestView, { signature }: BurntProof, by: Caller): boolean {
    const isSame = by.prefix === this.#prefix && nameOf(by) === this.#name && headers.userAgent === this.#browser;
    return isSame && signature === this.#signature;
  }

  head(status: number, fields: readonly string[]): void {
    if (this.#isOver) return;
    this.#status = status;
    this.#fields = fields.slice();
    this.#take(fields.reduce((sum, field) => sum + field.length, 0));
  }

  add(chunk: Uint8Array): void {
    if (this.#isOver) return;
    this.#length += chunk.length;
    this.#chunks.push(chunk);
    if (this.#length > this.#longest) this.leave();
    else this.#take(chunk.length);
  }

  #take(more: number): void {
    this.bytes += more;
    if (!this.#grow(more)) this.leave();
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
