import type { Attacker } from '../lab.ts';
import type { LabOptions } from '../options.ts';
import type { LabReport, RungReport } from '../outcome.ts';
import { runAttackers } from '../run.ts';
import type { Gates, OpenGate } from './gates.ts';

/** What every layer is worth: the strict gate without it, and it alone. Plain JSON. */
export interface LayersReport {
  /** Calls by which each attacker was measured, at each gate. */
  readonly calls: number;
  /** Names of the attackers that were run at each gate. */
  readonly attackers: readonly string[];
  readonly rows: readonly LayerRow[];
}

export interface LayerRow {
  readonly name: string;
  /** Names of attackers that get further where everything but this layer is enforced. */
  readonly offLetsIn: readonly string[];
  /** Names of attackers that it holds up or stops where nothing else is enforced. */
  readonly aloneHolds: readonly string[];
  /** Seconds of CPU of whoever walks the doors, for 1,000 admitted calls; null where none was admitted. */
  readonly cpu: { readonly strict: number | null; readonly off: number | null; readonly alone: number | null };
}

/**
 * Who is run against each of these gates: those that need no browser, do not use up what others need, and cost little. An attacker
 * that nobody but one layer stands against is worth more here than ten that many do.
 */
export const ABLATED: readonly string[] = [
  ...['plain', 'headers', 'replay', 'cookie', 'moved', 'altered', 'aliases', 'doors', 'cookie-doors'],
  ...['cookie-login', 'jwt-stolen', 'other-object', 'forged-form', 'key-replay'],
  ...['order', 'enumerate', 'challenge-replay', 'ticket'],
];

/** Seconds that one gate has. */
const SECONDS = 60;

export interface Ablation {
  readonly attackers: readonly Attacker[];
  readonly calls: number;
  /** What attackers need to know of the app, at this gate. */
  options(gate: OpenGate): LabOptions;
  /** Told before each gate: its name, and how many there are. */
  onGate?(name: string, at: number, of: number): void;
}

/** Opens one gate after another: nothing enforced, everything, and for each layer all but it and it alone. */
export async function ablate(gates: Gates, { attackers, calls, options, onGate }: Ablation): Promise<LayersReport> {
  const chosen = attackers.filter(({ name }) => ABLATED.includes(name));
  const run = async (order: Parameters<Gates['open']>[0]): Promise<LabReport> => {
    const gate = await gates.open(order);
    return runAttackers(gate.url, { ...options(gate), calls, seconds: SECONDS, later: 1, chromium: null }, chosen);
  };
  const { layers } = await gates.open({ setting: 'strict' });
  const of = 2 + 2 * layers.length;
  onGate?.('none', 1, of);
  const none = await run({ setting: 'off' });
  onGate?.('all', 2, of);
  const all = await run({ setting: 'strict' });
  const rows: LayerRow[] = [];
  for (const [index, name] of layers.entries()) {
    onGate?.(name, 3 + 2 * index, of);
    const off = await run({ setting: 'strict', layers: { [name]: 'report' } });
    const others = layers.filter((layer) => layer !== name).map((layer) => [layer, 'report'] as const);
    onGate?.(name, 4 + 2 * index, of);
    const alone = await run({ setting: 'strict', layers: Object.fromEntries(others) });
    rows.push({
      name,
      offLetsIn: further(all, off),
      aloneHolds: further(alone, none),
      cpu: { strict: cpuOf(all), off: cpuOf(off), alone: cpuOf(alone) },
    });
  }
  return { calls, attackers: chosen.map(({ name }) => name), rows };
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

const rank = ({ verdict }: RungReport): number => ['stopped', 'slowed', 'gets in'].indexOf(verdict);

const cpuOf = ({ rungs }: LabReport): number | null =>
  rungs.find(({ name }) => name === 'doors')?.cost?.cpuSeconds ?? null;
