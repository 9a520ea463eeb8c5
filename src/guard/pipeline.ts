import { foldPath } from '../wire/fold.ts';
import type { Mode } from './config.ts';
import type { Check, Layer } from './layer.ts';
import type { Policy, RouteRule } from './policy.ts';
import { sampleOf } from './row-match.ts';
import { EVERYBODY, NEVER_ROLLED_OUT, NOBODY } from './rollout.ts';

/** One layer as one route runs it. */
export interface Step {
  readonly layer: Layer;
  readonly check: Check;
  /** Buckets that it is enforced for (src/guard/rollout.ts): none where it only reports. */
  readonly share: number;
  /** Sessions that began before are none of them, milliseconds since 1970; 0 where that makes no difference. */
  readonly spares: number;
}

/** What a route runs, composed once when the policy is compiled. */
export interface Pipeline {
  readonly steps: readonly Step[];
  /** What asks someone else, after the commit. */
  readonly after: readonly Step[];
  readonly preflight: readonly Step[];
  /** Buckets for which a digest that does not fit refuses: it is the proof layer's finding, made after its check. */
  readonly proofShare: number;
  /** Sessions whose digest is only recorded: {@link Step.spares} of the proof layer. */
  readonly proofSpares: number;
  /** The same of the digest under a key's signature. */
  readonly keyShare: number;
  /** Of what the route itself asks for, beside its layers. */
  readonly routeShare: number;
  /** True where any layer only reports, if but for some: claims are then kept in two records. */
  readonly reports: boolean;
}

/** Layers that are run as an earlier policy has them: {@link import('./restored.ts').Restored}, compiled. */
export type RestoredLayers = ReadonlyMap<string, { readonly policy: Policy; readonly spares: number }>;

export const NOTHING_RESTORED: RestoredLayers = new Map();

/** What one route runs, in the order of `layers`. */
export function compose(
  policy: Policy,
  route: RouteRule,
  layers: readonly Layer[],
  restored: RestoredLayers = NOTHING_RESTORED,
): Pipeline {
  const steps: Step[] = [];
  const after: Step[] = [];
  for (const layer of layers) {
    const stage = layer.stage === 'after-commit' ? after : steps;
    for (const rule of layer.everyRule === true ? [route, ...route.also] : [route]) {
      const step = restored.has(layer.name) ? restoredStep(policy, rule, layer, restored) : stepOf(policy, rule, layer);
      if (step !== null) stage.push(step);
    }
  }
  const shareNamed = (name: string): number =>
    Math.max(NOBODY, ...steps.filter((step) => step.layer.name === name).map(({ share }) => share));
  return {
    steps,
    after,
    preflight: steps.filter((step) => step.layer.preflight === true),
    proofShare: shareNamed('proof'),
    proofSpares: restored.get('proof')?.spares ?? 0,
    keyShare: shareNamed('key'),
    routeShare: routeShare(policy, route),
    reports: [...steps, ...after].some(({ share, spares }) => share !== EVERYBODY || spares > 0),
  };
}

function stepOf(policy: Policy, rule: RouteRule, layer: Layer): Step | null {
  const check = layer.forRoute(rule, policy);
  return check === null ? null : { layer, check, share: shareOf(policy, rule, layer), spares: 0 };
}

/** As it was before; and enforced for nobody for whom it is not by now. */
function restoredStep(policy: Policy, rule: RouteRule, layer: Layer, restored: RestoredLayers): Step | null {
  const { policy: before, spares } = restored.get(layer.name) ?? { policy, spares: 0 };
  const step = stepOf(before, ruleBefore(before, policy, rule), layer);
  return step === null ? null : { ...step, share: Math.min(step.share, shareOf(policy, rule, layer)), spares };
}

/** For whom a layer is enforced on a route, be it restored or not. */
export function enforcementOf(
  policy: Policy,
  rule: RouteRule,
  layer: Layer,
  restored: RestoredLayers,
): Pick<Step, 'share' | 'spares'> {
  if (restored.has(layer.name)) return restoredStep(policy, rule, layer, restored) ?? { share: NOBODY, spares: 0 };
  return { share: shareOf(policy, rule, layer), spares: 0 };
}

function ruleBefore(before: Policy, policy: Policy, rule: RouteRule): RouteRule {
  if (rule === policy.mountRoute) return before.mountRoute;
  if (rule === policy.ownRoute) return before.ownRoute;
  if (rule === policy.sealedRoute) return before.sealedRoute;
  if (rule === policy.assetRoute) return before.assetRoute;
  const path = sampleOf(rule.pattern);
  return before.match(rule.method || 'GET', path, foldPath(path));
}

/** A layer's own mode goes before the route's; report in the policy's mode reports everything. */
export function modeOf(policy: Policy, route: RouteRule, layer: Pick<Layer, 'name' | 'always'>): Mode {
  if (layer.always === true) return 'enforce';
  if (policy.mode === 'report') return 'report';
  return policy.layerModes.get(layer.name) ?? route.mode;
}

/** Buckets that a layer is enforced for on a route; its own share goes before the route's. */
export function shareOf(policy: Policy, route: RouteRule, layer: Pick<Layer, 'name' | 'always'>): number {
  if (modeOf(policy, route, layer) === 'report') return NOBODY;
  if (layer.always === true || NEVER_ROLLED_OUT.has(layer.name)) return EVERYBODY;
  return policy.layerShares.get(layer.name) ?? route.rollout;
}

/** Buckets that what a route asks for is enforced for, where no layer says otherwise. */
export const routeShare = (policy: Policy, route: RouteRule): number =>
  policy.mode === 'enforce' && route.mode === 'enforce' ? route.rollout : NOBODY;
