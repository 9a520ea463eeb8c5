import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { createExchangeable, isSameButFunctions } from '../../src/guard/exchangeable.ts';
import { createGuard } from '../../src/index.ts';
import { viewOf } from '../support/view.ts';

suite('functions of a configuration that is read again', () => {
  test('the latest are called, wherever they stand, with what they were called with', () => {
    const of = (name: string) => ({ say: (to: string) => `${name} to ${to}`, in: [{ deeper: () => name }] });
    const held = createExchangeable(of('one'));
    const { say, in: list } = held.value;
    assert.deepEqual([say('ann'), list[0]?.deeper()], ['one to ann', 'one']);
    held.exchange(of('two'));
    assert.deepEqual([say('ann'), list[0]?.deeper()], ['two to ann', 'two']);
  });

  for (const [name, next, fits] of [
    ['another function, of other text', { issuer: 'a', ask: () => 2 }, true],
    ['another value beside it', { issuer: 'b', ask: () => 1 }, false],
    ['no function any more', { issuer: 'a' }, false],
    ['text in place of a function', { issuer: 'a', ask: 'FUNCTION' }, false],
  ] as const) {
    test(`${name} ${fits ? 'fits' : 'does not fit'}`, () => {
      assert.equal(isSameButFunctions({ issuer: 'a', ask: () => 1 }, next), fits);
    });
  }

  test('a value without any is compared as it is', () => {
    assert.equal(createExchangeable(undefined).value, undefined);
    assert.deepEqual([isSameButFunctions(undefined, undefined), isSameButFunctions({}, undefined)], [true, false]);
    assert.equal(isSameButFunctions({ pattern: /a/ }, { pattern: /b/ }), false);
  });
});

test('a reload takes up `login.identify` as the file has it now, and refuses what else of login changed', async (t) => {
  const file = (identify: () => { id: string } | null, returnTo?: string[]): Config => ({
    to: 'http://localhost:3000',
    mode: 'enforce',
    routes: [{ match: 'GET /api/mine', level: 'open', user: true }],
    login: { identify, ...(returnTo === undefined ? {} : { returnTo }) },
  });
  const guard = await createGuard(file(() => null));
  t.after(() => guard.close());
  const asked = async () => {
    const { outcome, subject } = await guard.decide(viewOf({ method: 'GET', target: '/api/mine' }));
    return [outcome, subject?.id ?? ''];
  };
  assert.deepEqual(await asked(), ['refuse', '']);
  guard.reload(file(() => ({ id: 'ann' })));
  assert.deepEqual(await asked(), ['admit', 'ann']);
  assert.throws(() => guard.reload(file(() => ({ id: 'eve' }), ['https://other.example'])), /login is changed/);
  assert.deepEqual(await asked(), ['admit', 'ann'], 'what was refused as a whole has changed nothing');
  guard.reload(guard.policy.config);
  assert.deepEqual(await asked(), ['admit', 'ann']);
});
