import { parseConfig } from '../guard/config-schema.ts';
import type { Config } from '../guard/config.ts';
import { createGuard } from '../index.ts';
import type { GuardParts } from '../index.ts';
import { createAssertions } from './assertion.ts';
import { createFrontend } from './frontend.ts';
import { startGateWith } from './gate.ts';
import type { Gate, GateParts } from './gate.ts';
import { createPages } from './page.ts';

export type { Gate, GateParts, GateStats } from './gate.ts';
export { manageLifecycle, receiveInheritance } from './lifecycle.ts';
export type { Inheritance, Lifecycle, LifecycleOptions } from './lifecycle.ts';
export type { Config, Mode } from '../guard/config.ts';

/** Parts of the guard and of the gate that a caller may replace; all have a default. */
export type StartParts = GuardParts & Partial<GateParts>;

/**
 * Starts the gate: a reverse proxy that asks the guard about every request. Resolves once it listens.
 *
 * @param config `to` is required; `listen` defaults to `127.0.0.1:4000`, port 0 takes a free one
 * @throws ConfigError naming field, value and rule
 * @throws SallyportError `listen` where the port cannot be had
 */
export async function startGate(config: Config, parts: StartParts = {}): Promise<Gate> {
  const checked = parseConfig(config, 'config');
  const secret = parts.secret ?? process.env['SALLYPORT_SECRET'] ?? '';
  return startGateWith(checked, {
    createGuard: (full, { ask }) => createGuard(full, { ask, ...parts }),
    createPages,
    createFrontend,
    createAssertions: (full) =>
      createAssertions({
        secret,
        issuer: full.public ?? `${full.tls === undefined ? 'http' : 'https'}://${full.listen ?? ''}`,
        audience: new URL(full.to ?? '').origin,
        now: parts.clock?.wall ?? Date.now,
      }),
    ...parts,
  });
}
