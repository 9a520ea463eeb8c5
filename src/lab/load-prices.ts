import { readFile } from 'node:fs/promises';
import { PRICES, type Prices } from './prices.ts';
import { LabError } from './target.ts';

const FIELDS: readonly string[] = Object.keys(PRICES);

/** Prices of the caller's own, from a JSON file with every field of {@link Prices}; the lab's assumptions without one. */
export async function loadPrices(file: string | null): Promise<Prices> {
  if (file === null) return PRICES;
  const where = `--prices ${file}`;
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) throw new LabError('option', `${where}: the file cannot be read`);
  return checkPrices(parse(text), where);
}

/** Throws LabError naming the field and the rule; `where` stands before it. */
export function checkPrices(value: unknown, where: string): Prices {
  const fault = (rule: string): LabError => new LabError('option', `${where}: ${rule}`);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw fault('not a JSON object');
  const given: Readonly<Record<string, unknown>> = { ...value };
  const unknown = Object.keys(given).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw fault(`${JSON.stringify(unknown)} is none of ${FIELDS.join(', ')}`);
  const { asOf, currency } = given;
  if (typeof asOf !== 'string' || !/^\d{4}-(?:0[1-9]|1[0-2])$/.test(asOf)) throw fault('asOf is a month, as 2026-11');
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) throw fault('currency is three letters, as USD');
  const number = (name: keyof Prices): number => {
    const price = given[name];
    if (typeof price === 'number' && Number.isFinite(price) && price >= 0) return price;
    throw fault(`${name} is a number, 0 or more`);
  };
  return {
    asOf,
    currency,
    coreHour: number('coreHour'),
    addressHour: number('addressHour'),
    browserHour: number('browserHour'),
    solving: number('solving'),
    personHour: number('personHour'),
    personSeconds: number('personSeconds'),
    writeMinutes: number('writeMinutes'),
    doMinutes: number('doMinutes'),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
