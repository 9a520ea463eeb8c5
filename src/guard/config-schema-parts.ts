import * as z from 'zod/mini';
import type { Rule } from './config-rules.ts';
import { nearest } from '../lib/nearest.ts';

/** Text that keeps one of the rules of config-rules.ts. */
export const text = (rule: Rule, otherwise = 'write text') =>
  z.string(otherwise).check((payload) => {
    const broken = rule(payload.value);
    if (broken !== '') payload.issues.push({ code: 'custom', message: broken, input: payload.value });
  });

export const choice = <const T extends readonly string[]>(...values: T) =>
  z.enum(values, { error: ({ input }) => `write one of ${values.join(', ')}${didYouMean(input, values)}` });

/** A whole number; `unit` is its unit and what it counts. */
export const whole = (least: number, unit: string, why = '') => {
  const rule = `write a whole number of ${unit}, ${least} or more${why}`;
  return z.int(rule).check(z.gte(least, rule));
};

export const list = <T extends z.core.$ZodType>(item: T, rule: string) => z.array(item, rule);

/** An object that knows its fields. The error of unknown ones lists the known ones: {@link toProblems} reads them. */
export const fields = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : 'write an object, { … }'),
  });

/** What can be written in two forms. */
export const either = <One extends z.core.$ZodType, Other extends z.core.$ZodType>(
  one: One,
  other: Other,
  rule: string,
) => z.union([one, other], rule);

export const optional = z.exactOptional;

export const flag = z.boolean('write true or false');

export const aFunction = <T>(rule: string) => z.custom<T>((value) => typeof value === 'function', rule);

export function didYouMean(input: unknown, candidates: readonly string[]): string {
  const meant = typeof input === 'string' ? nearest(input, candidates) : '';
  return meant === '' ? '' : `; did you mean ${meant}?`;
}
