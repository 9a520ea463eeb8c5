import type { Config, RouteConfig } from '../../guard/config.ts';
import { type ConfigProblem, ConfigError } from '../../guard/errors.ts';

/** What a route may ask for that only the gate can keep, and why. */
const GATE_ONLY: readonly { readonly field: string; of(route: RouteConfig): boolean; readonly rule: string }[] = [
  {
    field: 'cost.actual',
    of: ({ cost }) => typeof cost === 'object' && cost.actual !== undefined,
    rule: 'only the gate reads what an answer cost; here every call stays at its maximum: write cost as that, or use the gate',
  },
  {
    field: 'served.pages',
    of: ({ served = [] }) => [served].flat().some(({ pages }) => pages !== undefined),
    rule: 'only the gate reads ids in the HTML of pages; leave it out, or use the gate',
  },
  {
    field: 'creator',
    of: ({ creator }) => creator !== undefined,
    rule: 'only the gate sees who made an object; write can, or use the gate',
  },
];

/** Refuses at the start, and at each reload, what the middleware could not keep. Throws ConfigError naming field and rule. */
export function refuseGateOnly({ routes = [] }: Config): void {
  const problems: ConfigProblem[] = routes.flatMap((route, index) =>
    GATE_ONLY.filter(({ of }) => of(route)).map(({ field, rule }) => ({
      field: `routes[${index}].${field}`,
      value: `set for ${route.match}`,
      rule,
    })),
  );
  if (problems.length > 0) throw new ConfigError('config', problems);
}
