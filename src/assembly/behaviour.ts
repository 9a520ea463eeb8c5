import type { Book } from '../behaviour/book.ts';
import type { BehaviourFigures, SessionId } from '../guard/behaviour.ts';
import { learningOf } from '../guard/config-behaviour.ts';
import type { Decision } from '../guard/decision.ts';
import { ConfigError } from '../guard/errors.ts';
import type { EnteredSession, Siblings } from '../guard/siblings.ts';
import type { RequestView } from '../guard/view.ts';
import type { Ground } from './ground.ts';

/** The model of how the app is used, and what keeps it going. */
export interface Behaviour {
  readonly book: Book;
  readonly decided: (decision: Decision, request: RequestView) => void;
  readonly entered: (session: EnteredSession) => void;
  /** One that another guard found unusual. */
  readonly learn: (session: SessionId, odds: number) => void;
  readonly figures: () => BehaviourFigures;
}

/** So soon after the call that gave reason to it a session is judged: what each call asks is looked up. */
const JUDGED_AFTER_MS = 5;
/** So often those that have ended are looked for. */
const TICK_MS = 1000;
const SAVE_MS = 600_000;

/** Null where the configuration has no such layer. Throws ConfigError where the file of the model holds none. */
export async function openBehaviour(
  { config, clock, random, policy }: Ground,
  siblings: Siblings | null,
  opened: AsyncDisposableStack,
): Promise<Behaviour | null> {
  if (config.behaviour === undefined) return null;
  const [{ createBook }, { createEar }, store] = await Promise.all([
    import('../behaviour/book.ts'),
    import('../behaviour/ear.ts'),
    import('../behaviour/model-store.ts'),
  ]);
  const learning = learningOf(config.behaviour);
  const { model: path } = config.behaviour;
  const book = createBook({
    limits: () => learning,
    seed: random(4).readUInt32BE(0),
    wake: () => wake(),
    tell: (session, odds) => siblings?.tell({ kind: 'unusual', session, odds }),
  });
  if (path !== undefined) {
    const read = await store.readModel(path, learning.sessions).catch((error: unknown) => {
      const rule = `${error instanceof Error ? error.message : 'cannot be read'}; move it away to learn anew`;
      throw new ConfigError('config', [{ field: 'behaviour.model', value: JSON.stringify(path), rule }]);
    });
    if (read !== null) book.adopt(read);
    let saved = book.model.learned;
    const save = async (): Promise<void> => {
      if (book.model.learned === saved) return;
      saved = book.model.learned;
      await store.writeModel(path, book.model, book.routes.names);
    };
    const saving = setInterval(() => void save().catch(() => {}), SAVE_MS).unref();
    // What cannot be written at the end is learned anew: nobody waits for it.
    opened.defer(() => save().catch(() => {}));
    opened.defer(() => clearInterval(saving));
  }
  const wake = keepTicking(book, clock.wall, opened);
  return {
    book,
    decided: createEar(book, policy),
    entered: ({ ref, load }) =>
      book.entered({ sessionIdHigh: ref.idHigh, sessionIdLow: ref.idLow }, load, clock.wall()),
    learn: (session, odds) => book.told(session, odds, clock.wall()),
    figures: book.figures,
  };
}

/** Answers how to have it judge soon. Neither timer keeps a process going. */
function keepTicking(book: Book, wall: () => number, opened: AsyncDisposableStack): () => void {
  let soon: NodeJS.Timeout | null = null;
  const tick = (): void => {
    soon = null;
    if (book.tick(wall())) wake();
  };
  const wake = (): void => {
    soon ??= setTimeout(tick, JUDGED_AFTER_MS).unref();
  };
  const ticking = setInterval(wake, TICK_MS).unref();
  opened.defer(() => {
    clearInterval(ticking);
    if (soon !== null) clearTimeout(soon);
  });
  return wake;
}
