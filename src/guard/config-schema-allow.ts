import * as z from 'zod/mini';
import type { Config } from './config.ts';
import type { Rule } from './config-rules.ts';
import { fields, flag, list, optional, text } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';

const fieldName: Rule = (value) =>
  value !== '' && value.split('.').every((part) => part !== '')
    ? ''
    : 'write a field of the body, as in model or generation.max_tokens';

const CHOICES = 'write a list of values, as in ["small"]';
const choices = list(z.union([z.string(), z.number(), z.boolean()], CHOICES), CHOICES).check(z.minLength(1, CHOICES));
const FORMS = 'write a list of values, as in ["small"], bounds, as in { max: 1000 }, or false';

/** The shape of {@link import('./choices.ts').AllowConfig}. */
export const allowSchema = z.record(
  text(fieldName),
  z.union(
    [
      z.literal(false, FORMS),
      choices,
      fields({
        in: optional(choices),
        min: optional(z.number('write a number')),
        max: optional(z.number('write a number')),
        optional: optional(flag),
      }),
    ],
    FORMS,
  ),
  'write an object of fields, as in { model: ["small"], max_tokens: { max: 1000 } }',
);

/** Bodies of methods that have none, and bounds between which nothing lies. */
export function allowProblems({ routes = [] }: Config): ConfigProblem[] {
  return routes.flatMap(({ match, allow }, index) => {
    if (allow === undefined) return [];
    const field = `routes[${index}].allow`;
    if (/^(?:GET|HEAD) /.test(match)) {
      const rule = 'such calls have no body; leave this out, or list the method that has one';
      return [{ field, value: JSON.stringify(allow), rule }];
    }
    return Object.entries(allow).flatMap(([name, given]) => {
      if (given === false || Array.isArray(given)) return [];
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = given;
      if (min <= max) return [];
      return [{ field: `${field}.${name}`, value: JSON.stringify(given), rule: 'nothing lies between min and max' }];
    });
  });
}
