/**
 * What somebody who attacks pays, for the table of rules: assumptions in the order of public price lists, measured by
 * nobody. The one place where they stand; the report prints them with their date.
 */
export const PRICES: Prices = Object.freeze({
  asOf: '2026-11',
  currency: 'USD',
  coreHour: 0.04,
  addressHour: 0.003,
});

export interface Prices {
  /** Year and month. */
  readonly asOf: string;
  readonly currency: string;
  /** One hour of one core in a data centre. */
  readonly coreHour: number;
  /** One hour of one IPv4 address of one's own at a proxy service: some two dollars a month. */
  readonly addressHour: number;
}

/** What CPU and further addresses cost. `addresses` is null where more of them are of no use. */
export function moneyFor(cpuSeconds: number, addresses: number | null, prices: Prices): number {
  return (cpuSeconds / 3600) * prices.coreHour + ((addresses ?? 1) - 1) * prices.addressHour;
}
