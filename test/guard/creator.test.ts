import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { createCreationWatch } from '../../src/guard/creation-watch.ts';
import type { Creation } from '../../src/guard/creator.ts';
import type { Decision } from '../../src/guard/decision.ts';
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

function recorded(answer: string, status = 201, decision: Partial<Decision> = {}): Promise<Creation[]> {
  const made: Creation[] = [];
  const watch = createCreationWatch(() => policy, {
    creatorOf: () => null,
    record: (creation) => void made.push(creation),
    forget() {},
  });
  const route = policy.match('POST', '/api/posts', '/api/posts');
  // The three fields that a watch reads.
  const admitted = { route, subject: person('anna'), trail: [], ...decision } as unknown as Decision;
  if (!watch.takes(admitted)) return Promise.resolve([]);
  return watch.record(admitted, status, Buffer.from(answer)).then(() => made);
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
