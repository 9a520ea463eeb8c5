import type { Config } from '../guard/config.ts';
import type { Restored } from '../guard/restored.ts';
import type { Settings, Switch, Undone, Words } from '../guard/switch.ts';
import { policyIdOf, type Terms, termsOf, wordsOf } from '../guard/terms.ts';
import type { Gate } from './gate.ts';

export type { Settings, Words } from '../guard/switch.ts';

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

/**
 * What of a switch still holds where the file's own words have changed since: its new words go before the switch. A layer that
 * was put back because of a policy goes on by the next one.
 */
export function stillSwitched(settings: Settings, before: Words, after: Words, policy = ''): Settings {
  const { mode, rollout, layers = {}, undone = {} } = settings;
  const same = (name: string): boolean => JSON.stringify(before.layers[name]) === JSON.stringify(after.layers[name]);
  const sameMode = before.mode === after.mode;
  const sameShare = before.rollout === after.rollout;
  const stays = ([name, each]: [string, Undone]): boolean =>
    sameMode && sameShare && same(name) && holdsIn(each, policy);
  return {
    ...(mode !== undefined && sameMode ? { mode } : {}),
    ...(rollout !== undefined && sameShare ? { rollout } : {}),
    layers: Object.fromEntries(Object.entries(layers).filter(([name]) => same(name))),
    undone: Object.fromEntries(Object.entries(undone).filter(stays)),
  };
}

/** Whether a layer is put back under this policy, or under another alone. */
const holdsIn = ({ of }: Undone, policy: string): boolean => of === undefined || of === policy;

/** What was put back under one policy holds under another one. */
export function movedTo(settings: Settings, policy: string, next: string): Settings {
  const undone = Object.entries(settings.undone ?? {}).map(
    ([name, each]) => [name, each.of === policy ? { ...each, of: next } : each] as const,
  );
  return undone.length === 0 ? settings : { ...settings, undone: Object.fromEntries(undone) };
}

/** Layers that go on as before under this policy, and how. */
export const undoneIn = ({ undone = {} }: Settings, policy: string): [string, Undone][] =>
  Object.entries(undone).filter(([, each]) => holdsIn(each, policy));

/**
 * What of the last switch holds in a gate that starts. Whoever switched a gate back to report finds it so whatever a file says,
 * until it is switched on; of any other switch what the file has not changed since.
 */
export function takenUp(made: Pick<Switch, 'settings' | 'over'> | null, words: Words, policy = ''): Settings {
  if (made === null) return {};
  return made.settings.mode === 'report' ? made.settings : stillSwitched(made.settings, made.over, words, policy);
}

/** What changed in a gate that runs: for who watches what comes of it. */
export interface Applied {
  readonly before: Config;
  readonly after: Config;
}

/** One gate's configuration while it runs: what was loaded, and what was switched since. */
export interface Live {
  settings(): Settings;
  /** Puts other settings in force. Throws ConfigError, and nothing has changed then. */
  put(settings: Settings): void;
  /** Puts another configuration in force, as it was loaded; what was switched stays where its words are the same. */
  rebase(config: Config): void;
  /** Adds to the configuration without a change of its words. */
  amend(config: Config): void;
  /** The configuration that was loaded, without what was switched. */
  base(): Config;
  /** What pages are asked for now. */
  terms(): Terms;
  /** Layers that go on as they were before a change. */
  restored(): readonly string[];
  onApplied(listener: (applied: Applied) => void): void;
}

export interface LiveOptions {
  readonly gate: Pick<Gate, 'config' | 'reload'>;
  /** As it was loaded. */
  readonly base: Config;
  /** In force already, but for layers that were put back. */
  readonly settings: Settings;
  /** Of Sallyport. */
  readonly version: string;
}

export function createLive({ gate, base, settings, version }: LiveOptions): Live {
  let loaded = base;
  let switched = settings;
  const listeners: ((applied: Applied) => void)[] = [];
  const policyOf = (config: Config): string => policyIdOf(termsOf(config, version));
  const undoneNow = (config: Config, given: Settings) => undoneIn(given, policyOf(config));

  const apply = (next: { loaded?: Config; switched?: Settings }): void => {
    const wanted = { loaded, switched, ...next };
    const before = gate.config;
    const restored = undoneNow(wanted.loaded, wanted.switched).map(
      ([name, each]) => [name, restoredAs(each, wanted.loaded, before)] as const,
    );
    gate.reload(inForce(wanted.loaded, wanted.switched), new Map(restored));
    ({ loaded, switched } = wanted);
    for (const listener of listeners) listener({ before, after: gate.config });
  };
  if (undoneNow(base, settings).length > 0) apply({});

  return {
    settings: () => switched,
    put: (next) => apply({ switched: next }),
    rebase(config) {
      const still = stillSwitched(switched, wordsOf(loaded), wordsOf(config), policyOf(config));
      apply({ loaded: config, switched: still });
    },
    amend(config) {
      // What was put back under this policy is meant for it with what is added, too.
      apply({ loaded: config, switched: movedTo(switched, policyOf(loaded), policyOf(config)) });
    },
    base: () => loaded,
    terms: () => termsOf(inForce(loaded, switched), version),
    restored: () => undoneNow(loaded, switched).map(([name]) => name),
    onApplied: (listener) => void listeners.push(listener),
  };
}

/** One layer as it was; it answers for the names that the gate listens on now. */
function restoredAs({ pages, spares = 0, ...words }: Undone, loaded: Config, { listen, tls }: Config): Restored {
  const ends = { ...(listen === undefined ? {} : { listen }), ...(tls === undefined ? {} : { tls }) };
  return { config: { ...inForce(pages ?? loaded, words), ...ends }, spares };
}
