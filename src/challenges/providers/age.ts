import type { Expected } from './outcome.ts';

export interface Made {
  /** RFC 3339, as the provider wrote it. */
  readonly made: string;
  /** Seconds for which a token is good. */
  readonly life: number;
  /** Whether `made` is when the token was made, and not when the widget was loaded. */
  readonly madeAt: boolean;
  /** The provider's clock as of its answer; NaN where it does not say. */
  readonly date: number;
}

/** What the network, whole seconds and two clocks of one provider may differ by; milliseconds. */
const LEEWAY = 30_000;

/**
 * Why a token's time does not fit; '' where it does. Both times are the provider's where it says its own, so that a gate
 * whose clock is wrong refuses nobody; a token that is older than the challenge was made for something else.
 */
export function ageFault({ made, life, madeAt, date }: Made, { issued }: Expected, now: number): string {
  const at = /^\d{4}-\d\d-\d\d[T ]/.test(made) ? Date.parse(made) : Number.NaN;
  if (Number.isNaN(at)) return 'the provider does not say when the token was made';
  const age = (Number.isNaN(date) ? now : date) - at;
  if (age > life * 1000 + LEEWAY) return 'the token is too old';
  if (age < -LEEWAY) return 'the token was made in time to come';
  return madeAt && age > now - issued + LEEWAY ? 'the token is older than the challenge' : '';
}
