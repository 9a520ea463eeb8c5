import * as z from 'zod/mini';
import { UNSIGNED_CARRIERS } from './carrier.ts';
import { challengeOf, SCORED } from './challenge.ts';
import type { Config, RouteConfig } from './config.ts';
import type { ChallengeConfig } from './config-challenge.ts';
import { challengeProviders } from './config-schema-challenge-providers.ts';
import { choice, fields, optional, whole } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';

const when = choice('auto', 'always', 'never');
const kind = choice('proof-of-work', 'turnstile', 'hcaptcha', 'recaptcha', 'recaptcha-enterprise');
const score = 'write a number from 0 to 1';

/** The shape of {@link import('./config-challenge.ts').ChallengeConfig}. */
export const challengeSchema = fields({
  kind: optional(kind),
  enter: optional(when),
  remember: optional(whole(60, 'seconds')),
  alternative: optional(choice('proof-of-work', 'none')),
  cost: optional(whole(100, 'iterations')),
  ...challengeProviders,
});

/** The shape of {@link import('./config-challenge.ts').RouteChallengeConfig}. */
export const routeChallengeSchema = z.union(
  [
    when,
    fields({
      when,
      kind: optional(kind),
      threshold: optional(z.number(score).check(z.gte(0, score), z.lte(1, score))),
    }),
  ],
  'write one of auto, always, never, or an object, as in { when: "always", kind: "recaptcha", threshold: 0.7 }',
);

/** Challenges that nobody could pass, and those that nobody is asked for. */
export function challengeProblems(config: Config): ConfigProblem[] {
  const { challenge, routes = [] } = config;
  const problems: ConfigProblem[] = [];
  const say = (field: string, value: unknown, rule: string): void => {
    if (rule !== '') problems.push({ field, value: JSON.stringify(value), rule });
  };
  const asking = routes.filter((route) => challengeOf(route).when !== 'never');
  for (const route of asking) {
    say(`routes[${routes.indexOf(route)}].challenge`, route.challenge, routeProblem(route, config));
  }
  if (challenge === undefined) return problems;
  const { enter = 'never', remember } = challenge;
  if (challenge.kind !== undefined) say('challenge.kind', challenge.kind, unknownKind(challenge.kind, challenge));
  const isAsked = config.behaviour?.challenge !== undefined;
  if (asking.length === 0 && enter === 'never' && !isAsked)
    say('challenge.enter', enter, 'nobody is asked; write challenge: "auto" in a route, or enter: "auto" here');
  if (remember !== undefined && !isAsked && !asking.some((route) => challengeOf(route).when === 'auto'))
    say(
      'challenge.remember',
      remember,
      'this is for what "auto" asks; write challenge: "auto" in a route, or leave it out',
    );
  return problems;
}

/** A solution is good for one counter of a proof: what cannot sign has none, and no code of the page that could solve it. */
function routeProblem(route: RouteConfig, { challenge }: Config): string {
  const { level, carriers = [] } = route;
  const unsigned = carriers.filter((carrier) => UNSIGNED_CARRIERS.has(carrier));
  if (unsigned.length > 0)
    return `carriers lists ${unsigned.join(', ')}: no code of the page makes such a request, so nothing could solve it`;
  if (level !== undefined && level !== 'proof')
    return `level "${level}" asks for no proof, to whose counter a solution is bound; write "proof"`;
  const { kind = challenge?.kind ?? 'proof-of-work', threshold } = challengeOf(route);
  if (threshold !== undefined && !SCORED.has(kind)) return `${kind} has no score; leave threshold out`;
  return unknownKind(kind, challenge);
}

function unknownKind(kind: NonNullable<ChallengeConfig['kind']>, challenge: ChallengeConfig | undefined): string {
  if (kind === 'proof-of-work' || challenge?.[kind] !== undefined) return '';
  return `nothing says how to ask for it; write challenge: { "${kind}": { siteKey: … } }`;
}
