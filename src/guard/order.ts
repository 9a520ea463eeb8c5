import type { Config, RouteConfig } from './config.ts';
import { ruleNumber } from './use.ts';

/**
 * In what order: what a session must have done before this call, how long ago, and how often it may make it then. A step
 * is done when the backend answered a call of its route with less than 400.
 */
export interface OrderRule {
  readonly number: number;
  readonly name: string;
  /** Steps all of which must have been done. */
  readonly after: readonly Step[];
  /** Milliseconds that each of them may lie back; 0 for any time. */
  readonly within: number;
  /** Milliseconds that must have passed since the latest of them. */
  readonly notBefore: number;
  /** Calls that may succeed since the latest of them, or in the session where there is none; 0 for any number. */
  readonly atMost: number;
}

export interface Step {
  readonly number: number;
  /** The route's `match`, as the configuration writes it. */
  readonly name: string;
}

/** For routes that come in no order. Compared by identity. */
export const NO_ORDER: readonly OrderRule[] = Object.freeze([]);
/** For routes that nothing comes after. */
export const NO_STEPS: readonly Step[] = Object.freeze([]);

const stepOf = (match: string): Step => ({ number: ruleNumber(`step ${match}`), name: match });

export const stepsNamed = ({ after = [] }: RouteConfig): readonly string[] => (Array.isArray(after) ? after : [after]);

/** What a route's `after`, `within`, `notBefore`, `once` and `atMost` come to. */
export function compileOrder(route: RouteConfig): readonly OrderRule[] {
  const { match, within = 0, notBefore = 0, once = false, atMost = once ? 1 : 0 } = route;
  const after = stepsNamed(route).map(stepOf);
  if (after.length === 0 && atMost === 0) return NO_ORDER;
  const name = `${match}: order`;
  return Object.freeze([
    { number: ruleNumber(name), name, after, within: within * 1000, notBefore: notBefore * 1000, atMost },
  ]);
}

/** The step that a route's calls are; null where no route comes after it. */
export function compileStep({ routes = [] }: Config, match: string): Step | null {
  return routes.some((route) => stepsNamed(route).includes(match)) ? stepOf(match) : null;
}
