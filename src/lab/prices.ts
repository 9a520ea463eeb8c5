/**
 * What somebody who attacks pays: assumptions in the order of public price lists, measured by nobody. The one place where they
 * stand; every report prints them with their date, and `--prices FILE` puts others in their place.
 */
export const PRICES: Prices = Object.freeze({
  asOf: '2026-11',
  currency: 'USD',
  coreHour: 0.04,
  addressHour: 0.003,
  browserHour: 0.1,
  solving: 2,
  personHour: 5,
  personSeconds: 20,
  writeMinutes: 120,
  doMinutes: 2,
});

export interface Prices {
  /** Year and month. */
  readonly asOf: string;
  /** Three letters. */
  readonly currency: string;
  /** One hour of one core in a data centre. */
  readonly coreHour: number;
  /** One hour of one IPv4 address of one's own at a proxy service: some two dollars a month. */
  readonly addressHour: number;
  /** One hour of one browser at a service that runs them, its cores and its memory included. */
  readonly browserHour: number;
  /** A thousand challenges of a provider, solved by a service that sells solutions. */
  readonly solving: number;
  /** One hour of a person who is paid by the piece. */
  readonly personHour: number;
  /** Seconds that such a person takes for one page and the call that it makes. */
  readonly personSeconds: number;
  /** Minutes that a programmer takes to write one thing: a client, a table of names, a program that reads a script. */
  readonly writeMinutes: number;
  /** Minutes for one thing that a tool has a button for. */
  readonly doMinutes: number;
}

/** What CPU and further addresses cost. `addresses` is null where more of them are of no use. */
export function moneyFor(cpuSeconds: number, addresses: number | null, prices: Prices): number {
  return (cpuSeconds / 3600) * prices.coreHour + ((addresses ?? 1) - 1) * prices.addressHour;
}

/** The assumptions in one sentence for people, without its full stop. */
export function assumptions(prices: Prices): string {
  const { asOf, currency, coreHour, addressHour, browserHour, solving, personHour, personSeconds } = prices;
  const parts = [
    `${coreHour} for an hour of one core`,
    `${addressHour} for an hour of each further address`,
    `${browserHour} for an hour of a browser with its cores`,
    `${solving} for a thousand solutions of a provider’s challenge`,
    `${personHour} for an hour of a person, who takes ${personSeconds} s a page`,
  ];
  return `${currency}: assumed prices of ${asOf}, ${parts.join(', ')}; bandwidth and programming are not in it`;
}
