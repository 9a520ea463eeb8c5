import { hostname } from 'node:os';
import { parseConfig } from '../guard/config-schema.ts';
import type { Config } from '../guard/config.ts';
import type { Signals } from '../guard/signals.ts';
import type { Terms } from '../guard/terms.ts';
import { systemClock } from '../lib/clock.ts';
import { type ChangeBook, openChangeBook } from './change-book.ts';
import type { Log } from './log.ts';
import { inForce, type Live, type Settings } from './live.ts';
import { openSwitches, type Switch, type Switches } from './switches.ts';

/** Who makes switches here: for the audit and for other gates. */
export const byHere = (who: string): string => `${who} on ${hostname()}`;

/** Switches of gates that share these records; null where no other gate can. */
export async function followSwitches(
  signals: Signals | null,
  secret: string,
  log: Log,
  live: () => Pick<Live, 'put'> | null,
): Promise<Switches | null> {
  if (signals === null) return null;
  const onSwitch = (made: Switch): void => {
    const here = live();
    if (here === null) return;
    try {
      here.put(made.settings);
      log.warn(`switched by another gate: ${settingsWords(made.settings)}`, { by: made.by });
    } catch (error) {
      log.error('switch: another gate’s cannot be taken up here', error, { by: made.by });
    }
  };
  return openSwitches({ signals, secret, onSwitch, warn: (message) => log.warn(message) });
}

/** What changed before this start, and with it; null where nothing outlives this process that others could read. */
export async function followChanges(
  signals: Signals | null,
  secret: string,
  terms: Terms,
  log: Log,
): Promise<ChangeBook | null> {
  if (signals === null) return null;
  return openChangeBook({ signals, secret, terms, clock: systemClock, warn: (message) => log.warn(message) });
}

/** Nothing that was switched keeps a gate from starting: what its configuration cannot be with is left, and said. */
export function usable(config: Config, settings: Settings, log: Log): Settings {
  try {
    parseConfig(inForce(config, settings), 'config');
    return settings;
  } catch (error) {
    log.error('switch: what was switched live does not go with this configuration, which holds alone', error);
    return {};
  }
}

/** What a gate that starts takes up, in the log: its file may say something else. */
export function tellTakenUp(settings: Settings, last: Switch | null, log: Log): void {
  if (last === null || Object.values(settings).every((each) => typeof each === 'object' && isEmpty(each))) return;
  const since = new Date(last.at).toISOString();
  log.warn(`switched live before this start, and still so: ${settingsWords(settings)}`, { by: last.by, since });
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

export function settingsWords({ mode, rollout, layers = {}, undone = {} }: Settings): string {
  const own = Object.entries(layers).map(
    ([name, layer]) => `${name} ${[layer.mode, layer.rollout].filter((word) => word !== undefined).join(' ')}`,
  );
  const parts = [
    ...(mode === undefined ? [] : [mode === 'report' ? 'report mode: NOTHING IS BLOCKED' : 'enforce mode']),
    ...(rollout === undefined ? [] : [`for ${rollout} of the sessions`]),
    ...own,
    ...Object.entries(undone).map(([name, { spares }]) =>
      spares === undefined ? `${name} as before` : `${name} but for sessions from before a new version`,
    ),
  ];
  return parts.length === 0 ? 'as the file says' : parts.join(', ');
}
