import type { Attacker } from '../lab.ts';
import type { LabOptions } from '../options.ts';
import type { LabReport, RungReport } from '../outcome.ts';
import { runAttackers } from '../run.ts';
import type { UnusualWorth } from '../rules/unusual.ts';
import type { Gates, OpenGate } from './gates.ts';

/** What every layer is worth: the strict gate without it, and it alone. Plain JSON. */
export interface LayersReport {
  /** Calls by which each attacker was measured, at each gate. */
  readonly calls: number;
  /** Names of the attackers that were run at each gate. */
  readonly attackers: readonly string[];
  readonly rows: readonly LayerRow[];
  /** The layer that these attackers make too few calls for, at gates of the lab's own; null where that was left out. */
  readonly unusual: UnusualWorth | null;
}

export interface LayerRow {
  readonly name: string;
  /** Names of attackers that get further where everything but this layer is enforced. */
  readonly offLetsIn: readonly string[];
  /** Names of attackers that it holds up or stops where nothing else is enforced. */
  readonly aloneHolds: readonly string[];
  /** Part of the attackers' calls that is admitted with every layer, without this one, with this one alone, and with none; see {@link passed}. */
  readonly passed: { readonly strict: number; readonly off: number; readonly alone: number; readonly none: number };
  /** Seconds of CPU of whoever walks the doors, for 1,000 admitted calls; null where none was admitted. */
  readonly cpu: { readonly strict: number | null; readonly off: number | null; readonly alone: number | null };
}

/**
 * Who is run against each of these gates: those that need no browser, do not use up what others need, and take little. What limits and
 * budgets are worth, the table of rules says in figures.
 */
export const ABLATED: readonly string[] = [
  ...['plain', 'headers', 'replay', 'cookie', 'moved', 'altered', 'aliases', 'doors', 'cookie-doors'],
  ...['cookie-login', 'jwt-stolen', 'other-object', 'forged-form', 'key-replay'],
  ...['order', 'enumerate', 'challenge', 'challenge-replay', 'ticket'],
];

/** Pages of other sites need a browser, which takes seconds at each gate: they are run where a layer judges where calls come from. */
const BY_PAGES: readonly string[] = ['other-site'];
const JUDGES_PAGES: readonly string[] = ['site', 'cors', 'carrier'];

/** Seconds that one gate has. */
const SECONDS = 60;

export interface Ablation {
  readonly attackers: readonly Attacker[];
  readonly calls: number;
  /** What attackers need to know of the app, at this gate. */
  options(gate: OpenGate): LabOptions | Promise<LabOptions>;
  /** Told before each gate: its name, and how many there are. */
  onGate?(name: string, at: number, of: number): void;
}

/** Opens one gate after another: nothing enforced that can be left to report, everything, and for each layer all but it and it alone. */
export async function ablate(
  gates: Gates,
  { attackers, calls, options, onGate }: Ablation,
): Promise<Omit<LayersReport, 'unusual'>> {
  const run = async (reporting: readonly string[], names: readonly string[]): Promise<LabReport> => {
    const layers = Object.fromEntries(reporting.map((name) => [name, 'report'] as const));
    const gate = await gates.open({ setting: 'strict', layers });
    const chosen = attackers.filter(({ name }) => names.includes(name));
    return runAttackers(gate.url, { ...(await options(gate)), calls, seconds: SECONDS, later: 1 }, chosen);
  };
  const { layers } = await gates.open({ setting: 'strict' });
  const of = 2 + 2 * layers.length;
  const names = [...ABLATED, ...BY_PAGES];
  onGate?.('none', 1, of);
  const none = await run(layers, names);
  onGate?.('all', 2, of);
  const all = await run([], names);
  const rows: LayerRow[] = [];
  for (const [index, name] of layers.entries()) {
    const against = JUDGES_PAGES.includes(name) ? names : ABLATED;
    onGate?.(name, 3 + 2 * index, of);
    const off = await run([name], against);
    onGate?.(name, 4 + 2 * index, of);
    const alone = await run(
      layers.filter((layer) => layer !== name),
      against,
    );
    rows.push({
      name,
      offLetsIn: further(all, off),
      aloneHolds: further(alone, none),
      passed: passed({ strict: all, off, alone, none }),
      cpu: { strict: cpuOf(all), off: cpuOf(off), alone: cpuOf(alone) },
    });
  }
  return { calls, attackers: all.rungs.map(({ name }) => name), rows };
}

/** Names of those who got less in the first run than in the second. What did not run in both says nothing. */
export function further(less: LabReport, more: LabReport): string[] {
  return less.rungs
    .filter((rung) => {
      const other = more.rungs.find(({ name }) => name === rung.name);
      return other !== undefined && rank(rung) >= 0 && rank(rung) < rank(other);
    })
    .map(({ name }) => name);
}

/**
 * Part of the calls that is admitted, 0 to 1: on the average of the attackers that ran at each of these gates, each counted once however many
 * calls it made.
 */
export function passed(reports: Readonly<Record<keyof LayerRow['passed'], LabReport>>): LayerRow['passed'] {
  const { strict, off, alone, none } = reports;
  const ran = ({ rungs }: LabReport, name: string): boolean => rungs.some((one) => one.name === name && one.tried > 0);
  const names = strict.rungs
    .map(({ name }) => name)
    .filter((name) => Object.values(reports).every((one) => ran(one, name)));
  const part = ({ rungs }: LabReport): number =>
    rungs
      .filter(({ name }) => names.includes(name))
      .reduce((sum, { admitted, tried }) => sum + admitted / tried / names.length, 0);
  return { strict: part(strict), off: part(off), alone: part(alone), none: part(none) };
}

const rank = ({ verdict }: RungReport): number => ['stopped', 'slowed', 'gets in'].indexOf(verdict);

const cpuOf = ({ rungs }: LabReport): number | null =>
  rungs.find(({ name }) => name === 'doors')?.cost?.cpuSeconds ?? null;
