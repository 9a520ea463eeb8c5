import type { Config } from '../../guard/config.ts';
import type { Attacker, Group } from '../lab.ts';
import type { LabReport, RungReport } from '../outcome.ts';
import { wayIn } from '../possible.ts';
import type { Bill } from '../bill.ts';
import type { Prices } from '../prices.ts';
import type { RuleRow } from '../rules/measure.ts';
import type { Detected, Verdict } from '../tally.ts';
import type { LayersReport } from './ablate.ts';
import type { DelaysReport } from './delays.ts';
import { API, ASVS, type Requirements, TESTED } from './requirements.ts';
import { SETTING_MEANS, SETTING_TITLES, type SettingName } from './settings.ts';

/** Increased whenever a field comes that is compared, changes its meaning or goes. */
export const EVIDENCE_VERSION = 4;

/** What each attacker gets at three gates that differ by their rules alone. Plain JSON; written by `sallyport evidence`. */
export interface Evidence {
  readonly format: 'sallyport-evidence';
  readonly version: typeof EVIDENCE_VERSION;
  /** ISO 8601: when it began. */
  readonly made: string;
  readonly seconds: number;
  /** The command that makes every figure here. */
  readonly command: string;
  readonly versions: Versions;
  readonly machine: Machine;
  /** What stood behind the gates, and the address that was attacked. */
  readonly app: string;
  readonly path: string;
  /** Calls by which prices were measured. */
  readonly calls: number;
  readonly prices: Prices;
  readonly settings: readonly Setting[];
  readonly attackers: readonly AttackerRow[];
  /** What each rule of use adds to the price, at gates that differ by it alone. */
  readonly rules: readonly RuleRow[];
  /** What each layer adds, off and alone; null where that was left out. */
  readonly layers: LayersReport | null;
  /** By how much builds and sealed calls delay whoever copies the app; null where that was left out. */
  readonly delays: DelaysReport | null;
  /** At the strict gate; never empty. */
  readonly stillPossible: readonly string[];
  /** Numbers of requirements, and what they are about in our words. */
  readonly requirements: { readonly asvs: typeof ASVS; readonly api: typeof API };
}

export interface Versions {
  readonly sallyport: string;
  readonly node: string;
  /** '' where none was used. */
  readonly browser: string;
  readonly system: string;
}

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  /** Processes that wanted a core during the run, on the average, by the system's own count; 0 where it has none. */
  readonly load: number;
  /** Part by which the CPU of the same plain calls lay apart during the run: what this machine cannot tell better. */
  readonly unrest: number;
}

/** One gate. */
export interface Setting {
  readonly name: SettingName;
  readonly title: string;
  readonly means: string;
  /** SHA-256 of its configuration, hexadecimal. */
  readonly digest: string;
  /** Without secrets and functions. */
  readonly config: Config;
  readonly seconds: number;
}

export interface AttackerRow extends Requirements {
  readonly name: string;
  readonly group: Group;
  readonly title: string;
  readonly how: string;
  /** What somebody has to write or run to do the same. */
  readonly steps: readonly string[];
  readonly got: Readonly<Record<SettingName, Got>>;
  /** What gets in at the strict gate all the same, or why that is not known. Never empty. */
  readonly notStopped: string;
}

/** What it got at one gate. */
export interface Got {
  readonly verdict: Verdict;
  /** Why it did not run; ''. */
  readonly why: string;
  readonly tried: number;
  readonly admitted: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Seconds of CPU for 1,000 admitted calls; null where none was, or it was not measured. */
  readonly cpuSeconds: number | null;
  /** The same against plain calls made beside them. */
  readonly cpuRatio: number | null;
  /** Seconds on the clock for 1,000 admitted calls, one after another. */
  readonly wallSeconds: number | null;
  /** Stretches of calls by which CPU was measured, and how far it lay apart in them. */
  readonly stretches: number;
  readonly unrest: number;
  /** What 1,000 admitted calls cost at {@link Evidence.prices}, part by part. */
  readonly bill: Bill | null;
  /** When the gate first said something against it; null where it never did. */
  readonly detected: Detected | null;
}

/** One gate's run. */
export interface Run {
  readonly setting: SettingName;
  readonly digest: string;
  readonly config: Config;
  readonly report: LabReport;
}

export type Facts = Omit<
  Evidence,
  'format' | 'version' | 'settings' | 'attackers' | 'rules' | 'stillPossible' | 'requirements'
>;

export function toEvidence(facts: Facts, runs: readonly Run[], attackers: readonly Attacker[]): Evidence {
  const strict = runs.find(({ setting }) => setting === 'strict');
  if (strict === undefined) throw new TypeError('no run at the strict gate');
  return {
    format: 'sallyport-evidence',
    version: EVIDENCE_VERSION,
    ...facts,
    settings: runs.map(({ setting, digest, config, report }) => ({
      name: setting,
      title: SETTING_TITLES[setting],
      means: SETTING_MEANS[setting],
      digest,
      config,
      seconds: report.seconds,
    })),
    attackers: strict.report.rungs.map((rung) => toRow(rung, runs, attackers)),
    rules: strict.report.rules?.rows ?? [],
    stillPossible: strict.report.stillPossible,
    requirements: { asvs: ASVS, api: API },
  };
}

/** `rung` is what it got at the strict gate. */
function toRow(rung: RungReport, runs: readonly Run[], attackers: readonly Attacker[]): AttackerRow {
  const { name, group, title, how, steps } = rung;
  const at = (setting: SettingName): Got => {
    const report = runs.find((run) => run.setting === setting)?.report;
    return toGot(report?.rungs.find((one) => one.name === name));
  };
  const got = { off: at('off'), default: at('default'), strict: toGot(rung) };
  return {
    name,
    group,
    title,
    how,
    steps,
    ...(TESTED[name] ?? { asvs: [], api: [] }),
    got,
    notStopped: notStopped(rung, attackers),
  };
}

function toGot(rung: RungReport | undefined): Got {
  const cost = rung?.cost ?? null;
  return {
    verdict: rung?.verdict ?? 'not run',
    why: rung === undefined ? 'it was not asked to' : rung.why,
    tried: rung?.tried ?? 0,
    admitted: rung?.admitted ?? 0,
    refused: rung?.refused ?? {},
    cpuSeconds: cost?.cpuSeconds ?? null,
    cpuRatio: cost?.cpuRatio ?? null,
    wallSeconds: cost?.wallSeconds ?? null,
    stretches: cost?.stretches ?? 0,
    unrest: cost?.unrest ?? 0,
    bill: cost?.bill ?? null,
    detected: rung?.detected ?? null,
  };
}

/** What is left to somebody who was stopped. */
const OTHER_WAYS: Readonly<Record<Group, string>> = {
  requests: 'a program that walks the doors itself, or drives a page that does',
  doors: 'a new session, like anybody’s',
  use: 'the same at the pace and in the order that the rules allow',
  login: 'whoever has the password, or sits at the browser that is logged in',
  tokens: 'code that runs in the page of the person whose token it is',
  objects: 'the owner, and code that runs in the owner’s page',
  keys: 'whoever holds the whole key',
};

function notStopped(rung: RungReport, attackers: readonly Attacker[]): string {
  const { verdict, tried, why, group } = rung;
  if (verdict === 'not run') return `Not known: ${why}.`;
  if (verdict === 'stopped') return `Not by this way, ${tried} tries. By others: ${OTHER_WAYS[group]}.`;
  return wayIn(rung, attackers);
}
