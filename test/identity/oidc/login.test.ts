import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { CLIENT, GOLD, SILVER, startProvider, type TestProvider } from './provider.ts';
import { createTestGate, GATE, type TestGate, valuesOf } from './visitor.ts';

suite('a login at a real provider', () => {
  let provider: TestProvider;
  let gate: TestGate;

  before(async () => {
    provider = await startProvider({ gate: () => GATE, name: 'one' });
  });
  beforeEach(() => {
    provider.persona = { sub: 'alice' };
    provider.asked.length = 0;
    gate = createTestGate({ providers: { one: { issuer: provider.issuer } } });
  });
  after(() => provider.close());

  test('R51 goes by authorization code, PKCE S256, state and nonce', async () => {
    const visitor = gate.visitor('session');
    const url = new URL(await visitor.begin('one'));
    assert.equal(url.origin, provider.issuer);
    assert.deepEqual(
      [...url.searchParams.keys()].sort(),
      ['client_id', 'request_uri'],
      'the rest was pushed (RFC 9126)',
    );
    const answer = await visitor.arrive(await visitor.travel(url.href));
    assert.equal(answer.status, 303, String(answer.body));
    assert.deepEqual(valuesOf(answer, 'location'), ['/posts']);
    assert.equal(gate.admitted.length, 1);
    const [login] = gate.admitted;
    assert.equal(login?.subject.id, 'alice');
    assert.equal(login?.subject.source, 'one');
  });
});

void CLIENT;
void GOLD;
void SILVER;
