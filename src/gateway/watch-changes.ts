import { type Clock, systemClock } from '../lib/clock.ts';
import { createAlerts } from './alerts.ts';
import type { Control } from './control.ts';
import { byHere } from './follow.ts';
import type { Gate } from './gate.ts';
import { createGuardRail, type RailEvent } from './guard-rail.ts';
import type { Kept } from './kept.ts';
import type { Live } from './live.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Who undoes a change, in audit and log. */
const RAIL = 'guard rail';

export interface WatchedGate {
  readonly gate: Gate;
  readonly live: Live;
  readonly control: Pick<Control, 'undo'>;
  /** Writes down that a layer was put back, and why. */
  readonly audit: (layer: string, details: string) => Promise<void>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'rail'>;
  readonly clock?: Clock;
}

/** Watches what comes of changes, and says what was done about it: log, audit, metrics, webhook. */
export function watchChanges({ gate, live, control, audit, log, metrics, clock = systemClock }: WatchedGate): {
  close(): void;
} {
  const alerts = createAlerts({ config: () => gate.config.alerts, fetch, warn: (message) => log.warn(message) });
  const tell = (event: RailEvent): void => {
    const { kind, layer, code, hurt, seen } = event;
    const text = words(event);
    const details = { layer, code, hurt, seen };
    log.warn(text, details);
    metrics.rail(event);
    alerts.send({ type: `guard-rail.${kind}`, time: new Date().toISOString(), text, details });
    if (kind === 'undone') void audit(layer, `${code}: ${hurt} of ${seen} networks`);
  };
  const rail = createGuardRail({
    clock,
    limits: () => gate.config.guardRail ?? {},
    visitorOf: (request) => gate.guard.visitorOf?.(request) ?? null,
    undo: (layer, before, after) => control.undo(layer, before, after, byHere(RAIL)),
    tell,
  });
  live.onApplied(({ before, after }) => rail.changed(before, after));
  gate.guard.onDecision(rail.decided);
  return { close: alerts.close };
}

function words({ kind, layer, code, hurt, seen }: RailEvent): string {
  const what = `${layer} refuses pages that worked before (${code}), on ${hurt} of ${seen} networks`;
  return kind === 'undone'
    ? `guard rail: since the last change ${what}; it goes on as it was before`
    : `guard rail: ${what}; nothing has changed here of late that could be undone`;
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
