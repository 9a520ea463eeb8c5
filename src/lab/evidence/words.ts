import type { Group } from '../lab.ts';
import type { Evidence, Got } from './evidence.ts';

/** Parts of the tables, in their order. */
export const GROUP_TITLES: Readonly<Record<Group, string>> = {
  requests: 'Requests that nobody at the page makes',
  doors: 'Walking the doors',
  use: 'Much, fast and out of turn',
  login: 'Login',
  tokens: 'Tokens',
  objects: 'Who may',
  keys: 'Keys',
};

/** Three significant digits at most: more would claim what a busy machine cannot tell. */
export function figure(value: number | null): string {
  return value === null ? '–' : value.toLocaleString('en', { maximumSignificantDigits: 3, useGrouping: false });
}

/** `12 of 100`; why not, where it did not run. */
export const share = ({ verdict, admitted, tried, why }: Got): string =>
  verdict === 'not run' ? why : `${admitted} of ${tried}`;

/** What holds of every figure in a report. */
export function conditions({ versions, machine, calls, made }: Evidence): string {
  const { sallyport, node, browser, system } = versions;
  const parts = [
    `Sallyport ${sallyport}, Node ${node}, ${browser === '' ? 'no browser' : browser}, ${system}`,
    `${machine.cores} cores (${machine.processor}), load ${machine.load.toFixed(1)} at the end`,
    `prices by ${calls} calls`,
    made,
  ];
  return parts.join('; ');
}

export function assumed({ prices }: Evidence): string {
  const { asOf, currency, coreHour, addressHour } = prices;
  return `${currency}: assumed prices of ${asOf}, ${coreHour} for an hour of one core and ${addressHour} for an hour of each further address. People, bandwidth and programming are not in it. Your own: --prices FILE.`;
}

/** Titles of attackers by their names. */
export function titlesOf({ attackers }: Evidence, names: readonly string[]): string {
  const titles = names.map((name) => attackers.find((row) => row.name === name)?.title ?? name);
  return titles.length === 0 ? 'none' : titles.join(', ');
}
