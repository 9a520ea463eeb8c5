import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Question, Reply } from '../../src/guard/ask.ts';
import type { Can, CanRequest, RouteConfig } from '../../src/guard/config.ts';
import type { OwnerConfig } from '../../src/guard/config-authorization.ts';
import type { Context } from '../../src/guard/layer.ts';
import { createCan } from '../../src/layers/can.ts';
import { askLayer, keyOf, personOf } from '../support/person.ts';
import type { Sketch } from '../support/view.ts';

const MATCH = 'DELETE /api/posts/:id';
const DELETE: Sketch = { method: 'DELETE', target: '/api/posts/7' };

suite('can', () => {
  const layer = createCan({ ask: null, patienceMs: 50 });
  const ask = (can: Can, sketch: Sketch = DELETE, found: Partial<Context> = {}, route: Partial<RouteConfig> = {}) =>
    askLayer(layer, { routes: [{ match: MATCH, can, ...route }] }, sketch, { subject: personOf(), ...found });

  test('R64 `true` admits, at once or later', async () => {
    assert.equal((await ask(() => true)).code, '');
    assert.equal((await ask(async () => true)).code, '');
  });

  test('R64 everything else refuses', async () => {
    // What plain JavaScript may answer whatever the type says.
    const answers: unknown[] = [false, undefined, null, 1, 'true', {}, [], new Boolean(true), Promise.resolve('yes')];
    for (const answer of answers) assert.equal((await ask(() => answer as boolean)).code, 'forbidden', String(answer));
  });

  test('R70 a throw is a fault, which the guard refuses', async () => {
    await assert.rejects(
      ask(() => {
        throw new RangeError('broken');
      }),
      RangeError,
    );
    await assert.rejects(
      ask(async () => {
        throw new RangeError('broken');
      }),
      RangeError,
    );
  });

  test('R70 no answer in time refuses', async () => {
    assert.equal((await ask(() => new Promise(() => {}))).code, 'unsure');
  });

  test('nobody is refused unasked, and a key is not asked about', async () => {
    const never: Can = () => assert.fail('asked');
    assert.equal((await ask(never, DELETE, { subject: null })).code, 'login-required');
    assert.equal((await ask(never, DELETE, { subject: null, key: keyOf() })).code, '');
    assert.equal((await ask(() => false, DELETE, { key: keyOf() })).code, 'forbidden', 'but a person with a key is');
  });

  test('what it may know of a request: method, path, query, names percent-decoded, the body as JSON', async () => {
    const seen: CanRequest[] = [];
    const can: Can = async (_, request) => {
      seen.push(request);
      return (await request.json()) !== undefined;
    };
    const sketch = { method: 'DELETE', target: '/api//posts/a%20b;v=1?x=1', body: '{"why":"spam"}' };
    assert.equal((await ask(can, sketch)).code, '');
    const { json: _, ...plain } = seen[0] ?? assert.fail();
    assert.deepEqual(plain, {
      method: 'DELETE',
      path: '/api//posts/a%20b;v=1',
      query: '?x=1',
      params: { id: 'a b;v=1' },
      client: '',
    });
    assert.equal((await ask(can, { ...sketch, body: 'why=spam' })).code, 'forbidden');
    assert.equal((await ask(can, { ...sketch, body: '' })).code, 'forbidden');
  });

  test('names that cannot be told for certain ask nobody', async () => {
    const never: Can = () => assert.fail('asked');
    assert.equal((await ask(never, { ...DELETE, target: '/api/posts/%ff' })).code, 'forbidden');
  });
});

suite('owner', () => {
  const OWNER: OwnerConfig = { ask: 'GET /api/posts/:id', at: '$.author.id' };

  async function ask(reply: Reply | Error, owner: OwnerConfig = OWNER, found: Partial<Context> = {}, sketch = DELETE) {
    const questions: Question[] = [];
    const layer = createCan({
      async ask(question) {
        questions.push(question);
        if (reply instanceof Error) throw reply;
        return reply;
      },
    });
    const asked = await askLayer(layer, { routes: [{ match: MATCH, owner }] }, sketch, {
      subject: personOf(),
      ...found,
    });
    return { ...asked, questions };
  }
  const said = (json: unknown, status = 200): Reply => ({ status, json });

  test('the owner passes, by text or number', async () => {
    const { code, questions } = await ask(said({ author: { id: '7' } }));
    assert.equal(code, '');
    assert.deepEqual(
      questions.map(({ path, fields }) => ({ path, fields })),
      [{ path: '/api/posts/7', fields: [] }],
    );
    assert.equal((await ask(said({ author: { id: 7 } }))).code, '');
  });

  test('R64 another user’s object is refused, and so is one that names nobody', async () => {
    for (const json of [
      { author: { id: '8' } },
      { author: { id: '' } },
      { author: { id: null } },
      { author: { id: ['7'] } },
      { author: { id: 7.5 } },
      { author: '7' },
      { author: {} },
      {},
      [],
      null,
      '7',
    ]) {
      assert.equal((await ask(said(json))).code, 'forbidden', JSON.stringify(json));
    }
  });

  test('R64 a member that every object has is nobody’s', async () => {
    const owner = { ...OWNER, at: '$.constructor.name' };
    assert.equal((await ask(said({}), owner, { subject: personOf({ id: 'Object' }) })).code, 'forbidden');
  });

  test('an object that is not there is refused like another user’s', async () => {
    for (const status of [404, 410, 403, 401]) assert.equal((await ask(said(undefined, status))).code, 'forbidden');
  });

  test('R70 a backend that cannot say admits nobody', async () => {
    assert.equal((await ask(new Error('gone'))).code, 'unsure');
    for (const status of [500, 503, 302, 204, 206])
      assert.equal((await ask(said({ author: { id: '7' } }, status))).code, 'unsure');
    assert.equal((await ask(said(undefined))).code, 'unsure', '200 without JSON');
  });

  test('the same bytes are asked for that the call names', async () => {
    const { questions } = await ask(said({}), OWNER, {}, { ...DELETE, target: '/api/posts/a%2Db' });
    assert.equal(questions[0]?.path, '/api/posts/a%2Db');
    const climbing = await ask(said({ author: { id: '7' } }), OWNER, {}, { ...DELETE, target: '/api/posts/..%2fme' });
    assert.deepEqual([climbing.code, climbing.questions.length], ['forbidden', 0]);
  });

  test('a name, a claim, or what the call names in a list of the person’s own', async () => {
    const name = { ...OWNER, is: 'name' };
    assert.equal((await ask(said({ author: { id: 'accounts:7' } }), name)).code, '');
    assert.equal((await ask(said({ author: { id: '7' } }), name)).code, 'forbidden');

    const claim = { ...OWNER, at: '$.editors[*].email', is: '$.email' };
    const subject = personOf({ claims: { email: 'a@example.org' } });
    const editors = said({ editors: [{ email: 'b@example.org' }, { email: 'a@example.org' }] });
    assert.equal((await ask(editors, claim, { subject })).code, '');
    assert.equal((await ask(editors, claim)).code, 'forbidden', 'a person without that claim');
    assert.equal((await ask(said({ editors: [{}] }), claim)).code, 'forbidden');

    const mine = { ask: 'GET /api/my/posts', at: '$[*].id', is: ':id' };
    assert.equal((await ask(said([{ id: 6 }, { id: 7 }]), mine)).code, '');
    assert.equal((await ask(said([{ id: 6 }]), mine)).code, 'forbidden');
  });

  test('R64 a person whom another source vouches for is somebody else', async () => {
    const { code, questions } = await ask(said({ author: { id: '7' } }), { ...OWNER, source: 'hook' });
    assert.deepEqual([code, questions.length], ['forbidden', 0]);
  });

  test('where nothing can ask the backend, nobody is admitted', async () => {
    const layer = createCan({ ask: null });
    const asked = await askLayer(layer, { routes: [{ match: MATCH, owner: OWNER }] }, DELETE, { subject: personOf() });
    assert.equal(asked.code, 'unsure');
  });

  test('`can` and `owner` are both asked', async () => {
    const layer = createCan({ ask: async () => said({ author: { id: '7' } }) });
    const asked = (can: Can) =>
      askLayer(layer, { routes: [{ match: MATCH, owner: OWNER, can }] }, DELETE, { subject: personOf() });
    assert.equal((await asked(() => true)).code, '');
    assert.equal((await asked(() => false)).code, 'forbidden');
  });
});
