import * as z from 'zod/mini';
import type { Config } from './config.ts';
import type * as rules from './config-rules.ts';
import { choice, fields, flag, list, optional, text } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';
import { parseRoute } from '../wire/pattern.ts';

const tokenHeader: rules.Rule = (value) =>
  /^x-[a-z0-9-]{1,60}$/.test(value) && !value.startsWith('x-forwarded-')
    ? ''
    : 'write a header’s name in lower case that begins with x-, as in x-xsrf-token';

const fieldName: rules.Rule = (value) =>
  /^[A-Za-z_][\w.-]{0,60}$/.test(value) ? '' : 'write a form field’s name, as in _csrf';

const readableCookie: rules.Rule = (value) =>
  /^[A-Za-z][\w.-]{0,60}$/.test(value) && !/^__(?:host|secure|http)-/i.test(value)
    ? ''
    : 'write a cookie’s name, as in XSRF-TOKEN; scripts read it';

const LIFE = 'write a whole number of seconds, 60 to 86400';

/** The shape of {@link import('./config-forms.ts').AntiForgeryConfig}. */
export const antiForgerySchema = fields({
  headers: optional(list(text(tokenHeader), 'write a list of header fields, as in ["x-xsrf-token"]')),
  field: optional(text(fieldName)),
  life: optional(z.int(LIFE).check(z.gte(60, LIFE), z.lte(86_400, LIFE))),
  network: optional(choice('note', 'refuse')),
  insert: optional(flag),
  cookie: optional(z.union([flag, text(readableCookie)], 'write true for XSRF-TOKEN, or a cookie’s name')),
});

/** A token that is never asked for, or on a route that never changes anything, protects nothing. */
export function formProblems(config: Config): ConfigProblem[] {
  return (config.routes ?? []).flatMap(({ match, antiForgery, level }, index) => {
    if (antiForgery !== 'require') return [];
    const { method } = parseRoute(match);
    const field = `routes[${index}].antiForgery`;
    if (method === 'GET' || method === 'HEAD') {
      return [{ field, value: '"require"', rule: `${method} carries no token, and must change nothing; leave it out` }];
    }
    if (level === 'open') {
      const rule = 'level "open" takes calls from anywhere, forged ones too; write level "site" at least';
      return [{ field, value: '"require"', rule }];
    }
    return [];
  });
}
