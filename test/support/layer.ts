import { carrierOf } from '../../src/guard/carrier.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config } from '../../src/guard/config.ts';
import { newContext } from '../../src/guard/context.ts';
import { PASS } from '../../src/guard/decision.ts';
import type { Context, Layer } from '../../src/guard/layer.ts';
import { type Sketch, viewOf } from './view.ts';

export interface Judged {
  /** '' for pass, '-' where the route does not need the layer. */
  readonly code: string;
  readonly context: Context;
}

/** Asks one synchronous layer about one request under one configuration. */
export function judge(layer: Layer, config: Config, sketch: Sketch, now = 1_750_000_000_000): Judged {
  const policy = compilePolicy(config);
  const request = viewOf(sketch);
  const method = request.headers.accessControlRequestMethod || request.method;
  const route = policy.match(method, request.path, request.folded);
  const context = newContext(policy, route, carrierOf(request), request, now);
  const check = layer.forRoute(route, policy);
  if (check === null) return { code: '-', context };
  const verdict = check(request, context);
  if (verdict instanceof Promise) throw new TypeError(`${layer.name} answered with a promise`);
  return { code: verdict === PASS || verdict.kind === 'pass' ? '' : verdict.code, context };
}

/** The same of a layer that may have to wait. */
export async function judgeLater(
  layer: Layer,
  config: Config,
  sketch: Sketch,
  now = 1_750_000_000_000,
): Promise<Judged> {
  const policy = compilePolicy(config);
  const request = viewOf(sketch);
  const route = policy.match(request.method, request.path, request.folded);
  const context = newContext(policy, route, carrierOf(request), request, now);
  const verdict = (await layer.forRoute(route, policy)?.(request, context)) ?? PASS;
  return { code: verdict.kind === 'pass' ? '' : verdict.code, context };
}
