import { cedarTrouble } from './cedar-question.ts';
import type { Config, RouteConfig } from './config.ts';
import type { ConfigProblem } from './errors.ts';
import { creatorTrouble } from './creator.ts';
import { ownerTrouble } from './owner.ts';
import { parseRoute } from '../wire/pattern.ts';

/** Fields of a route that speak of a person; each of them asks for a login. */
const OF_PERSON = ['user', 'roles', 'scopes', 'can', 'owner', 'creator', 'cedar'] as const;

/** Whether a route asks who is calling. */
export const asksForPerson = (route: RouteConfig): boolean => askingField(route) !== undefined;

/** `roles: []` asks for nothing: a list that a program made may be empty. */
function askingField(route: RouteConfig): (typeof OF_PERSON)[number] | undefined {
  return OF_PERSON.find((name) => {
    const value = route[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
}

/**
 * Forms ask for a token wherever the configuration speaks of tokens. Where they speak for a person who logs in here, they
 * always do: a page that was loaded under another login would send what was typed there as whoever is logged in by now.
 */
export function asksForToken(route: RouteConfig, config: Config): boolean {
  const { antiForgery, carriers = [] } = route;
  if (antiForgery !== undefined) return antiForgery === 'require';
  if (!carriers.includes('form')) return false;
  return config.antiForgery !== undefined || (asksForPerson(route) && logsInHere(config));
}

/** Whether people log in at the gate itself, so that a session is somebody's. */
const logsInHere = ({ login }: Config): boolean =>
  login?.accounts !== undefined || Object.keys(login?.providers ?? {}).length > 0;

/** What is wrong between what routes ask of a person and how a person can be known here. */
export function personProblems(config: Config): ConfigProblem[] {
  return (config.routes ?? []).flatMap((route, index) => {
    const field = askingField(route);
    if (field === undefined) return [];
    const at = `routes[${index}]`;
    return [
      ...nobodyKnown(config, route, at, field),
      ...ownerProblems(config, route, at),
      ...creatorProblems(config, route, at),
      ...cedarProblems(config, route, at),
    ];
  });
}

const problem = (field: string, value: unknown, rule: string): ConfigProblem => ({
  field,
  value: typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? 'nothing'),
  rule,
});

/** A question about a person where nobody can be known would refuse everybody, and nobody would know why. */
function nobodyKnown(config: Config, route: RouteConfig, at: string, field: keyof RouteConfig): ConfigProblem[] {
  const known = sourcesOf(config);
  if (known.length === 0) {
    if (route.keys !== undefined) return [];
    const rule =
      'nobody can log in here; add login, as in login: { accounts: true }, login.providers, login.jwt or login.identify';
    return [problem(`${at}.${field}`, route[field], rule)];
  }
  const { level } = route;
  if (level !== 'open' && level !== 'site') return [];
  if (readsTokens(config) || route.keys !== undefined) return [];
  const rule = `at level "${level}" no session is looked at, so that nobody would ever be let in; write level "session" or "proof" for ${field}, or add login.jwt or login.identify`;
  return [problem(`${at}.level`, level, rule)];
}

/** Whether somebody can show who they are with each request, without a session. */
function readsTokens({ login }: Config): boolean {
  if (login === undefined) return false;
  const { accounts } = login;
  const ofAccounts = typeof accounts === 'object' && accounts.token !== undefined && accounts.token !== false;
  return ofAccounts || login.jwt !== undefined || login.identify !== undefined;
}

/** Names by which subjects say who vouches for them. */
function sourcesOf({ login }: Config): readonly string[] {
  if (login === undefined) return [];
  const tokens = login.jwt === undefined ? [] : [login.jwt].flat();
  return [
    ...Object.keys(login.providers ?? {}),
    ...(login.accounts === undefined ? [] : ['accounts']),
    ...tokens.map(({ name }) => (name === undefined ? 'jwt' : `jwt/${name}`)),
    ...(login.identify === undefined ? [] : ['hook']),
  ];
}

function ownerProblems(config: Config, route: RouteConfig, at: string): ConfigProblem[] {
  const { owner } = route;
  if (owner === undefined) return [];
  const { pattern } = parseRoute(route.match);
  const trouble = ownerTrouble(owner, pattern);
  const problems =
    trouble === null ? [] : [problem(`${at}.owner.${trouble.field}`, owner[trouble.field], trouble.rule)];
  const known = sourcesOf(config);
  const { source, is = 'id' } = owner;
  if (source !== undefined && !known.includes(source)) {
    problems.push(problem(`${at}.owner.source`, source, `there is no such source; there are ${known.join(', ')}`));
  }
  if (source === undefined && known.length > 1 && (is === 'id' || is.startsWith('$'))) {
    const rule = `people of ${known.join(' and ')} may have the same id; say which source the backend’s ids are of, as in source: ${JSON.stringify(known[0])}, or compare "name" (source:id)`;
    problems.push(problem(`${at}.owner.source`, source, rule));
  }
  return problems;
}

function creatorProblems(config: Config, { match, creator }: RouteConfig, at: string): ConfigProblem[] {
  if (creator === undefined) return [];
  const matches = (config.routes ?? []).map((route) => route.match);
  const trouble = creatorTrouble(creator, match, matches);
  return trouble === null ? [] : [problem(`${at}.creator.${trouble.field}`, creator[trouble.field], trouble.rule)];
}

function cedarProblems(config: Config, route: RouteConfig, at: string): ConfigProblem[] {
  const { cedar } = route;
  if (cedar === undefined) return [];
  const trouble = cedarTrouble(cedar, parseRoute(route.match).pattern);
  const problems =
    trouble === null ? [] : [problem(`${at}.cedar.${trouble.field}`, Reflect.get(cedar, trouble.field), trouble.rule)];
  if (config.authorization?.cedar === undefined) {
    const rule = 'there are no policies to ask; add authorization: { cedar: { policies: "policies.cedar" } }';
    problems.push(problem(`${at}.cedar`, cedar, rule));
  }
  return problems;
}
