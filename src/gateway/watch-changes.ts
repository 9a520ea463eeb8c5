import type { Undone } from '../guard/switch.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { createAlerts } from './alerts.ts';
import type { ChangeBook } from './change-book.ts';
import { byHere } from './follow.ts';
import type { Gate } from './gate.ts';
import { createGuardRail, type RailEvent } from './guard-rail.ts';
import type { Kept } from './kept.ts';
import type { Live } from './live.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { WatchedChange } from './past.ts';
import { undoneBy } from './undoing.ts';

/** Who undoes a change, in audit and log. */
const RAIL = 'guard rail';

export interface WatchedGate {
  readonly gate: Gate;
  readonly live: Live;
  /** Lets a layer go on as before this change, wherever the same holds. */
  readonly undo: (layer: string, undone: Omit<Undone, 'of'>, by: string, change: WatchedChange) => void;
  /** Writes down that a layer was put back, and why. */
  readonly audit: (layer: string, details: string) => Promise<void>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'rail'>;
  /** What changed before this process began; null where nobody remembers. */
  readonly book: Pick<ChangeBook, 'found' | 'changed' | 'settle'> | null;
  readonly clock?: Clock;
}

/** Watches what comes of changes, and says what was done about it: log, audit, metrics, webhook. */
export function watchChanges({ gate, live, undo, audit, log, metrics, book, clock = systemClock }: WatchedGate): {
  close(): void;
} {
  const alerts = createAlerts({ config: () => gate.config.alerts, fetch, warn: (message) => log.warn(message) });
  const tell = (event: RailEvent): void => {
    const { kind, undoing, layer, code, hurt, seen } = event;
    const text = words(event);
    const details = { layer, code, hurt, seen };
    log.warn(text, details);
    metrics.rail(event);
    alerts.send({ type: `guard-rail.${kind}`, time: new Date().toISOString(), text, details });
    if (kind === 'undone')
      void audit(layer, `${code}: ${hurt} of ${seen} networks${undoing === 'spared' ? ', spared' : ''}`);
  };
  const rail = createGuardRail({
    clock,
    limits: () => gate.config.guardRail ?? {},
    visitorOf: (request) => gate.guard.visitorOf?.(request) ?? null,
    undo(layer, change) {
      const undone = undoneBy(change, layer);
      if (undone === null) return null;
      undo(layer, undone, byHere(RAIL), change);
      book?.settle(change, layer);
      return undone.spares === undefined ? 'before' : 'spared';
    },
    tell,
  });
  let terms = live.terms();
  rail.resume(book?.found(terms) ?? []);
  live.onApplied(() => {
    const before = terms;
    terms = live.terms();
    rail.changed(before, terms);
    book?.changed(before, terms);
  });
  gate.guard.onDecision(rail.decided);
  return { close: alerts.close };
}

function words({ undoing, layer, code, hurt, seen }: RailEvent): string {
  const what = `${layer} refuses pages that worked before (${code}), on ${hurt} of ${seen} networks`;
  if (undoing === 'before') return `guard rail: since the last change ${what}; it goes on as it was before`;
  if (undoing === 'spared') return `guard rail: since the new version ${what}; it only records sessions from before`;
  return `guard rail: ${what}; nothing has changed here of late that could be undone`;
}

export async function auditUndone(
  layer: string,
  details: string,
  kept: Pick<Kept, 'records'>,
  log: Log,
): Promise<void> {
  try {
    const records = await kept.records();
    const row = { time: Date.now(), actor: RAIL, action: 'rollout.undo', target: layer, details: { details } };
    await records.audit.append({ ...row, outcome: 'done' });
  } catch (error) {
    log.error('audit: this could not be recorded', error, { action: 'rollout.undo' });
  }
}
