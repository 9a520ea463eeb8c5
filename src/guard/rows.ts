import { foldPath } from '../wire/fold.ts';
import { parseRoute } from '../wire/pattern.ts';
import { baseRule, type Ground } from './base-rule.ts';
import type { RouteConfig } from './config.ts';
import { openAddresses } from './config-addresses.ts';
import { compileUse } from './config-use.ts';
import type { RouteRule } from './policy.ts';
import { routeRow } from './route-row.ts';
import { matcher, type Row, sampleOf, takesMethod, tester } from './row-match.ts';

/** The order is the policy: exceptions, named routes, what is protected, everything else. */
export function compileRows(ground: Ground): Row[] {
  const { config, loose } = ground;
  const protect = config.protect ?? ['/api/**'];
  const routes = config.routes ?? [];
  const rows: Row[] = [];
  for (const text of config.open ?? []) rows.push(openRow(ground, text));
  for (const [index, route] of routes.entries()) {
    rows.push(alsoElsewhere(ground, routeRow(ground, route, index)));
  }
  if (loose) rows.push(...otherSpellings(rows, protect));
  rows.push(...methodRows(ground, routes));
  for (const text of protect) rows.push(protectRow(ground, text, routes.length > 0));
  rows.push({
    rule: baseRule(ground, { name: 'default', level: 'open' }),
    exact: false,
    test: () => true,
  });
  return [...decoyRows(ground, rows), ...rows];
}

/** A decoy is judged as its path would be without it: what it answers must not tell it from any other name. */
function decoyRows({ config, loose }: Ground, rows: readonly Row[]): Row[] {
  const find = matcher(rows, loose);
  return (config.decoys ?? []).map((text) => {
    const { method, pattern } = parseRoute(text);
    const path = sampleOf(pattern);
    // Never named: what is goes into the page's script, for everybody to read.
    const own = { name: `decoy ${text}`, method, decoy: text, named: false };
    const rule = Object.freeze({ ...find(method || 'GET', path, foldPath(path)), ...own });
    return { rule, exact: !loose, test: tester(pattern, !loose) };
  });
}

function openRow(ground: Ground, text: string): Row {
  const { method, pattern } = parseRoute(text);
  const rule = baseRule(ground, {
    name: `open ${text}`,
    method,
    pattern,
    level: 'open',
    addresses: openAddresses(ground.addresses),
  });
  return { rule, exact: true, test: tester(pattern, true) };
}

const OTHER_SPELLINGS = ' in other spellings';

/** Whether a row stands for what another one, which the configuration names, leaves out. */
export const isOtherSpelling = ({ name }: RouteRule): boolean => name.endsWith(OTHER_SPELLINGS);

/**
 * A row that fits exact bytes only leaves the other spellings of its path to `protect`. Where no protected pattern
 * takes them they would be open, so there they get what the row itself asks for.
 */
function otherSpellings(rows: readonly Row[], protect: readonly string[]): Row[] {
  const guarded = protect.map((text) => {
    const { method, pattern } = parseRoute(text);
    return { method, test: tester(pattern, false) };
  });
  const isProtected = (path: string, method: string): boolean =>
    guarded.some((row) => takesMethod(row.method, method) && row.test(path));
  return rows
    .filter(({ exact, rule }) => exact && rule.named && !isProtected(foldPath(sampleOf(rule.pattern)), rule.method))
    .map(({ rule }) => {
      const test = tester(rule.pattern, false);
      return {
        rule: inOtherSpellings(rule),
        exact: false,
        test: (path, method) => test(path) && !isProtected(path, method),
      };
    });
}

/** A rule without what it eases: that is for its exact bytes. */
function inOtherSpellings(rule: RouteRule): RouteRule {
  return Object.freeze({
    ...rule,
    name: rule.name + OTHER_SPELLINGS,
    encodedOpaque: false,
    named: false,
    keys: null,
    keySignUp: '',
    bots: false,
  });
}

/** A row that fits exact bytes only, with what it asks of the other spellings. One that reports alone asks for nothing. */
function alsoElsewhere({ loose, mode }: Ground, row: Row): Row {
  if (!loose || !row.exact || (row.rule.mode === 'report' && mode === 'enforce')) return row;
  return { ...row, elsewhere: { rule: inOtherSpellings(row.rule), test: tester(row.rule.pattern, false) } };
}

/**
 * A protected pattern is one row at level `proof`; where the configuration names routes, what it does not name
 * is refused (default deny).
 */
function protectRow(ground: Ground, text: string, isUnlisted: boolean): Row {
  const { method, pattern } = parseRoute(text);
  const use = compileUse(ground.config, null, 'proof');
  return {
    rule: baseRule(ground, {
      method,
      pattern,
      level: 'proof',
      use,
      name: `protect ${text}`,
      unlisted: isUnlisted,
      sealed: ground.config.sealed === true,
    }),
    exact: !ground.loose,
    test: tester(pattern, !ground.loose),
  };
}

/** For each path that is listed with some methods: the row that answers all others with 405. */
function methodRows(ground: Ground, routes: readonly RouteConfig[]): Row[] {
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const { method, pattern } = parseRoute(route.match);
    if (method === '') continue;
    methods.set(pattern, [...(methods.get(pattern) ?? []), method]);
  }
  return [...methods].map(([pattern, allow]) => ({
    rule: baseRule(ground, {
      name: `unlisted method of ${pattern}`,
      pattern,
      level: 'proof',
      unlisted: true,
      allow,
    }),
    exact: !ground.loose,
    test: tester(pattern, !ground.loose),
  }));
}
