import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Identify } from '../../src/guard/config-login.ts';
import { newContext } from '../../src/guard/context.ts';
import { createHookReader } from '../../src/identity/hook.ts';
import { type Sketch, viewOf } from '../support/view.ts';

async function read(identify: Identify, sketch: Sketch = {}) {
  const policy = compilePolicy({});
  const request = viewOf(sketch);
  const context = newContext(policy, policy.match('GET', '/', '/'), 'call', request, 0);
  return { found: await createHookReader(identify, 50).read(request, context), evidence: context.evidence };
}

/** The code of a refusal; '' for anything else. */
async function refusedAs(identify: Identify): Promise<string> {
  const { found } = await read(identify);
  return found !== null && 'code' in found ? found.code : '';
}

suite('login.identify', () => {
  test('what the app knows at once is known at once: only a promise is waited for', () => {
    const policy = compilePolicy({});
    const context = newContext(policy, policy.match('GET', '/', '/'), 'call', viewOf({}), 0);
    assert.equal(createHookReader(() => null, 50).read(viewOf({}), context), null);
    const later = createHookReader(async () => null, 50).read(viewOf({}), context);
    assert.ok(later instanceof Promise);
  });

  test('a person is known by what the app’s own code says, as of the source `hook`', async () => {
    const { found } = await read(() => ({ id: 'ann', roles: ['editor'], claims: { team: 'red' }, source: 'accounts' }));
    assert.deepEqual(found, {
      id: 'ann',
      source: 'hook',
      roles: ['editor'],
      scopes: [],
      acr: '',
      amr: [],
      authTime: 0,
      claims: { team: 'red' },
    });
    assert.deepEqual((await read(async () => null)).found, null);
  });

  test('R70 a throw, silence and what is no subject refuse', async () => {
    const throws = () => {
      throw new RangeError('a secret in a message');
    };
    assert.equal(await refusedAs(throws), 'unsure');
    assert.equal((await read(throws)).evidence, 'login.identify: RangeError');
    assert.equal(await refusedAs(async () => throws()), 'unsure');
    assert.equal(await refusedAs(() => new Promise(() => {})), 'unsure');
    const answers = [
      ...['undefined', 'true', '"ann"', '[]', '{}', '{"id":""}', '{"id":7}', `{"id":"${'a'.repeat(256)}"}`],
      ...['{"id":"a","roles":"editor"}', '{"id":"a","roles":[1]}', '{"id":"a","scopes":{}}', '{"id":"a","acr":1}'],
      ...['{"id":"a","authTime":-1}', '{"id":"a","authTime":"now"}', '{"id":"a","claims":[]}', '{"id":"a","amr":null}'],
    ];
    for (const answer of answers) {
      assert.equal(await refusedAs(() => (answer === 'undefined' ? undefined : JSON.parse(answer))), 'unsure', answer);
    }
  });

  test('what it may read: method, path, query, authority, and fields by any case of their name', async () => {
    const seen: unknown[] = [];
    await read(
      ({ method, path, query, authority, header }) => {
        seen.push(method, path, query, authority, header('X-User'), header('nothing'));
        return null;
      },
      { target: '/a?b=1', headers: { 'x-user': 'ann' } },
    );
    assert.deepEqual(seen, ['GET', '/a', '?b=1', 'localhost:4000', 'ann', '']);
  });
});
