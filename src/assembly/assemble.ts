import type { Config } from '../guard/config.ts';
import type { Guard } from '../guard/guard.ts';
import type { Layer } from '../guard/layer.ts';
import { toGuard } from './guard.ts';
import { createJudge } from './judge.ts';
import { type Made, makeParts } from './made.ts';
import type { GuardParts, LayerParts } from './parts.ts';

/** What a guard is made of, with the layers that are asked. */
export interface Given extends GuardParts {
  readonly layers: (parts: LayerParts) => readonly Layer[];
}

/**
 * Puts a guard together: its parts, the layers that are made of these, what judges by the layers, and the face that
 * adapters see. Where something fails on the way, what was opened before it is closed.
 */
export async function assemble(config: Config, given: Given): Promise<Guard> {
  await using opened = new AsyncDisposableStack();
  const made = await makeParts(config, given, opened);
  const judge = await createJudge(made, given, given.layers(layerParts(made, given)));
  opened.defer(judge.open.close);
  return toGuard(made, judge, closing(given, opened.move()));
}

function layerParts(made: Made, given: Given): LayerParts {
  const { ground, doors, kept, strangers, banning, pages, challenges, alarms, behaviour } = made;
  const { clock } = ground;
  const times = { since: clock.wall(), monotonic: clock.monotonic };
  return {
    tickets: doors.tickets,
    cookies: doors.cookies,
    whereabouts: doors.whereabouts,
    forms: doors.forms,
    clock,
    ask: given.ask ?? null,
    identity: kept.identity,
    keys: kept.keys && { keys: kept.keys.keys, ...times },
    bots: strangers.bots && { bots: strangers.bots, ...times },
    crawlers: strangers.crawlers,
    lists: strangers.lists,
    bans: banning.bans,
    failed: banning.failed,
    pageGives: pages.gives,
    challenges,
    behaviour: behaviour && { risk: behaviour.book, desk: challenges.desk },
    alarm: alarms.tell,
  };
}

/** A guard that is there closes what it was given, too: its state and ledger, last. */
function closing({ state, ledger }: Given, opened: AsyncDisposableStack): () => Promise<void> {
  const all = new AsyncDisposableStack();
  all.defer(() => state?.close());
  all.defer(() => ledger?.close());
  all.use(opened);
  return () => all.disposeAsync();
}
