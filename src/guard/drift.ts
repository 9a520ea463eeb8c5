import type { Config } from './config.ts';
import { EVERYBODY, layerConfig, shareFrom } from './rollout.ts';

/** What follows where a session shows up elsewhere; each asks more than the one before. */
export type DriftAction = (typeof DRIFT_ACTIONS)[number];

export const DRIFT_ACTIONS = ['note', 'entry', 'login', 'refuse'] as const;

/** What is asked of a session that shows up from another network, or by another browser, than at its entry. */
export interface DriftConfig {
  /** Another network alone: a phone that leaves the house, a VPN. Default `note`. */
  network?: DriftAction;
  /** Another browser alone. Default `note`. */
  browser?: DriftAction;
  /** Both at once. Default `entry`, or what either alone asks where that is more. */
  both?: DriftAction;
}

export interface DriftRule {
  readonly network: DriftAction;
  readonly browser: DriftAction;
  readonly both: DriftAction;
  /** False where it is only reported: an entry then goes on as if nothing were asked. */
  readonly enforced: boolean;
}

/**
 * From where and by what a page entered: short keyed hashes, from which nothing leads back. 0 stands for what nobody
 * said.
 */
export interface Whereabouts {
  /** The network by IPv4 and the one by IPv6, 24 bits each: a browser changes between the two by itself. */
  readonly v4: number;
  readonly v6: number;
  /** Family and platform of the browser, its brands, its first language: 16 bits each. */
  readonly agent: number;
  readonly brands: number;
  readonly language: number;
}

export const NOWHERE: Whereabouts = Object.freeze({ v4: 0, v6: 0, agent: 0, brands: 0, language: 0 });

/** What may have changed, as bits of one number. */
export const NETWORK = 1;
export const BROWSER = 2;
/** Apart, because pages may name a language of their own in their calls. */
export const LANGUAGE = 4;

/** What is different here. `from` may know one network of each kind; `here` has one. */
export function changesOf(from: Whereabouts, here: Whereabouts): number {
  const network = (here.v4 !== 0 && here.v4 !== from.v4) || (here.v6 !== 0 && here.v6 !== from.v6);
  const browser = here.agent !== from.agent || isOther(here.brands, from.brands);
  return (network ? NETWORK : 0) | (browser ? BROWSER : 0) | (isOther(here.language, from.language) ? LANGUAGE : 0);
}

/** Not every request of one browser says everything: only what both say can differ. */
const isOther = (one: number, other: number): boolean => one !== 0 && other !== 0 && one !== other;

/** What an entry here leaves behind. The network of the other kind stays known: browsers come back to it. */
export function arrived(before: Whereabouts, here: Whereabouts): Whereabouts {
  return { ...here, v4: here.v4 || before.v4, v6: here.v6 || before.v6 };
}

export const isSamePlace = (one: Whereabouts, other: Whereabouts): boolean =>
  one.v4 === other.v4 &&
  one.v6 === other.v6 &&
  one.agent === other.agent &&
  one.brands === other.brands &&
  one.language === other.language;

export function actionOn(rule: DriftRule, changes: number): DriftAction {
  const browser = (changes & BROWSER) !== 0;
  if ((changes & NETWORK) === 0) return browser ? rule.browser : 'note';
  return browser ? rule.both : rule.network;
}

/** `network and browser`: for the record. Values are not named. */
export function namesOf(changes: number): string {
  const names = [
    [NETWORK, 'network'],
    [BROWSER, 'browser'],
    [LANGUAGE, 'language'],
  ] as const;
  return names.flatMap(([bit, name]) => ((changes & bit) === 0 ? [] : [name])).join(' and ');
}

export function compileDrift({ drift = {}, mode, layers, rollout }: Config): DriftRule {
  const own = layerConfig(layers?.['drift'] ?? {});
  // An entry has no bucket of its own yet: while the layer is rolled out, its findings alone count.
  const enforced = mode === 'enforce' && own.mode !== 'report' && shareFrom(own.rollout ?? rollout) === EVERYBODY;
  const { network = 'note', browser = 'note' } = drift;
  const both = drift.both ?? strictest('entry', network, browser);
  return Object.freeze({ network, browser, both, enforced });
}

export const asksLess = (one: DriftAction, other: DriftAction): boolean =>
  DRIFT_ACTIONS.indexOf(one) < DRIFT_ACTIONS.indexOf(other);

const strictest = (...actions: readonly DriftAction[]): DriftAction =>
  actions.reduce((most, action) => (asksLess(most, action) ? action : most));
