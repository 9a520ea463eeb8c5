import type { Answer, BurntProof } from './decision.ts';
import type { Context } from './layer.ts';
import { subjectName } from './subject.ts';
import type { RequestView } from './view.ts';

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

/** Who made a call, and where from. */
export type Caller = Pick<Context, 'subject' | 'prefix'>;

/** What a call and the same call again have in common, and no other. */
export const keyOf = ({ ticket, nonce }: BurntProof): string => `${ticket.id} ${nonce}`;

/** '' for nobody, or where nobody asked. The app may say who it is call by call: a session has not always one. */
const nameOf = ({ subject }: Caller): string => (subject === null ? '' : subjectName(subject));

/** What a removal is found by, whatever it is signed with; '' for what removes nothing. */
export const removalOf = ({ method, target }: RequestView, { ticket, digest }: BurntProof, by: Caller): string =>
  method === 'DELETE' ? JSON.stringify([ticket.session, nameOf(by), digest, target]) : '';

export interface CallParts {
  readonly request: RequestView;
  readonly proof: BurntProof;
  readonly by: Caller;
  readonly connection: Connection;
  /** Bytes of its answer's body, at most. */
  readonly longest: number;
  /** Told of so many bytes more; false where there is no room for them. */
  readonly grow: (more: number) => boolean;
  /** Called once, when its answer is known or never will be. */
  readonly done: (call: FollowedCall) => void;
}

/** One call that was admitted, and what became of it. */
export class FollowedCall implements Following {
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
  readonly #done: (call: FollowedCall) => void;
  #whenOver: (() => void) | null = null;
  #isOver = false;
  #status = 0;
  #fields: readonly string[] = [];
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Of body and fields. */
  bytes = 0;
  answer: Answer | null = null;
  /** Until when the answer is kept; monotonic milliseconds. */
  until = 0;
  /** Whether somebody waits for its answer, or has had it. */
  isAsked = false;

  constructor({ request, proof, by, connection, longest, grow, done }: CallParts) {
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
