import type { Script } from '../doors/script.ts';
import type { RestoredLayers } from '../guard/pipeline.ts';
import type { Policy } from '../guard/policy.ts';
import type { Runner } from '../guard/runner.ts';

/** What a reload replaces, as one value: a request sees the old set or the new one, never a mixture. */
export interface Compiled {
  readonly policy: Policy;
  /** Layers of it that go on as before. */
  readonly restored: RestoredLayers;
  readonly runner: Runner;
  readonly script: Script;
}

/** What is in force at the moment. Nothing is before the first `put`: parts are made before it, and ask after it. */
export interface InForce {
  readonly policy: () => Policy;
  readonly restored: () => RestoredLayers;
  readonly runner: () => Runner;
  readonly script: () => Script;
  put(next: Compiled): void;
}

export function createInForce(): InForce {
  let compiled: Compiled;
  return {
    policy: () => compiled.policy,
    restored: () => compiled.restored,
    runner: () => compiled.runner,
    script: () => compiled.script,
    put(next) {
      compiled = next;
    },
  };
}
