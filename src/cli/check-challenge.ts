import type { ChallengeRule, Way } from '../guard/challenge.ts';
import type { Policy, RouteRule } from '../guard/policy.ts';
import type { ChallengeKind } from '../wire/challenge.ts';

const NAMES: Readonly<Record<ChallengeKind, string>> = {
  'proof-of-work': 'a proof of work',
  wait: 'a wait',
  turnstile: 'Cloudflare Turnstile',
  hcaptcha: 'hCaptcha',
  recaptcha: 'reCAPTCHA v3',
  'recaptcha-enterprise': 'reCAPTCHA Enterprise',
};

const isProviders = (kind: ChallengeKind): boolean => kind !== 'proof-of-work' && kind !== 'wait';

/** What a call of this route is asked for besides its proof; nothing for nothing. */
export function describeChallenge({ challenge }: RouteRule): readonly string[] {
  if (challenge === null) return [];
  const { when, kind } = challenge;
  const often = when === 'always' ? 'with every call' : 'when something speaks for it';
  return [`${wayOf(challenge)}, ${often}${kind === 'proof-of-work' ? ', done by the page' : ''}`];
}

function wayOf({ kind, strength }: ChallengeRule | Way): string {
  const score = kind.startsWith('recaptcha') ? ` with a score of ${strength / 100} or more` : '';
  return `${NAMES[kind]}${score}`;
}

/** What holds for all routes: the second door, the way beside a provider, and who else hears of visitors. */
export function challengeNotes({ challenge, routes }: Policy): readonly string[] {
  if (challenge === null) return [];
  const { door, alternative } = challenge;
  const asked = [...routes.flatMap((route) => (route.challenge === null ? [] : [route.challenge.kind]))];
  const kinds = [...new Set([...asked, ...(door.when === 'never' ? [] : [door.way.kind])])].filter(isProviders);
  const beside = alternative === null ? 'there is no other way' : `${wayOf(alternative)} is the other way`;
  return [
    ...(door.when === 'never'
      ? []
      : [`new sessions are asked for ${wayOf(door.way)}${door.when === 'auto' ? ' while the gate is busy' : ''}`]),
    ...kinds.map(
      (kind) => `${NAMES[kind]} is a third party: its script runs in your pages and it learns who is asked; ${beside}`,
    ),
  ];
}
