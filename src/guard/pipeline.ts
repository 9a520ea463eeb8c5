import type { Mode } from './config.ts';
import type { Check, Layer } from './layer.ts';
import type { Policy, RouteRule } from './policy.ts';

/** One layer as one route runs it. */
export interface Step {
  readonly layer: Layer;
  readonly check: Check;
  readonly enforced: boolean;
}

/** What a route runs, composed once when the policy is compiled. */
export interface Pipeline {
  readonly steps: readonly Step[];
  /** What asks someone else, after the commit. */
  readonly after: readonly Step[];
  readonly preflight: readonly Step[];
  /** Whether a digest that does not fit refuses: it is the proof layer's finding, made after its check. */
  readonly proofEnforced: boolean;
  /** The same of the digest under a key's signature. */
  readonly keyEnforced: boolean;
  /** True where any layer only reports: claims are then kept in two records. */
  readonly reports: boolean;
}

/** What one route runs, in the order of `layers`. */
export function compose(policy: Policy, route: RouteRule, layers: readonly Layer[]): Pipeline {
  const steps: Step[] = [];
  const after: Step[] = [];
  for (const layer of layers) {
    const stage = layer.stage === 'after-commit' ? after : steps;
    for (const rule of layer.everyRule === true ? [route, ...route.also] : [route]) {
      const check = layer.forRoute(rule, policy);
      if (check !== null) stage.push({ layer, check, enforced: modeOf(policy, rule, layer) === 'enforce' });
    }
  }
  return {
    steps,
    after,
    preflight: steps.filter((step) => step.layer.preflight === true),
    proofEnforced: steps.some((step) => step.layer.name === 'proof' && step.enforced),
    keyEnforced: steps.some((step) => step.layer.name === 'key' && step.enforced),
    reports: [...steps, ...after].some((step) => !step.enforced),
  };
}

/** A layer's own mode goes before the route's; report in the policy's mode reports everything. */
export function modeOf(policy: Policy, route: RouteRule, layer: Layer): Mode {
  if (layer.always === true) return 'enforce';
  if (policy.mode === 'report') return 'report';
  return policy.layerModes.get(layer.name) ?? route.mode;
}
