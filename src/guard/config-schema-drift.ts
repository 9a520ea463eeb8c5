import type { Config } from './config.ts';
import { choice, fields, optional } from './config-schema-parts.ts';
import { asksLess, DRIFT_ACTIONS } from './drift.ts';
import type { ConfigProblem } from './errors.ts';

const action = optional(choice(...DRIFT_ACTIONS));

/** The shape of {@link import('./drift.ts').DriftConfig}. */
export const driftSchema = fields({ network: action, browser: action, both: action });

/** Rules that contradict each other, or ask for what there is not. */
export function driftProblems({ drift = {}, login }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const keepsLogins = login?.providers !== undefined || login?.accounts !== undefined;
  for (const field of ['network', 'browser', 'both'] as const) {
    if (drift[field] === 'login' && !keepsLogins)
      problems.push(problem(field, 'login', 'sessions have no login of the gate here; write "entry" or "refuse"'));
  }
  for (const field of ['network', 'browser'] as const) {
    const [alone, both] = [drift[field], drift.both];
    if (alone === undefined || both === undefined || !asksLess(both, alone)) continue;
    problems.push(problem('both', both, `asks less than drift.${field} alone; write "${alone}" or more`));
    break;
  }
  return problems;
}

const problem = (field: string, value: string, rule: string): ConfigProblem => ({
  field: `drift.${field}`,
  value: JSON.stringify(value),
  rule,
});
