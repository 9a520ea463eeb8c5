import type { Config } from '../guard/config.ts';
import { layerConfig } from '../guard/rollout.ts';
import type { Settings, Switch, Words } from '../guard/switch.ts';
import type { Gate } from './gate.ts';

export type { Settings, Words } from '../guard/switch.ts';

export function wordsOf({ mode = 'report', rollout = '100%', layers = {} }: Config): Words {
  const own = Object.entries(layers).map(([name, given]) => [name, layerConfig(given)]);
  return { mode, rollout, layers: Object.fromEntries(own) };
}

/** The configuration with what was switched live. */
export function inForce(config: Config, { mode, rollout, layers }: Settings): Config {
  const words = wordsOf(config);
  const merged = { ...words.layers };
  for (const [name, own] of Object.entries(layers ?? {})) merged[name] = { ...merged[name], ...own };
  const share = rollout ?? config.rollout;
  return {
    ...config,
    mode: mode ?? words.mode,
    ...(share === undefined ? {} : { rollout: share }),
    ...(Object.keys(merged).length === 0 ? {} : { layers: merged }),
  };
}

/** What of a switch still holds where the file's own words have changed since: its new words go before the switch. */
export function stillSwitched(settings: Settings, before: Words, after: Words): Settings {
  const { mode, rollout, layers = {}, undone = {} } = settings;
  const same = (name: string): boolean => JSON.stringify(before.layers[name]) === JSON.stringify(after.layers[name]);
  const sameMode = before.mode === after.mode;
  const sameShare = before.rollout === after.rollout;
  return {
    ...(mode !== undefined && sameMode ? { mode } : {}),
    ...(rollout !== undefined && sameShare ? { rollout } : {}),
    layers: Object.fromEntries(Object.entries(layers).filter(([name]) => same(name))),
    undone: Object.fromEntries(Object.entries(undone).filter(([name]) => sameMode && sameShare && same(name))),
  };
}

/**
 * What of the last switch holds in a gate that starts. Whoever switched a gate back to report finds it so whatever a file says,
 * until it is switched on; of any other switch what the file has not changed since.
 */
export function takenUp(made: Pick<Switch, 'settings' | 'over'> | null, words: Words): Settings {
  if (made === null) return {};
  return made.settings.mode === 'report' ? made.settings : stillSwitched(made.settings, made.over, words);
}

/** What changed in a gate that runs: for who watches what comes of it. */
export interface Applied {
  readonly before: Config;
  readonly after: Config;
}

/** One gate's configuration while it runs: what was loaded, and what was switched since. */
export interface Live {
  settings(): Settings;
  /**
   * Puts other settings in force. Throws ConfigError, and nothing has changed then.
   *
   * @param mended a layer that is to go on by the configuration of now again
   */
  put(settings: Settings, mended?: string): void;
  /** Puts another configuration in force, as it was loaded; what was switched stays where its words are the same. */
  rebase(config: Config): void;
  /** Adds to the configuration without a change of its words. */
  amend(config: Config): void;
  /** Lets one layer go on as an earlier configuration has it, until one is loaded again. */
  restore(layer: string, before: Config): void;
  /** The configuration that was loaded, without what was switched. */
  base(): Config;
  /** Layers that go on as they were before a change. */
  restored(): readonly string[];
  onApplied(listener: (applied: Applied) => void): void;
}

/**
 * @param base as it was loaded
 * @param settings in force already
 */
export function createLive(gate: Pick<Gate, 'config' | 'reload'>, base: Config, settings: Settings): Live {
  let loaded = base;
  let switched = settings;
  let restored = new Map<string, Config>();
  const listeners: ((applied: Applied) => void)[] = [];

  const apply = (next: { loaded?: Config; switched?: Settings; restored?: Map<string, Config> }): void => {
    const wanted = { loaded, switched, restored, ...next };
    const before = gate.config;
    const listening = before.listen === undefined ? {} : { listen: before.listen };
    const undone = Object.entries(wanted.switched.undone ?? {}).map(
      ([name, words]) => [name, { ...inForce(wanted.loaded, words), ...listening }] as const,
    );
    gate.reload(inForce(wanted.loaded, wanted.switched), new Map([...undone, ...wanted.restored]));
    ({ loaded, switched, restored } = wanted);
    for (const listener of listeners) listener({ before, after: gate.config });
  };

  return {
    settings: () => switched,
    put: (next, mended = '') =>
      apply({ switched: next, restored: new Map([...restored].filter(([layer]) => layer !== mended)) }),
    rebase: (config) =>
      apply({
        loaded: config,
        switched: stillSwitched(switched, wordsOf(loaded), wordsOf(config)),
        restored: new Map(),
      }),
    amend: (config) => apply({ loaded: config }),
    restore: (layer, before) => apply({ restored: new Map([...restored, [layer, before]]) }),
    base: () => loaded,
    restored: () => [...new Set([...Object.keys(switched.undone ?? {}), ...restored.keys()])],
    onApplied: (listener) => void listeners.push(listener),
  };
}
