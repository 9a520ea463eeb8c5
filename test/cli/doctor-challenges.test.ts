import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examineChallenges } from '../../src/cli/doctor/challenge-csp.ts';
import type { ChallengeProvidersConfig } from '../../src/guard/config-challenge-providers.ts';

const keys = { siteKey: 'key-1', secret: 'secret-1' };
const turnstile = { turnstile: keys };
const enterprise = { 'recaptcha-enterprise': { siteKey: 'key-1', project: 'p', apiKey: 'k' } };

const ask = (providers: ChallengeProvidersConfig, policies: readonly string[], nonce = '') =>
  examineChallenges(providers, { path: '/', page: 'https://app.example/', policies, nonce }).map(
    ({ text, fix }) => `${text} -> ${fix}`,
  );

test('without a policy, or without providers, there is nothing to say', () => {
  assert.deepEqual(ask({ turnstile: keys, hcaptcha: keys, recaptcha: keys, ...enterprise }, []), []);
  assert.deepEqual(ask({}, ["default-src 'none'"]), []);
});

test('what the providers say to write is enough', () => {
  const rows: readonly [ChallengeProvidersConfig, string][] = [
    [turnstile, 'script-src https://challenges.cloudflare.com; frame-src https://challenges.cloudflare.com'],
    [
      { hcaptcha: keys },
      ['script-src', 'frame-src', 'style-src', 'connect-src']
        .map((directive) => `${directive} https://hcaptcha.com https://*.hcaptcha.com`)
        .join('; '),
    ],
    [
      { recaptcha: keys, ...enterprise },
      'script-src https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/; frame-src https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/',
    ],
  ];
  for (const [providers, policy] of rows) assert.deepEqual(ask(providers, [`default-src 'none'; ${policy}`]), []);
});

test('what is missing is named with its directive, the address and what to write', () => {
  const said = ask(turnstile, ["default-src 'self'; script-src 'self' https://challenges.cloudflare.com"]);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /turnstile from https:\/\/challenges\.cloudflare\.com\/ \(default-src 'self'\)/);
  assert.match(said[0] ?? '', /add https:\/\/challenges\.cloudflare\.com to frame-src$/);
});

test('a nonce lets the script in, and strict-dynamic what it loads in turn; frames are named all the same', () => {
  const policy = "script-src 'nonce-abc' 'strict-dynamic'; frame-src https://www.google.com/recaptcha/";
  assert.deepEqual(ask({ recaptcha: keys }, [policy], 'abc'), []);
  const [script = ''] = ask({ recaptcha: keys }, [policy]);
  assert.match(script, /put the page’s nonce into its Content-Security-Policy header/);
});

test('a script that is found elsewhere asks for that origin and no other', () => {
  const script = 'https://www.recaptcha.net/recaptcha/api.js';
  const policy = "default-src 'none'; script-src https://www.recaptcha.net; frame-src https://www.recaptcha.net";
  assert.deepEqual(ask({ recaptcha: { ...keys, script } }, [policy]), []);
  assert.equal(ask({ recaptcha: { ...keys, script } }, ["default-src 'none'"]).length, 2);
});
