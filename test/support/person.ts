import type { KeyFacts, Subject } from '../../src/guard/subject.ts';
import { carrierOf } from '../../src/guard/carrier.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { newContext } from '../../src/guard/context.ts';
import type { Context, Layer } from '../../src/guard/layer.ts';
import { type Sketch, viewOf } from './view.ts';

/** A person, with what a test says of them. */
export const personOf = (changes: Partial<Subject> = {}): Subject => ({
  id: '7',
  source: 'accounts',
  roles: [],
  scopes: [],
  acr: '',
  amr: [],
  authTime: 0,
  claims: {},
  ...changes,
});

export const keyOf = (changes: Partial<KeyFacts> = {}): KeyFacts => ({
  id: 'k1',
  account: 'partner',
  scopes: [],
  ...changes,
});

export interface Asked {
  /** '' for pass, '-' where the route does not need the layer. */
  readonly code: string;
  readonly evidence: string;
}

/** Asks one layer about one request, of which the layers before it have found what the test says. */
export async function askLayer(layer: Layer, config: Config, sketch: Sketch, found: Partial<Context>): Promise<Asked> {
  const checked = parseConfig({ login: { identify: () => null }, ...config }, 'test');
  const policy = compilePolicy(checked);
  const request = viewOf(sketch);
  const route = policy.match(request.method, request.path, request.folded);
  const context = Object.assign(newContext(policy, route, carrierOf(request), request, 1_750_000_000_000), {
    content: { read: async () => request.body.collect(65_536) },
    ...found,
  });
  const check = layer.forRoute(route, policy);
  if (check === null) return { code: '-', evidence: '' };
  const verdict = await check(request, context);
  return { code: verdict.kind === 'pass' ? '' : verdict.code, evidence: context.evidence };
}
