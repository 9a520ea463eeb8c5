import type { Prices } from './prices.ts';

/** What an attacker has to have beside cores. */
export interface Needs {
  /** Addresses of its own at once. Everybody has one. */
  readonly addresses: number;
  /** Browsers at once. They bring their own cores: no CPU is paid beside them. */
  readonly browsers: number;
  /** People at work for each call: 1, or none. */
  readonly people: number;
  /** Challenges of a provider that are solved for each call by somebody who sells that. */
  readonly solutions: number;
}

export const NO_NEEDS: Needs = Object.freeze({ addresses: 1, browsers: 0, people: 0, solutions: 0 });

/** What 1,000 admitted calls cost, in the currency of the prices. */
export interface Bill {
  readonly total: number;
  readonly cpu: number;
  readonly addresses: number;
  readonly browsers: number;
  readonly people: number;
  readonly solutions: number;
}

/**
 * Addresses and browsers are paid for the seconds on the clock that 1,000 admitted calls take, people and solutions by the call.
 *
 * @returns null where CPU was not measured, unless browsers are hired, or people with computers of their own
 */
export function billOf(
  { cpuSeconds, wallSeconds }: { readonly cpuSeconds: number | null; readonly wallSeconds: number },
  needs: Needs,
  prices: Prices,
): Bill | null {
  if (cpuSeconds === null && needs.browsers + needs.people === 0) return null;
  const hours = wallSeconds / 3600;
  const parts = {
    cpu: needs.browsers > 0 ? 0 : ((cpuSeconds ?? 0) / 3600) * prices.coreHour,
    addresses: (needs.addresses - 1) * hours * prices.addressHour,
    browsers: needs.browsers * hours * prices.browserHour,
    people: ((needs.people * 1000 * prices.personSeconds) / 3600) * prices.personHour,
    solutions: needs.solutions * prices.solving,
  };
  return { ...parts, total: Object.values(parts).reduce((sum, part) => sum + part, 0) };
}
