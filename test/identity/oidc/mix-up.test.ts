import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { startProvider, type TestProvider } from './provider.ts';
import { createTestGate, GATE, type TestGate, valuesOf } from './visitor.ts';

/** RFC 9700 §4.4: an attacker's provider makes the gate believe that a code of the honest one is its own. */
suite('R53 two providers', () => {
  let honest: TestProvider;
  let attacker: TestProvider;
  let gate: TestGate;

  before(async () => {
    honest = await startProvider({ gate: () => GATE, name: 'honest' });
    attacker = await startProvider({ gate: () => GATE, name: 'attacker' });
    gate = createTestGate({
      providers: { honest: { issuer: honest.issuer }, attacker: { issuer: attacker.issuer } },
    });
  });
  after(async () => {
    await honest.close();
    await attacker.close();
  });

  test('R53 a person logs in at either', async () => {
    for (const name of ['honest', 'attacker']) {
      const answer = await gate.visitor(name).login(name, `return=/${name}`);
      assert.deepEqual(valuesOf(answer, 'location'), [`/${name}`]);
    }
    assert.deepEqual(
      gate.admitted.map(({ subject }) => `${subject.source}:${subject.id}`),
      ['honest:alice', 'attacker:alice'],
    );
    gate.admitted.length = 0;
  });

  test('R53 a code of the honest provider is never sent to the attacker’s', async () => {
    const visitor = gate.visitor('session');
    // The attacker's provider sends the browser on to the honest one with the state of its own attempt.
    const own = new URL(await visitor.travel(await visitor.begin('attacker')));
    const victim = new URL(await visitor.travel(await visitor.begin('honest')));
    const mixed = new URL(own);
    mixed.searchParams.set('code', victim.searchParams.get('code') ?? '');
    mixed.searchParams.set('iss', victim.searchParams.get('iss') ?? '');
    attacker.asked.length = 0;
    const answer = await visitor.arrive(mixed.href);
    assert.equal(answer.status, 401);
    assert.deepEqual(
      attacker.asked.filter((line) => line.startsWith('POST')),
      [],
      'the code stayed here',
    );
    assert.equal(gate.admitted.length, 0);
    assert.match(answer.refused?.evidence ?? '', /INVALID_RESPONSE/);
  });

  test('R53 an answer without iss from a provider that announces it logs nobody in', async () => {
    const visitor = gate.visitor('session');
    const url = new URL(await visitor.travel(await visitor.begin('honest')));
    url.searchParams.delete('iss');
    assert.equal((await visitor.arrive(url.href)).status, 401);
    assert.equal(gate.admitted.length, 0);
  });

  test('R53 an answer of one provider does not count at the address of the other', async () => {
    const visitor = gate.visitor('session');
    const url = await visitor.travel(await visitor.begin('honest'));
    assert.equal((await visitor.arrive(url.replace('/callback/honest', '/callback/attacker'))).status, 401);
    assert.equal((await visitor.arrive(url)).status, 303, 'and the honest one is not spoilt by it');
  });
});
