/** An amount of money: whole millionths of its currency's unit, so that nothing is ever rounded away. */
export interface Money {
  /** Millionths; a safe integer. */
  readonly amount: number;
  /** Three capital letters (ISO 4217). */
  readonly currency: string;
}

export const MICRO = 1_000_000;
/** Units that an amount may have at most: a thousand million. */
const MOST_UNITS = 1e9;

/** `0.01 USD`; null for anything else. */
export function parseMoney(text: string): Money | null {
  const [, whole = '', fraction = '', currency = ''] = /^(\d{1,10})(?:\.(\d{1,6}))? ([A-Z]{3})$/.exec(text) ?? [];
  const amount = Number(whole) * MICRO + Number(fraction.padEnd(6, '0'));
  return currency === '' || amount === 0 || amount > MOST_UNITS * MICRO ? null : { amount, currency };
}

/** Units, as code of the app's own counts them, in millionths, rounded up; null for what is no amount. */
export function toMicro(units: unknown): number | null {
  if (typeof units !== 'number' || !(units >= 0) || units > MOST_UNITS) return null;
  // What binary fractions add in the last places is no millionth: 0.07 × 10⁶ is 70000.00000000001.
  return Math.ceil(Number((units * MICRO).toFixed(3)));
}

/** `1.5 USD`, with at least two places where it has any. */
export function formatMoney({ amount, currency }: Money): string {
  const whole = Math.trunc(amount / MICRO);
  const fraction = String(Math.abs(amount % MICRO))
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  const sign = amount < 0 && whole === 0 ? '-' : '';
  return `${sign}${whole}${/^0*$/.test(fraction) ? '' : `.${fraction}`} ${currency}`;
}

/** Seconds. A month is thirty days: windows roll, and know no calendar. */
export const BUDGET_SPANS: Readonly<Record<string, number>> = {
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
  month: 2_592_000,
};

/** What may be spent in any span of this length. */
export interface Allowance extends Money {
  readonly span: string;
}

/** `5 USD/day`; null for anything else. */
export function parseAllowance(text: string): Allowance | null {
  const at = text.lastIndexOf('/');
  const money = at < 0 ? null : parseMoney(text.slice(0, at));
  const span = text.slice(at + 1);
  return money === null || !Object.hasOwn(BUDGET_SPANS, span) ? null : { ...money, span };
}
