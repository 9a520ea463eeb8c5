import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Carrier, Decision } from '../../src/guard/decision.ts';
import { problemAnswer } from '../../src/guard/problem.ts';
import { CODES, type Code } from '../../src/wire/codes.ts';

function refused(code: Code, carrier: Carrier = 'call', more: Partial<Decision> = {}): Decision {
  const policy = compilePolicy({});
  return {
    outcome: 'refuse',
    id: 'aaaaaaaaaaaaaaaa',
    code,
    layer: 'proof',
    route: policy.match('GET', '/api/x', '/api/x'),
    carrier,
    level: 'open',
    client: 'default',
    session: 'label',
    subject: null,
    key: null,
    relay: '',
    prefix: '192.0.2.1',
    address: '192.0.2.1',
    secure: false,
    authority: 'localhost:4000',
    answer: null,
    responseFields: [],
    streamDigest: null,
    body: null,
    retryAfter: 0,
    proof: null,
    trail: [{ layer: 'proof', code, enforced: true, evidence: 'evidence-word', wouldPass: 'would-pass-word' }],
    ...more,
  };
}

const answerOf = (decision: Decision) => problemAnswer(decision, '/_sallyport', 1_750_000_000_000);
const fieldOf = (fields: readonly string[], name: string): string | undefined => {
  const at = fields.findIndex((value, index) => index % 2 === 0 && value === name);
  return at === -1 ? undefined : fields[at + 1];
};

for (const code of Object.keys(CODES) as Code[]) {
  test(`P9.1 P9.3 R71 ${code}: a problem document with exactly these members, and nothing of the record`, () => {
    const answer = answerOf(refused(code));
    const body = JSON.parse(String(answer.body)) as Record<string, unknown>;
    assert.deepEqual(Object.keys(body).sort(), [
      'code',
      'detail',
      'docs',
      'id',
      'retryable',
      'status',
      'title',
      'type',
    ]);
    assert.equal(body['code'], code);
    assert.equal(body['status'], answer.status);
    assert.equal(answer.status, CODES[code].status);
    assert.equal(fieldOf(answer.fields, 'content-type'), 'application/problem+json');
    assert.equal(fieldOf(answer.fields, 'sallyport-decision'), body['id']);
    for (const secret of ['evidence-word', 'would-pass-word', '192.0.2.1', 'label']) {
      assert.equal(JSON.stringify(answer).includes(secret), false, secret);
    }
  });

  test(`P9.5 R73 ${code}: no redirect for anyone, HTML for navigations, JSON for calls`, () => {
    assert.equal(fieldOf(answerOf(refused(code)).fields, 'location'), undefined);
    const page = answerOf(refused(code, 'navigation'));
    assert.equal(fieldOf(page.fields, 'content-type'), 'text/html; charset=utf-8');
    assert.match(String(page.body), new RegExp(`<code>${code}</code>`));
  });
}

test('P9.3 what does not fit is named by `field`, and by no other refusal', () => {
  const more = { field: '/tags/0' };
  const body = JSON.parse(String(answerOf(refused('schema', 'call', more)).body)) as Record<string, unknown>;
  assert.equal(body['field'], '/tags/0');
  assert.equal(Object.keys(body).length, 9);
  assert.doesNotMatch(String(answerOf(refused('digest', 'call', more)).body), /tags/);
  assert.doesNotMatch(String(answerOf(refused('schema', 'navigation', more)).body), /tags/);
});

test('401 says how to log in, 405 which methods there are, 429 how long to wait', () => {
  assert.notEqual(fieldOf(answerOf(refused('login-required')).fields, 'www-authenticate'), undefined);
  const rule = { ...refused('method').route, allow: ['GET', 'POST'] };
  assert.equal(fieldOf(answerOf(refused('method', 'call', { route: rule })).fields, 'allow'), 'GET, POST');
  assert.equal(fieldOf(answerOf(refused('limit', 'call', { retryAfter: 7 })).fields, 'retry-after'), '7');
  const retryable = (more: Partial<Decision>): unknown =>
    JSON.parse(String(answerOf(refused('order', 'call', more)).body)).retryable;
  assert.deepEqual([retryable({}), retryable({ retryAfter: 2 })], [false, true], 'too early is no more than that');
});

test('P9.4 a refusal carries the CORS fields that let the page read it', () => {
  const answer = answerOf(
    refused('signature', 'call', { responseFields: ['access-control-allow-origin', 'https://app.example'] }),
  );
  assert.equal(fieldOf(answer.fields, 'access-control-allow-origin'), 'https://app.example');
});

test('R62 a login that is not enough is answered with what would be (RFC 9470)', () => {
  const user = {
    roles: [],
    scopes: [],
    maxAge: 300,
    acr: ['urn:example:gold', 'urn:example:key'],
    can: null,
    owner: null,
    creator: null,
    cedar: null,
  };
  const route = { ...refused('step-up').route, user };
  const asked = (more: Partial<Decision>) =>
    fieldOf(answerOf(refused('step-up', 'call', more)).fields, 'www-authenticate');
  const error = 'Sallyport error="insufficient_user_authentication"';
  assert.equal(asked({ route }), `${error}, acr_values="urn:example:gold urn:example:key", max_age="300"`);
  assert.equal(asked({ route: { ...route, user: { ...user, acr: [] } } }), `${error}, max_age="300"`);
  assert.equal(
    asked({ route: { ...route, user: { ...user, maxAge: 0 } } }),
    `${error}, acr_values="urn:example:gold urn:example:key"`,
  );
  assert.equal(asked({}), 'Sallyport');
  const plain = answerOf(refused('login-required', 'call', { route }));
  assert.equal(fieldOf(plain.fields, 'www-authenticate'), 'Sallyport');
});

test('R50 a challenge that the reader of tokens made stands alone', () => {
  const challenge = 'DPoP error="use_dpop_nonce", algs="ES256"';
  const { fields } = answerOf(refused('login-required', 'call', { responseFields: ['www-authenticate', challenge] }));
  assert.equal(fieldOf(fields, 'www-authenticate'), challenge);
  assert.equal(fields.filter((text) => text === 'www-authenticate').length, 1);
});
