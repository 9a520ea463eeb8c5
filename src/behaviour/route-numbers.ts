import type { RouteRule } from '../guard/policy.ts';
import { MOST_ROUTES } from './transitions.ts';

/** Small numbers for routes, by their names: they outlive a change of policy, and a model that is read brings its own. */
export interface RouteNumbers {
  /** 1 to 255; the last one stands for all that are too many. */
  of(route: Pick<RouteRule, 'name'>): number;
  /** By number, from 1 on. */
  readonly names: readonly string[];
  /** Goes by these from here on. */
  adopt(names: readonly string[]): void;
}

const OTHERS = MOST_ROUTES - 1;

export function createRouteNumbers(): RouteNumbers {
  let names: string[] = [];
  let byName = new Map<string, number>();
  let byRoute = new WeakMap<object, number>();
  const numberOf = (name: string): number => {
    const known = byName.get(name);
    if (known !== undefined) return known;
    if (names.length + 1 >= OTHERS) return OTHERS;
    names.push(name);
    byName.set(name, names.length);
    return names.length;
  };
  return {
    of(route) {
      const known = byRoute.get(route);
      if (known !== undefined) return known;
      const number = numberOf(route.name);
      byRoute.set(route, number);
      return number;
    },
    get names() {
      return names;
    },
    adopt(read) {
      names = [...read];
      byName = new Map(names.map((name, index) => [name, index + 1]));
      byRoute = new WeakMap();
    },
  };
}
