import { arch, availableParallelism, cpus, loadavg, type } from 'node:os';
import type { Config } from '../../guard/config.ts';
import { formRoute } from '../form-route.ts';
import { doors } from '../attackers/doors.ts';
import { ATTACKERS } from '../index.ts';
import type { Attacker } from '../lab.ts';
import { objectRoutes } from '../object-routes.ts';
import type { LabOptions } from '../options.ts';
import type { Prices } from '../prices.ts';
import { measureUnusual } from '../rules/unusual.ts';
import { runAttackers } from '../run.ts';
import { ablate, type LayersReport } from './ablate.ts';
import { measureDelays } from './delays.ts';
import { type Evidence, type Machine, type Run, toEvidence } from './evidence.ts';
import type { Gates, OpenGate } from './gates.ts';
import { SETTINGS } from './settings.ts';

export interface GatherOptions {
  /** What stands behind the gates, and the path under attack, for the report. */
  readonly app: string;
  readonly path: string;
  /** Version of Sallyport. */
  readonly version: string;
  readonly command: string;
  readonly prices: Prices;
  /** Calls by which a price is measured. */
  readonly calls: number;
  /** Seconds that one gate's run may take, at most. */
  readonly seconds: number;
  /** Calls for each layer, off and alone; 0 for no such table. */
  readonly layerCalls: number;
  /** Who attacks. Default: everybody. */
  readonly attackers?: readonly Attacker[];
  /** Whether rules of use are priced. Default true. */
  readonly rules?: boolean;
  /** Whether it is measured how long a copier is delayed. Default true. */
  readonly delays?: boolean;
  /** What nobody but the app's owner knows, for the gate at this address: calls that may be made, a page. */
  lab(url: string): LabOptions | Promise<LabOptions>;
  /** Told what is being done now. */
  onStep?(what: string): void;
}

/** Calls after which a program runs as fast as it will. */
const WARM_UP = 300;

/** Attacks the three gates one after another, then those for the layers. A few minutes. */
export async function gather(gates: Gates, options: GatherOptions): Promise<Evidence> {
  const { calls, seconds, prices, attackers = ATTACKERS, rules = true, onStep } = options;
  const began = performance.now();
  const made = new Date().toISOString();
  const runs: Run[] = [];
  const loads: number[] = [];
  let chromium: LabOptions['chromium'];
  const policy = await warmUp(gates, options);
  for (const setting of SETTINGS) {
    const gate = await gates.open({ setting });
    const order: LabOptions = {
      ...(await labOptions(gate, policy, options)),
      calls,
      seconds,
      mode: setting === 'off' ? 'report' : 'enforce',
      rules: rules && setting === 'strict',
      prices,
      onRung: (name, when) => {
        if (when === 'end') return;
        loads.push(loadavg()[0] ?? 0);
        onStep?.(`${setting}: ${name}`);
      },
    };
    ({ chromium } = order);
    const report = await runAttackers(gate.url, order, attackers);
    runs.push({ setting, digest: gate.digest, config: gate.config, report });
  }
  const layers = options.layerCalls === 0 ? null : await layersOf(gates, policy, { ...options, attackers, rules });
  if (options.delays !== false) onStep?.('copies of the app');
  const delays = options.delays === false ? null : await measureDelays(chromium);
  const { app, path, command, version } = options;
  const browser = runs.map(({ report }) => report.browser).find((name) => name !== '') ?? '';
  const versions = { sallyport: version, node: process.version, browser, system: `${type()} ${arch()}` };
  const facts = { made, command, versions, machine: machine(runs, loads), app, path, calls, prices, layers, delays };
  return toEvidence({ ...facts, seconds: (performance.now() - began) / 1000 }, runs, attackers);
}

/** Calls of a program whose use is judged. */
const USE_CALLS = 100;

async function layersOf(
  gates: Gates,
  policy: Config,
  options: GatherOptions & Required<Pick<GatherOptions, 'attackers' | 'rules'>>,
): Promise<LayersReport> {
  const { attackers, layerCalls: calls, rules, onStep } = options;
  const report = await ablate(gates, {
    attackers,
    calls,
    options: (gate) => labOptions(gate, policy, options),
    onGate: (name, at, of) => onStep?.(`layers, ${at} of ${of}: ${name}`),
  });
  if (!rules) return { ...report, unusual: null };
  onStep?.('layers: behaviour');
  return { ...report, unusual: await measureUnusual(policy, USE_CALLS) };
}

/**
 * Whoever is attacked first would pay for compiling the lab: one attacker goes in vain before all. Resolves to the strict gate's rules, which
 * tell attackers where the app has what: they know it, too, of a gate that has no such rules.
 */
async function warmUp(gates: Gates, options: GatherOptions): Promise<Config> {
  options.onStep?.('warming up');
  const gate = await gates.open({ setting: 'off' });
  const asked = { ...(await labOptions(gate, gate.config, options)), chromium: null, calls: WARM_UP };
  await runAttackers(gate.url, asked, [doors]);
  return gate.config;
}

/** What attackers know of a gate, as its owner would tell them. */
async function labOptions(
  { url, config, given }: OpenGate,
  policy: Config,
  { lab }: GatherOptions,
): Promise<LabOptions> {
  const object = objectRoutes(new URL(url).pathname, config.routes ?? [], null);
  const form = formRoute(config);
  return {
    ...(await lab(url)),
    ...given,
    policy,
    nobody: config.login === undefined,
    ...(object === null ? {} : { object }),
    ...(form === null ? {} : { form }),
  };
}

function machine(runs: readonly Run[], loads: readonly number[]): Machine {
  const load = loads.reduce((sum, one) => sum + one, 0) / Math.max(1, loads.length);
  const unrest = Math.max(0, ...runs.map(({ report }) => report.plain.unrest));
  return { cores: availableParallelism(), processor: cpus()[0]?.model ?? '', load, unrest };
}
