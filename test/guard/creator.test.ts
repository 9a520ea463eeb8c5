import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { createCreationWatch } from '../../src/guard/creation-watch.ts';
import type { Creation, Creations } from '../../src/guard/creator.ts';
import type { Decision } from '../../src/guard/decision.ts';
import type { RouteRule } from '../../src/guard/policy.ts';
import { newContext } from '../../src/guard/context.ts';
import type { Subject } from '../../src/guard/subject.ts';
import { createCreator } from '../../src/layers/creator.ts';
import { viewOf } from '../support/view.ts';

const ROUTES = [
  { match: 'POST /api/posts', user: true },
  { match: 'DELETE /api/posts/:id', creator: { of: 'POST /api/posts' } },
];
const config = parseConfig({ to: 'http://localhost:3000', login: { accounts: true }, routes: ROUTES }, 'test');
const policy = compilePolicy(config);

const person = (id: string, source = 'accounts'): Subject => ({
  id,
  source,
  roles: [],
  scopes: [],
  acr: '',
  amr: [],
  authTime: 0,
  claims: {},
});

async function deletes(
  subject: Subject | null,
  target: string,
  known: Readonly<Record<string, string>>,
): Promise<string> {
  const layer = createCreator({ creatorOf: async (of, id) => known[`${of} ${id}`] ?? null, record() {}, forget() {} });
  const request = viewOf({ method: 'DELETE', target });
  const route = policy.match('DELETE', request.path, request.folded);
  const check = layer.forRoute(route, policy);
  assert.ok(check);
  const context = newContext(policy, route, 'call', request, 0);
  context.subject = subject;
  const verdict = await check(request, context);
  return verdict.kind === 'pass' ? '' : verdict.code;
}

test('only who created an object may delete it', async () => {
  const known = { 'POST /api/posts 7': 'accounts:anna' };
  assert.equal(await deletes(person('anna'), '/api/posts/7', known), '');
  assert.equal(await deletes(person('ben'), '/api/posts/7', known), 'forbidden');
  assert.equal(await deletes(person('anna', 'google'), '/api/posts/7', known), 'forbidden', 'another source’s anna');
  assert.equal(await deletes(person('anna'), '/api/posts/8', known), 'forbidden', 'nobody saw it come');
  assert.equal(await deletes(null, '/api/posts/7', known), 'login-required');
  assert.equal(await deletes(person('anna'), '/api/posts/%37', known), '', 'the same object, percent-encoded');
  assert.equal(await deletes(person('anna'), `/api/posts/${'7'.repeat(300)}`, known), 'forbidden');
});

const NOBODY: Creations = { creatorOf: () => null, record() {}, forget() {} };

/** What a watch reads of a decision. */
const decided = (route: RouteRule, changes: Partial<Decision> = {}): Decision =>
  ({
    route,
    id: 'd1',
    subject: person('anna'),
    trail: [],
    secure: true,
    authority: 'app.example',
    ...changes,
  }) as unknown as Decision;

function recorded(answer: string, status = 201, decision: Partial<Decision> = {}, location = ''): Promise<Creation[]> {
  const made: Creation[] = [];
  const watch = createCreationWatch(() => policy, { ...NOBODY, record: (creation) => void made.push(creation) });
  const route = policy.match('POST', '/api/posts', '/api/posts');
  const admitted = decided(route, decision);
  if (!watch.takes(admitted)) return Promise.resolve([]);
  return watch.record(admitted, { status, location, body: Buffer.from(answer) }).then(() => made);
}

test('an answer says what came of a call', async () => {
  const [creation] = await recorded('{"id":7,"title":"a"}');
  assert.deepEqual(creation, { of: 'POST /api/posts', id: '7', subject: person('anna'), keepsFirst: false });
  assert.equal((await recorded('{"id":"x"}', 200))[0]?.keepsFirst, true, 'only 201 says that it is new');
});

test('what names no object is nobody’s', async () => {
  const answers = ['', '{', 'null', '[]', '{"id":null}', '{"id":{"a":1}}', '{"id":""}', `{"id":"${'7'.repeat(256)}"}`];
  for (const answer of answers) assert.deepEqual(await recorded(answer), [], answer);
  assert.deepEqual(await recorded('{"id":7}', 400), []);
  assert.deepEqual(await recorded('{"id":7}', 201, { subject: null }), []);
  assert.deepEqual(await recorded('{"__proto__":{"id":7}}'), []);
});

test('R64 an answer without an id names the new object by its address: this origin’s own, and of the pattern', async () => {
  const named = async (location: string, status = 201, answer = ''): Promise<string | undefined> =>
    (await recorded(answer, status, {}, location))[0]?.id;
  for (const good of ['/api/posts/7', 'https://app.example/api/posts/7', '/api/posts/7/', '/api/posts/%37'])
    assert.equal(await named(good), '7', good);
  assert.equal(await named('/api/posts/a%20b'), 'a b');
  assert.equal(await named('/api/posts/8', 201, '{"id":7}'), '7', 'an id in the answer counts');
  assert.equal(await named('/api/posts/8', 201, '{"title":"x"}'), '8');
  const others = [
    '7',
    'posts/7',
    './7',
    '//app.example/api/posts/7',
    'http://app.example/api/posts/7',
    'https://app.example.evil/api/posts/7',
    'https://app.example:444/api/posts/7',
    'https://x@app.example/api/posts/7',
    'HTTPS://APP.EXAMPLE/api/posts/7',
    'https://evil.example/api/posts/7',
    '/api/notes/7',
    '/api/posts',
    '/api/posts/',
    '/api/posts/7/8',
    '/api/posts/7?x',
    '/api/posts/7#x',
    '/api/posts/7;x',
    '/api//posts/7',
    '/api/posts/../posts/7',
    '/api/posts/..',
    '/api/posts/%2e%2e',
    '/api/posts/7%2f8',
    '/api/posts/7%00',
    '/api/posts/%zz',
    '/api\\posts\\7',
    ' /api/posts/7',
    '/api/posts/ключ',
    `/api/posts/${'7'.repeat(256)}`,
    '',
  ];
  for (const bad of others) assert.equal(await named(bad), undefined, bad);
  for (const status of [200, 202, 204, 303, 400]) assert.equal(await named('/api/posts/7', status), undefined);
});

test('R64 a deletion ends it where it came about, or where its creator hears that the object is gone', async () => {
  const route = policy.match('DELETE', '/api/posts/7', '/api/posts/7');
  const forgotten = async (status: number, changes: Partial<Decision> = {}, method = 'DELETE'): Promise<string[]> => {
    const gone: string[] = [];
    const watch = createCreationWatch(() => policy, { ...NOBODY, forget: (of, id) => void gone.push(`${of} ${id}`) });
    await watch.forget(viewOf({ method, target: '/api/posts/7' }), decided(route, changes), status);
    return gone;
  };
  const key = { subject: null };
  const refused = { trail: [{ layer: 'creator', code: 'forbidden', enforced: false, evidence: '', wouldPass: '' }] };
  for (const status of [200, 202, 204, 404, 410])
    assert.deepEqual(await forgotten(status), ['POST /api/posts 7'], `${status}`);
  for (const status of [302, 400, 401, 403, 409, 500, 502]) assert.deepEqual(await forgotten(status), [], `${status}`);
  assert.deepEqual(await forgotten(204, key), ['POST /api/posts 7'], 'a server deleted it');
  for (const status of [404, 410]) {
    assert.deepEqual(await forgotten(status, key), [], 'a backend may deny to servers what is there');
    assert.deepEqual(await forgotten(status, refused as Partial<Decision>), [], 'and to strangers in report mode');
  }
  assert.deepEqual(await forgotten(204, {}, 'GET'), []);
});

test('R64 records that fail are told of, and fail no answer', async () => {
  const failing = (): never => {
    throw new Error('database is locked');
  };
  const watch = createCreationWatch(() => policy, { ...NOBODY, record: failing, forget: failing });
  const faults: string[] = [];
  watch.onFault(({ act, route, id, error }) => faults.push(`${act} ${route} ${id} ${String(error)}`));
  const post = decided(policy.match('POST', '/api/posts', '/api/posts'));
  await watch.record(post, { status: 201, location: '', body: Buffer.from('{"id":7}') });
  const removal = decided(policy.match('DELETE', '/api/posts/7', '/api/posts/7'));
  await watch.forget(viewOf({ method: 'DELETE', target: '/api/posts/7' }), removal, 204);
  assert.deepEqual(faults, [
    'record POST /api/posts d1 Error: database is locked',
    'forget DELETE /api/posts/:id d1 Error: database is locked',
  ]);
});

test('a rule whose object cannot be told is a mistake of the configuration, and says which', () => {
  const wrong = (creator: object, match = 'DELETE /api/posts/:id'): void => {
    parseConfig(
      {
        to: 'http://localhost:3000',
        login: { accounts: true },
        routes: [
          { match: 'POST /api/posts' },
          { match, creator },
          { match: 'GET /api/posts/:id' },
          { match: '/api/tags' },
        ],
      },
      'test',
    );
  };
  assert.throws(() => wrong({ of: 'POST /api/post' }), /routes\[1\]\.creator\.of .*list the route that creates/s);
  for (const route of ['GET /api/posts/:id', '/api/tags']) {
    assert.throws(
      () => wrong({ of: route }),
      /routes\[1\]\.creator\.of .*name the method that creates/s,
      'reading is not creating',
    );
  }
  assert.throws(() => wrong({ of: 'POST /api/posts', param: 'post' }), /routes\[1\]\.creator\.param .*has no :post/s);
  assert.throws(() => wrong({ of: 'POST /api/posts' }, 'DELETE /api/posts'), /names no object/);
  assert.throws(() => wrong({ of: 'POST /api/posts' }, 'DELETE /api/:a/:b'), /say which of a, b/);
  assert.throws(() => wrong({ of: 'POST /api/posts', at: 'id' }), /path into the JSON/);
});
