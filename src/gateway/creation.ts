import type { CreationWatch } from '../guard/creation-watch.ts';
import type { Decision } from '../guard/decision.ts';
import type { RequestView } from '../guard/view.ts';
import { allOf, type FieldList, isPlainJson } from './fieldlist.ts';

const NOTHING = new Uint8Array(0);

/** What the answer to one call says of objects that came or went. */
export class Creation {
  readonly #watch: CreationWatch;
  readonly #view: RequestView;
  readonly #decision: Decision;
  #status = 0;
  #location = '';
  #awaited = true;
  #reading = false;

  constructor(watch: CreationWatch, view: RequestView, decision: Decision) {
    this.#watch = watch;
    this.#view = view;
    this.#decision = decision;
  }

  /** Something is still to be learnt, whoever has left. */
  get awaited(): boolean {
    return this.#awaited;
  }

  /** The answer is to be read whole before its head is released. */
  get reading(): boolean {
    return this.#reading;
  }

  /** What the head alone tells. Undefined where nothing has to be waited for. */
  head(status: number, fields: FieldList): Promise<void> | undefined {
    this.#status = status;
    this.#reading = this.#watch.takes(this.#decision) && isPlainJson(fields);
    this.#awaited = this.#reading;
    const forgotten = this.#watch.forget(this.#view, this.#decision, status);
    if (!this.#watch.takes(this.#decision)) return forgotten;
    // Two of them name nothing.
    const [first = '', ...others] = allOf(fields, 'location');
    this.#location = others.length === 0 ? first : '';
    return this.#reading ? forgotten : this.#record(NOTHING);
  }

  /** What was read tells the rest; null for an answer without a body. */
  body(content: Uint8Array | null): Promise<void> {
    this.leave();
    return this.#record(content ?? NOTHING);
  }

  /** It is longer than what is read. */
  leave(): void {
    this.#reading = false;
    this.#awaited = false;
  }

  #record(body: Uint8Array): Promise<void> {
    return this.#watch.record(this.#decision, { status: this.#status, location: this.#location, body });
  }
}

/** Null for calls that neither create nor delete what anybody asks about. */
export function creationOf(
  watch: CreationWatch | null | undefined,
  view: RequestView,
  decision: Decision,
): Creation | null {
  return watch?.awaits(view, decision) === true ? new Creation(watch, view, decision) : null;
}
