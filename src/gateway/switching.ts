import type { Mode } from '../guard/config.ts';
import { ConfigError } from '../guard/errors.ts';
import type { Undone } from '../guard/switch.ts';
import { policyIdOf, type Terms } from '../guard/terms.ts';
import type { ModeChange } from './admin.ts';
import { AdminRefusal } from './admin-route.ts';
import type { FoundRoute } from './found.ts';
import type { Settings, Words } from './live.ts';
import type { Switches } from './switches.ts';

/** What `POST /mode` answers. */
export interface ModeChanged {
  readonly before: Mode;
  readonly mode: Mode;
  /** Share of sessions that it enforces for. */
  readonly rollout: string;
  /** Rows that were listed by this change, ready to copy. */
  readonly lines: readonly string[];
  /** Who was switched: this gate alone, all that share its records, or all of them once records can be reached again. */
  readonly reach: 'here' | 'all' | 'later';
  /** Layers that were put back, because a change did harm. */
  readonly undone: readonly string[];
}

/** Where a layer is named, the rest stays as it is; what was put back holds until somebody switches the layer itself. */
export function switched(settings: Settings, words: Words, { mode, rollout, layer }: ModeChange): Settings {
  const share = rollout === '' ? {} : { rollout };
  if (layer === '') return { ...settings, mode, ...share };
  const { [layer]: _undone, ...undone } = settings.undone ?? {};
  const { [layer]: before, ...layers } = settings.layers ?? {};
  const { mode: _mode, ...rest } = before ?? {};
  // A mode of its own would go before those of routes that only report: it gets one where the file has it report.
  const says = mode === 'report' || words.layers[layer]?.mode === 'report' ? { mode } : {};
  const own = { ...rest, ...says, ...share };
  return { ...settings, layers: Object.keys(own).length === 0 ? layers : { ...layers, [layer]: own }, undone };
}

/** A layer goes on as before; where that is because of version or policy, under the present ones alone. */
export function withUndone(
  settings: Settings,
  layer: string,
  undone: Omit<Undone, 'of'>,
  now: Omit<Terms, 'words'>,
): Settings {
  const isOfPolicy = undone.pages !== undefined || undone.spares !== undefined;
  const put: Undone = isOfPolicy ? { ...undone, of: policyIdOf(now) } : undone;
  return { ...settings, undone: { ...settings.undone, [layer]: put } };
}

/** Lets other gates know what holds here now. */
export async function spread(
  switches: Switches | null,
  settings: Settings,
  over: Words,
  by: string,
): Promise<ModeChanged['reach']> {
  if (switches === null) return 'here';
  return (await switches.publish({ at: Date.now(), by, settings, over })) ? 'all' : 'later';
}

/**
 * The found routes that a switch lists, if it is to.
 * @throws {AdminRefusal} where it must not be made
 */
export function toBeListed(asked: ModeChange, before: Mode, found: readonly FoundRoute[]): readonly FoundRoute[] {
  const { mode, acceptFound, layer } = asked;
  const open = found.filter(({ alsoSigned }) => !alsoSigned);
  if (mode === 'enforce' && open.length > 0 && !acceptFound) throw notListed(open);
  if (layer !== '' && before === 'report') throw new AdminRefusal('the gate is in report mode; switch it on first');
  return open;
}

function notListed(found: readonly FoundRoute[]): AdminRefusal {
  return new AdminRefusal('protected routes are used in ways that cannot sign, and are not listed', { found });
}

/** @throws {AdminRefusal} with the reason */
export function tried(act: () => void): void {
  try {
    act();
  } catch (error) {
    refused(error);
  }
}

/** What a configuration is refused for, to the person who asked. */
export function refused(error: unknown): never {
  if (error instanceof ConfigError) throw new AdminRefusal(error.message, { problems: error.problems });
  throw new AdminRefusal(error instanceof Error ? error.message : String(error));
}
