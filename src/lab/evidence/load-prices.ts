import { readFile } from 'node:fs/promises';
import { PRICES, type Prices } from '../prices.ts';
import { LabError } from '../target.ts';

const FIELDS: readonly string[] = Object.keys(PRICES);

/** Prices of the caller's own, from a JSON file with every field of {@link Prices}; the lab's assumptions without one. */
export async function loadPrices(file: string | null): Promise<Prices> {
  if (file === null) return PRICES;
  const fault = (rule: string): LabError => new LabError('option', `--prices ${file}: ${rule}`);
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) throw fault('the file cannot be read');
  const value = parse(text);
  if (value === null) throw fault('not a JSON object');
  const unknown = Object.keys(value).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw fault(`${JSON.stringify(unknown)} is none of ${FIELDS.join(', ')}`);
  const { asOf, currency, coreHour, addressHour } = value;
  if (typeof asOf !== 'string' || !/^\d{4}-(?:0[1-9]|1[0-2])$/.test(asOf)) throw fault('asOf is a month, as 2026-11');
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) throw fault('currency is three letters, as USD');
  if (!isPrice(coreHour) || !isPrice(addressHour)) throw fault('coreHour and addressHour are numbers, 0 or more');
  return { asOf, currency, coreHour, addressHour };
}

const isPrice = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
