import assert from 'node:assert/strict';
import { test } from 'node:test';
import { challengeNotes, describeChallenge } from '../../src/cli/check-challenge.ts';
import { compilePolicy } from '../../src/guard/compile.ts';

test('check says what calls are asked for besides their proof, and who else hears of it', () => {
  const policy = compilePolicy({
    challenge: { enter: 'auto', turnstile: { siteKey: '0xKEY', secret: 'hidden-of-turnstile' } },
    routes: [
      { match: 'GET /api/search', challenge: 'always' },
      { match: 'POST /api/posts', challenge: { when: 'auto', kind: 'turnstile' } },
      { match: 'GET /api/posts' },
    ],
  });
  const lines = policy.routes.map((route) => describeChallenge(route)).filter((line) => line.length > 0);
  assert.deepEqual(lines, [
    ['a proof of work, with every call, done by the page'],
    ['Cloudflare Turnstile, when something speaks for it'],
  ]);
  assert.deepEqual(challengeNotes(policy), [
    'new sessions are asked for a proof of work while the gate is busy',
    'Cloudflare Turnstile is a third party: its script runs in your pages and it learns who is asked; a proof of work is the other way',
  ]);
  assert.deepEqual(challengeNotes(compilePolicy({})), []);
});
