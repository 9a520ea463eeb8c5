import type { Config, Mode } from '../guard/config.ts';
import type { Undone } from '../guard/switch.ts';
import { wordsOf } from '../guard/terms.ts';
import type { AdminActions, ModeChange } from './admin.ts';
import type { AuditEntry } from './admin-route.ts';
import { type FoundRoute, foundRoutes, withAccepted, withFound } from './found.ts';
import { describe, type Described, type GateRoutes, pendingOf, seenBy } from './gate-status.ts';
import { type ModeChanged, refused, spread, switched, toBeListed, tried, withUndone } from './switching.ts';

export interface ControlParts extends Described {
  /** Found routes that were accepted live before this process took over. */
  readonly accepted: readonly FoundRoute[];
  /** Told of all that were accepted so far, whenever there are more. */
  onAccepted(accepted: readonly FoundRoute[]): void;
  /** Reads the configuration anew; throws ConfigError. */
  load(): Promise<Config>;
  metrics(): Promise<string>;
  audit(entry: AuditEntry): Promise<void> | void;
  /** Who makes switches here, for other gates' status. */
  readonly by: string;
}

export interface Control extends AdminActions {
  /** What SIGHUP does: the mode that was switched live stays, unless the file's own changed. */
  reload(): Promise<{ readonly mode: Mode }>;
  /** Lets a layer go on as it was before a change, here and in all gates that go by the same, until somebody switches it. */
  undo(layer: string, undone: Omit<Undone, 'of'>, by: string): void;
}

/** Administration of one gate: looks, switches, reloads. */
export function createControl(parts: ControlParts): Control {
  const { gate, records, live } = parts;
  let { accepted } = parts;

  const found = (): FoundRoute[] => foundRoutes(pendingOf(gate, records), records.routes());

  const accept = (open: readonly FoundRoute[]): readonly string[] => {
    const { config, lines } = withFound(live.base(), open);
    tried(() => live.amend(config));
    accepted = [...accepted, ...open];
    parts.onAccepted(accepted);
    return lines;
  };

  const change = async (asked: ModeChange): Promise<ModeChanged> => {
    const { mode, acceptFound } = asked;
    const before = gate.mode();
    const open = toBeListed(asked, before, found());
    const lines = acceptFound && open.length > 0 ? accept(open) : [];
    const answer = (reach: ModeChanged['reach']): ModeChanged => {
      const rollout = gate.config.rollout ?? '100%';
      return { before, mode: gate.mode(), rollout, lines, reach, undone: live.restored() };
    };
    // Listing what was found, in report mode, is no switch.
    if (acceptFound && mode === 'report') return answer('here');
    tried(() => live.put(switched(live.settings(), wordsOf(live.base()), asked)));
    return answer(await spread(parts.switches, live.settings(), wordsOf(live.base()), parts.by));
  };

  return {
    status: () => describe(parts),
    why: (id) => records.get(id),
    routes: (): GateRoutes => ({ ...seenBy(gate, records), found: found() }),
    mode: change,
    async reload() {
      const config = await parts.load().catch(refused);
      tried(() => live.rebase(withAccepted(config, accepted)));
      return { mode: gate.mode() };
    },
    undo(layer, undone, by) {
      live.put(withUndone(live.settings(), layer, undone, live.terms()));
      void spread(parts.switches, live.settings(), wordsOf(live.base()), by);
    },
    metrics: parts.metrics,
    audit: parts.audit,
  };
}
