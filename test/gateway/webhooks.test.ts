import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinSeen } from '../../src/gateway/fleet/merge.ts';
import { createRecords } from '../../src/gateway/records.ts';
import { foundWebhooks } from '../../src/gateway/webhooks.ts';
import { formatWebhooks } from '../../src/cli/webhooks.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { type Sketch, viewOf } from '../support/view.ts';
import { decisionOf, pageGuard } from './stubs.ts';

const guard = pageGuard({ open: ['/api/open/**'] });
const HOOK: Sketch = {
  method: 'POST',
  target: '/api/hooks/stripe',
  headers: { 'user-agent': 'Stripe/1.0', 'stripe-signature': 't=1,v1=hidden', 'content-type': 'application/json' },
};
const WOULD_REFUSE = {
  trail: [{ layer: 'proof', code: 'entry-required', enforced: false, evidence: '', wouldPass: '' }],
} as const;

let ids = 0;

/** Report mode has let these through, and the backend answered so. */
function seenOf(calls: readonly (readonly [Sketch, number, Partial<Decision>?])[]) {
  const records = createRecords({ now: () => 0 });
  for (const [sketch, status, changes] of calls) {
    const view = viewOf(sketch);
    const decision = decisionOf(guard, view, { id: `id${ids++}`.padEnd(16, '-'), ...WOULD_REFUSE, ...changes });
    records.add(decision, view);
    records.settled(decision, view, status);
  }
  return records.routes();
}

const paint = { strong: String, good: String, bad: String, careful: String, faint: String };

test('P8.3 what only programs send, and the backend takes, is proposed with its evidence', () => {
  const found = foundWebhooks(
    seenOf([
      [HOOK, 200],
      [HOOK, 204, { prefix: '198.51.100.9' }],
      [{ ...HOOK, target: '/api/ping', headers: { 'user-agent': 'monitor/2' } }, 200],
    ]),
  );
  assert.deepEqual(found, [
    { match: 'POST /api/hooks/stripe', requests: 2, networks: 2, signedBy: 'stripe-signature' },
    { match: 'POST /api/ping', requests: 1, networks: 1, signedBy: '' },
  ]);
  const text = formatWebhooks(found, paint);
  assert.match(text, /--open 'POST \/api\/hooks\/stripe' --open 'POST \/api\/ping'/);
  assert.match(text, /not signed: whoever knows the address/);
  assert.doesNotMatch(text, /hidden/);
});

const NONE: readonly (readonly [string, readonly (readonly [Sketch, number, Partial<Decision>?])[]])[] = [
  [
    'that a page calls as well',
    [
      [HOOK, 200],
      [{ ...HOOK, headers: { 'sec-fetch-site': 'same-origin' } }, 200],
    ],
  ],
  ['of a session', [[HOOK, 200, { session: 'aaaaaaaaaaa' }]]],
  ['with a cookie', [[{ ...HOOK, headers: { ...HOOK.headers, cookie: 'sid=1' } }, 200]]],
  ['of a browser', [[{ ...HOOK, headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux) Firefox/150.0' } }, 200]]],
  ['with an origin', [[{ ...HOOK, headers: { ...HOOK.headers, origin: 'https://evil.example' } }, 200]]],
  ['that the backend refuses', [[HOOK, 401]]],
  [
    'that is refused once of many',
    [
      [HOOK, 200],
      [HOOK, 404],
    ],
  ],
  ['that reads', [[{ ...HOOK, method: 'GET' }, 200]]],
  ['that deletes', [[{ ...HOOK, method: 'DELETE' }, 200]]],
  ['that is open already', [[{ ...HOOK, target: '/api/open/hook' }, 200]]],
  ['outside of what is protected', [[{ ...HOOK, target: '/hook' }, 200]]],
  ['whose path is a pattern', [[{ ...HOOK, target: '/api/*' }, 200]]],
];
for (const [what, calls] of NONE) {
  test(`P8.3 a call ${what} is no webhook`, () => {
    assert.deepEqual(foundWebhooks(seenOf(calls)), []);
  });
}

test('of several workers one that saw a page’s call is enough, and networks are counted once', () => {
  const [hook, again, page] = [
    seenOf([[HOOK, 200]]),
    seenOf([[HOOK, 200]]),
    seenOf([[{ ...HOOK, headers: { 'sec-fetch-site': 'same-origin' } }, 200]]),
  ];
  assert.deepEqual(foundWebhooks(joinSeen([...hook, ...again])), [
    { match: 'POST /api/hooks/stripe', requests: 2, networks: 1, signedBy: 'stripe-signature' },
  ]);
  assert.deepEqual(foundWebhooks(joinSeen([...hook, ...page])), []);
});
