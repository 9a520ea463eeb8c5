import type { Script } from '../doors/script.ts';
import { compilePolicy } from '../guard/compile.ts';
import type { Config } from '../guard/config.ts';
import { parseConfig } from '../guard/config-schema.ts';
import { ConfigError } from '../guard/errors.ts';
import type { Policy } from '../guard/policy.ts';
import type { Restored } from '../guard/restored.ts';
import type { RunnerParts } from '../guard/run-parts.ts';
import { createRunner } from '../guard/runner.ts';
import type { Compiled } from './in-force.ts';

export interface CompilerParts {
  /** Makes the page's script. */
  readonly script: (policy: Policy) => Script;
  /** Whether the backend can be asked whose an object is. */
  readonly asks: boolean;
  readonly runner: RunnerParts;
}

/**
 * Makes of a configuration what can be put in force. Layers that `restored` names go on as the earlier configuration beside
 * them has them. Throws ConfigError.
 */
export type Compile = (config: Config, restored?: ReadonlyMap<string, Restored>) => Compiled;

export function createCompiler({ script: scriptFor, asks, runner }: CompilerParts): Compile {
  const known = { layers: runner.layers.map(({ name }) => name) };
  return (config, restored = new Map()) => {
    // Once more, with the layers that there are: a mode for one that is not would be a slip of the pen.
    const policy = compilePolicy(parseConfig(config, 'config', known));
    if (!asks) refuseOwners(policy);
    const script = scriptFor(policy);
    const before = new Map(
      [...restored].map(([name, { config: old, spares }]) => [name, { policy: compilePolicy(old), spares }]),
    );
    return { policy, restored: before, script, runner: createRunner(policy, runner, before) };
  };
}

/** Where nothing can ask the backend, a route that needs its answer would refuse everybody. */
function refuseOwners({ config }: Policy): void {
  const rule = 'only the gate can ask the backend; write can, or give createGuard an `ask`';
  const problems = (config.routes ?? []).flatMap(({ owner }, index) =>
    owner === undefined ? [] : [{ field: `routes[${index}].owner`, value: JSON.stringify(owner), rule }],
  );
  if (problems.length > 0) throw new ConfigError('config', problems);
}
