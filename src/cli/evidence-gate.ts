import { randomBytes } from 'node:crypto';
import { startGate } from '../gateway/index.ts';
import type { Gate } from '../gateway/index.ts';
import { shownConfig } from '../gateway/shown-config.ts';
import type { Config } from '../guard/config.ts';
import { ALWAYS_ENFORCED } from '../guard/config-cross.ts';
import type { Policy } from '../guard/policy.ts';
import { type App, startApp } from '../lab/evidence/app.ts';
import { digestOf } from '../lab/evidence/digest.ts';
import type { GateOrder, OpenGate } from '../lab/evidence/gates.ts';
import { withModelCopy } from '../lab/evidence/model-copy.ts';
import { type Given, ownGiven } from '../lab/evidence/own-given.ts';
import { configOf, ownPolicy } from '../lab/evidence/settings.ts';
import { type ConfigFlags, loadConfig } from './flags.ts';
import { layersToAsk } from './layers.ts';

/** What the process that gathers evidence sends this one. */
export interface GateMessage extends GateOrder {
  /** Which configuration; null for the lab's own app. */
  readonly flags: ConfigFlags | null;
  readonly path: string;
}

export type GateReply = { readonly gate: OpenGate } | { readonly failed: string };

/** Who else's keys and tokens there are, the lab does not know. */
const NOTHING: Given = {};

let running: { readonly gate: Gate; readonly app: App | null; readonly removeCopy: () => Promise<void> } | null = null;

// A process of its own: what attackers spend is measured in the other one.
process.on('message', async (message) => {
  // SAFETY: our own parent sends messages of this shape alone.
  const order = message as GateMessage;
  const reply: GateReply = await open(order).then(
    (gate) => ({ gate }),
    (error: unknown) => ({ failed: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(reply);
});
process.on('disconnect', async () => {
  await running?.removeCopy();
  process.exit();
});

async function open({ flags, path, setting, layers = {} }: GateMessage): Promise<OpenGate> {
  await close();
  const app = flags === null ? await startApp() : null;
  const secret = randomBytes(32).toString('base64url');
  const own = app === null ? await loaded(flags ?? {}) : { ...ownPolicy(secret), to: app.url };
  const base = configOf(setting, own);
  const config: Config = { ...base, layers: { ...base.layers, ...layers } };
  const copied = await withModelCopy(config);
  const gate = await startGate(copied.config);
  running = { gate, app, removeCopy: copied.remove };
  const shown = shownConfig(config);
  return {
    url: `http://127.0.0.1:${gate.address.port}${path}`,
    config: shown,
    digest: digestOf(shown),
    given: app === null ? NOTHING : await ownGiven(gate.guard.keys ?? null, secret),
    layers: switchable(gate.guard.policy),
  };
}

async function loaded(flags: ConfigFlags): Promise<Config> {
  const layers = layersToAsk().map(({ name }) => name);
  return (await loadConfig(flags, layers)).config;
}

async function close(): Promise<void> {
  if (running === null) return;
  const { gate, app, removeCopy } = running;
  running = null;
  await gate.close({ graceMs: 0 });
  await removeCopy();
  await app?.close();
}

/** Layers that some route asks and that can be left to report. */
function switchable(policy: Policy): string[] {
  const asked = layersToAsk().filter((layer) => policy.routes.some((rule) => layer.forRoute(rule, policy) !== null));
  const names = asked.filter(({ always }) => always !== true).map(({ name }) => name);
  return [...new Set(names)].filter((name) => !ALWAYS_ENFORCED.includes(name));
}
