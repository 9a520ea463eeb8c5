import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { createTestGate, type TestGate, valuesOf } from './visitor.ts';

const ISSUER = 'https://login.example';

suite('how often logins may begin', () => {
  let gate: TestGate;
  let pushed = 0;

  beforeEach(() => {
    pushed = 0;
    gate = createTestGate({
      providers: { one: { issuer: ISSUER } },
      fetch: async (url) => {
        const isPush = url.endsWith('/par');
        if (isPush) pushed++;
        const metadata = {
          issuer: ISSUER,
          authorization_endpoint: `${ISSUER}/authorize`,
          token_endpoint: `${ISSUER}/token`,
          pushed_authorization_request_endpoint: `${ISSUER}/par`,
        };
        const answer = isPush ? { request_uri: `urn:request:${pushed}`, expires_in: 60 } : metadata;
        return new Response(JSON.stringify(answer), {
          status: isPush ? 201 : 200,
          headers: { 'content-type': 'application/json' },
        });
      },
    });
  });

  const begin = async (session?: string, prefix = '192.0.2.1'): Promise<number> =>
    (await gate.visitor(session).ask('GET', '/login/one', { prefix })).status;

  test('a flood from one prefix costs the provider 600 requests in ten minutes, and is told to wait', async () => {
    for (let count = 0; count < 1000; count++) await begin();
    assert.equal(pushed, 600);
    const answer = await gate.visitor().ask('GET', '/login/one?return=/posts', { prefix: '192.0.2.1' });
    assert.equal(answer.status, 429);
    const [wait = '0'] = valuesOf(answer, 'retry-after');
    assert.ok(Number(wait) > 500 && Number(wait) <= 600, wait);
    assert.deepEqual([...valuesOf(answer, 'set-cookie'), ...valuesOf(answer, 'location')], []);
    assert.match(String(answer.body), /Too many logins.*return=%2Fposts/s);
    assert.equal(await begin('a browser that has the site open'), 303, 'others there are not kept out');
    assert.equal(await begin(undefined, '198.51.100.1'), 303, 'nor those elsewhere');
    gate.ahead = 601;
    assert.equal(await begin(), 303, 'later it works');
  });

  test('200 people behind one address log in at nine o’clock, three times each, by a link or from the site', async () => {
    for (let person = 0; person < 200; person++) {
      for (let attempt = 0; attempt < 3; attempt++) {
        assert.equal(await begin(), 303, `person ${person}`);
        assert.equal(await begin(`session ${person}`), 303, `person ${person}`);
      }
    }
  });

  test('one browser begins 30 in ten minutes, and spends nobody else’s', async () => {
    const answers = [];
    for (let count = 0; count < 40; count++) answers.push(await begin('one'));
    assert.equal(answers.filter((status) => status === 303).length, 30);
    assert.equal(await begin('two'), 303);
  });

  test('browsers of one prefix begin 3,000 together', async () => {
    for (let session = 0; session < 110; session++) for (let count = 0; count < 30; count++) await begin(`s${session}`);
    assert.equal(pushed, 3000);
  });

  test('what begins no login spends nothing', async () => {
    for (let count = 0; count < 700; count++) {
      await gate.visitor().ask('GET', '/login/one', { headers: { 'sec-purpose': 'prefetch' }, prefix: '192.0.2.1' });
      await gate.visitor().ask('GET', '/login/one?return=//evil.example', { prefix: '192.0.2.1' });
    }
    assert.equal(await begin(), 303);
  });
});
