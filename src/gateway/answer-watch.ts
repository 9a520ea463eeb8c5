import { LONGEST_CREATION } from '../guard/creation-watch.ts';
import type { FollowedAnswer } from '../guard/cost-watch.ts';
import type { Decision } from '../guard/decision.ts';
import type { Guard } from '../guard/guard.ts';
import type { ServedReader } from '../guard/served-watch.ts';
import type { Connection, Following } from '../guard/repeats-call.ts';
import type { RequestView } from '../guard/view.ts';
import { type Creation, creationOf } from './creation.ts';
import { isPlainJson } from './fieldlist.ts';
import type { ObservedAnswer, Observing } from './observing.ts';
import type { ResponseHead } from './response-fields.ts';
import type { Route } from './route.ts';

/** What the guard learns of one answer while it passes: whom redirects lead to, what was made or given, what it cost. */
export class AnswerWatch {
  readonly #guard: Guard;
  readonly #view: RequestView;
  readonly #decision: Decision;
  /** Null where the answer says nothing of an object that anybody asks about. */
  readonly #creation: Creation | null;
  /** Set where the answer gives ids that others ask for. */
  #giving: ServedReader | null = null;
  /** Set where the answer says what the call cost. */
  #cost: FollowedAnswer | null = null;
  /** Set while somebody watches what passes. */
  #observed: ObservedAnswer | null = null;
  readonly #observing: Observing | null;
  /** Set where the call may be sent again when its answer is lost. */
  readonly #repeat: Following | null;

  /** @param connection the one that the call came by */
  constructor(
    { guard, observing }: Pick<Route, 'guard' | 'observing'>,
    view: RequestView,
    decision: Decision,
    connection: Connection,
  ) {
    this.#guard = guard;
    this.#observing = observing;
    this.#view = view;
    this.#decision = decision;
    this.#creation = creationOf(guard.creations, view, decision);
    this.#repeat = guard.repeats?.follow(view, decision, connection) ?? null;
  }

  /** Something is still to be learnt of what was made or removed, whoever has left; or the client will ask for it again. */
  get isAwaited(): boolean {
    return this.#creation?.awaited === true || this.#repeat?.isAwaited === true;
  }

  /** The answer is to be read whole before its head is released. */
  get readsWhole(): boolean {
    return this.#creation?.reading === true;
  }

  /** What has to be known before anybody can act on the answer. Undefined where nothing has to be waited for. */
  head(status: number, { fields, location }: ResponseHead): Promise<unknown> | undefined {
    const { serves, costs } = this.#guard;
    this.#observed = this.#observing?.begin(this.#decision, this.#view, status, fields) ?? null;
    if (costs?.takes(this.#decision) === true) this.#cost = costs.follow(this.#decision, status, fields);
    if (serves?.takes(this.#decision) === true && status < 300 && isPlainJson(fields))
      this.#giving = serves.reader(this.#decision);
    this.#repeat?.head(status, fields);
    const settled = this.#guard.settle(this.#view, this.#decision, { status, location });
    const kept = this.#creation?.head(status, fields);
    return settled === undefined && kept === undefined ? undefined : Promise.all([settled, kept]);
  }

  /** A chunk; it may go on when this is done. */
  chunk(chunk: Buffer): void | Promise<void> {
    this.#cost?.add(chunk);
    this.#repeat?.add(chunk);
    this.#observed?.add(chunk);
    return this.#giving?.read(chunk);
  }

  /** Whether so many bytes are more than is read whole: then nothing is any more. */
  isTooLong(bytes: number): boolean {
    if (!this.readsWhole || bytes <= LONGEST_CREATION) return false;
    this.#creation?.leave();
    return true;
  }

  /** All of it has come. */
  end(): void {
    this.#cost?.end();
    this.#observed?.end();
    this.#repeat?.end();
  }

  /** The answer is not to be given again as it came: it broke off, or goes out otherwise. */
  notAgain(): void {
    this.#repeat?.leave();
  }

  /** What was read whole; null for an answer without a body. */
  async whole(content: Buffer | null): Promise<void> {
    await this.#creation?.body(content);
  }
}
