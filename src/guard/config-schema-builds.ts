import type { Config } from './config.ts';
import * as rules from './config-rules.ts';
import { choice, either, fields, list, optional, text, whole } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';

const MOST_HOURS = 48;
const MOST_ALSO = 8;
const ALSO = 'write a list of ids, as in ["0123456789abcdef"]';

const releaseName: rules.Rule = (value) =>
  /^[\w.+-]{1,64}$/.test(value) ? '' : 'write a name of 1 to 64 letters, digits and . _ + -, as in 2026-11-22';

const buildId: rules.Rule = (value) =>
  /^[0-9a-f]{16}$/.test(value) ? '' : 'write the 16 hex digits by which check names a build';

const buildsFields = fields({
  each: choice('release', 'hour'),
  live: optional(whole(2, 'hours')),
  release: optional(text(releaseName)),
  also: optional(list(text(buildId), ALSO)),
  plain: optional(list(text(rules.clientName), 'write a list of clients, as in ["mobile"]')),
});

/** The shape of {@link import('./config-builds.ts').BuildsConfig}. */
export const buildsSchema = either(
  choice('release', 'hour'),
  buildsFields,
  'write release or hour, or an object, as in { each: "hour" }',
);

/** What belongs to the other kind of build, and clients that there are not. */
export function buildsProblems({ builds, clients = {} }: Config): ConfigProblem[] {
  if (typeof builds !== 'object') return [];
  const { each, live, release, also, plain = [] } = builds;
  const problem = (field: string, value: unknown, rule: string): ConfigProblem[] =>
    value === undefined ? [] : [{ field: `builds.${field}`, value: JSON.stringify(value), rule }];
  const known = new Set(['default', ...Object.keys(clients)]);
  const strangers = plain.filter((name) => !known.has(name));
  return [
    ...(each === 'hour' ? [] : problem('live', live, 'hours are for each: "hour"; leave it out')),
    ...(each === 'release' ? [] : problem('release', release, 'a name is for each: "release"; leave it out')),
    ...(each === 'release' ? [] : problem('also', also, 'ids are for each: "release"; raise live instead')),
    ...(live !== undefined && live > MOST_HOURS ? problem('live', live, `write ${MOST_HOURS} hours at most`) : []),
    ...(also !== undefined && also.length > MOST_ALSO ? problem('also', also, `list ${MOST_ALSO} ids at most`) : []),
    ...strangers.flatMap((name) => problem('plain', name, `clients has no such one; it has ${[...known].join(', ')}`)),
  ];
}
