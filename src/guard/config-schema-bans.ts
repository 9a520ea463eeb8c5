import * as z from 'zod/mini';
import { foldPath } from '../wire/fold.ts';
import { compilePattern, parseRoute, type Route } from '../wire/pattern.ts';
import type { Config } from './config.ts';
import { choice, fields, list, optional, whole } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';

/** Those of BAN_CODES that count: its reasons stay out of every start. */
const codes = choice('order', 'not-served', 'schema', 'forbidden');
const PREFIX = 'write seconds, 600 at most, 0 for never';
const LONGEST = 'write seconds, 60 to 86400';

/** The shape of {@link import('./config-bans.ts').BansConfig}. */
export const bansSchema = fields({
  after: optional(whole(3, 'failures', ': nobody is banned for a slip')),
  within: optional(whole(10, 'seconds')),
  codes: optional(list(codes, 'write a list, as in ["order", "not-served"]')),
  longest: optional(z.int(LONGEST).check(z.gte(60, LONGEST), z.lte(86_400, LONGEST))),
  prefix: optional(z.int(PREFIX).check(z.gte(0, PREFIX), z.lte(600, PREFIX))),
});

/** A decoy that a page may call would ban people; one that no page's call is signed for would count nobody. */
export function decoyProblems({ decoys = [], routes = [], open = [], protect = ['/api/**'] }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const [index, text] of decoys.entries()) {
    const { method, pattern } = parseRoute(text);
    const path = foldPath(pattern.replace(/\*\*$/, '*').replace(/:\w+|\*/g, 'sample-of-a-name'));
    const isFor = (row: Route): boolean => row.method === '' || method === '' || row.method === method;
    const takes = (other: string): boolean => {
      const row = parseRoute(other);
      return isFor(row) && compilePattern(row.pattern, 'folded').test(path);
    };
    const touches = (other: string): boolean => {
      const row = parseRoute(other);
      return isFor(row) && meet(segmentsOf(row.pattern), segmentsOf(pattern));
    };
    // A row for everything below a path stands for what nobody names.
    const named = routes.map(({ match }) => match).filter((match) => !match.endsWith('**'));
    const own = [...named, ...open].find(touches);
    const at = { field: `decoys[${index}]`, value: JSON.stringify(text) };
    if (own !== undefined) problems.push({ ...at, rule: `${own} takes it as well; a decoy is what nobody calls` });
    else if (![...protect, ...routes.map(({ match }) => match)].some(takes))
      problems.push({ ...at, rule: 'it lies outside of protect, where nothing is signed' });
  }
  return problems;
}

const segmentsOf = (pattern: string): string[] => pattern.split('/').filter((segment) => segment !== '');

/** Whether some path may fit both: of two segments that leave something open, each is taken to fit the other. */
function meet([first, ...others]: readonly string[], [second, ...rest]: readonly string[]): boolean {
  if (first === '**' || second === '**') return true;
  if (first === undefined || second === undefined) return first === second;
  return isSame(first, second) && meet(others, rest);
}

function isSame(first: string, second: string): boolean {
  if (isOpen(first) && isOpen(second)) return true;
  const [pattern, segment] = isOpen(first) ? [first, second] : [second, first];
  return compilePattern(`/${pattern}`, 'folded').test(foldPath(encodeURI(`/${segment}`).replaceAll('%25', '%')));
}

const isOpen = (segment: string): boolean => segment.startsWith(':') || segment.includes('*');
