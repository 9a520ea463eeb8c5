import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChallengeFaults } from '../../src/gateway/challenge-faults.ts';
import { shownConfig } from '../../src/gateway/shown-config.ts';

test('a key that a provider does not take is told of once, and then how often', async () => {
  const lines: string[] = [];
  const counted = Promise.withResolvers<void>();
  const tell = createChallengeFaults(
    {
      warn(message, details) {
        lines.push(`${message} ${JSON.stringify(details)}`);
        if (lines.length === 2) counted.resolve();
      },
    },
    1,
  );
  for (let i = 0; i < 3; i++) tell('turnstile', 'the provider says invalid-input-secret');
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /"kind":"turnstile","reason":"the provider says invalid-input-secret"/);
  const alive = setTimeout(() => {}, 10_000);
  await counted.promise;
  clearTimeout(alive);
  assert.match(lines[1] ?? '', /^challenge: 2 more could not be judged/);
});

test('administration is shown the site keys of providers and none of their secrets', () => {
  const siteverify = { siteKey: 'public-1', secret: 'hidden-1' };
  const shown = shownConfig({
    challenge: {
      kind: 'turnstile',
      turnstile: siteverify,
      hcaptcha: siteverify,
      recaptcha: siteverify,
      'recaptcha-enterprise': { siteKey: 'public-1', project: 'p', apiKey: 'hidden-1' },
    },
  });
  const text = JSON.stringify(shown);
  assert.equal(text.match(/public-1/g)?.length, 4);
  assert.doesNotMatch(text, /hidden-1/);
  assert.equal(shown.challenge?.kind, 'turnstile');
});
