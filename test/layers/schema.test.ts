import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { createTestDoors } from '../support/doors.ts';

const POST = {
  type: 'object',
  required: ['title'],
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 80 },
    tags: { type: 'array', items: { type: 'string', pattern: '^(a+)+$' }, maxItems: 5 },
    count: { type: 'integer', minimum: 0 },
    author: { type: 'object', properties: { name: { type: 'string' } } },
  },
};
const { author: _, ...FIELDS } = POST.properties;
const PAGE = {
  properties: {
    page: { type: 'integer', minimum: 1 },
    tag: { type: 'array', items: { type: 'string' } },
    all: { type: 'boolean' },
    sort: { enum: ['new', 'old'] },
  },
};

const CONFIG: Config = {
  routes: [
    { match: 'GET /api/posts', schema: { query: PAGE }, level: 'open' },
    { match: 'POST /api/posts', schema: { body: POST }, level: 'open' },
    {
      match: 'DELETE /api/posts',
      schema: { query: {}, body: { properties: { reason: { type: 'string' } } } },
      level: 'open',
    },
    {
      match: 'POST /api/form',
      schema: { body: { ...POST, properties: FIELDS } },
      level: 'open',
      contentTypes: ['application/x-www-form-urlencoded'],
    },
    { match: 'POST /api/signed', schema: { body: POST } },
  ],
};

const doors = createTestDoors(CONFIG);
const send = async (
  body: string,
  type = 'application/json',
  target = '/api/posts',
  more: Record<string, string> = {},
) => {
  const headers = { ...(type === '' ? {} : { 'content-type': type }), ...more };
  const decision = await doors.decide({ method: 'POST', target, headers, body });
  return { code: decision.code, field: decision.field ?? '', evidence: decision.trail[0]?.evidence ?? '' };
};
const get = async (query: string, method = 'GET') => {
  const { code, field = '' } = await doors.decide({ method, target: `/api/posts${query}` });
  return `${code} ${field}`.trim();
};

test('a body that fits is taken; the refusal of another names the field, never its value', async () => {
  assert.equal((await send('{"title":"Hello","tags":["a","aa"],"count":2,"author":{"name":"Ada"}}')).code, '');
  for (const [body, field] of [
    ['{"title":"secret-value","admin":true}', '/admin'],
    ['{"title":"secret-value","author":{"name":"A","admin":true}}', '/author/admin'],
    ['{"count":1}', '/title'],
    ['{"title":42424242}', '/title'],
    ['{"title":"a","count":"2"}', '/count'],
    ['{"title":"a","count":2.5}', '/count'],
    ['{"title":"a","tags":["a","secret-value"]}', '/tags/1'],
    ['{"title":"a","title":"secret-value"}', '/title'],
    ['{"title":"a","Title":"secret-value"}', '/Title'],
    ['{"title":"a","a/b~c":1}', '/a~1b~0c'],
    ['[]', ''],
    ['"secret-value"', ''],
    ['', ''],
  ] as const) {
    const refused = await send(body);
    assert.deepEqual([refused.code, refused.field], ['schema', field], body);
    assert.doesNotMatch(refused.evidence, /secret-value|42424242/);
  }
});

test('the record has the first few of several errors', async () => {
  const { evidence } = await send('{"title":1,"count":-1,"tags":2,"author":3,"x":4}');
  assert.equal(evidence.split('; ').length, 3, evidence);
});

test('a body is JSON in UTF-8 by its type, or nobody can say what its reader takes it for', async () => {
  const body = '{"title":"a"}';
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'application/JSON;charset="UTF-8"',
    'application/merge-patch+json',
  ])
    assert.equal((await send(body, type)).code, '', type);
  for (const type of [
    '',
    'text/plain',
    'text/json',
    'application/json;charset=utf-16',
    'application/json;charset=utf-8;charset=utf-16',
    'application/json, text/plain',
    'application/jsonp',
    'application/json;boundary=x',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=application/json',
    'image/png',
  ])
    assert.equal((await send(body, type)).code, 'content-type', type);
  assert.equal(
    (await send(body, 'application/json', '/api/posts', { 'content-encoding': 'gzip' })).code,
    'content-type',
  );
  const twice = { method: 'POST', body, headers: { 'content-type': 'application/json' }, repeated: ['content-type'] };
  assert.equal((await doors.decide(twice)).code, 'content-type');
});

test('a body beyond the bound, or of no declared length, is refused before it is read', async () => {
  assert.equal((await send(JSON.stringify({ title: 'a'.repeat(70_000) }))).code, 'too-large');
});

test('an evil pattern, a long list and many alternatives cost no more than the body is long', async () => {
  const evil = JSON.stringify({ title: 'x', tags: [`${'a'.repeat(60_000)}!`] });
  assert.equal((await send(evil)).field, '/tags/0');
});

test('parameters of a query have the type of their schema, each once unless it is a list', async () => {
  for (const query of [
    '',
    '?',
    '?page=1&all=true&sort=new',
    '?tag=a&tag=b%26c&tag=',
    '?%70age=2',
    '?sallyport-proof=x&page=3',
  ])
    assert.equal(await get(query), '', query);
  assert.equal(await get('?page=2', 'HEAD'), '');
  for (const [query, refused] of [
    ['?page=0', 'schema ?page'],
    ['?page=', 'schema ?page'],
    ['?page=1e3', 'schema ?page'],
    ['?page=0x1', 'schema ?page'],
    ['?page=01', 'schema ?page'],
    ['?page=+1', 'schema ?page'],
    ['?page=1.0', 'schema ?page'],
    ['?page=9007199254740993', 'schema ?page'],
    ['?page=1&page=2', 'schema ?page'],
    ['?page=1&%70age=2', 'schema ?page'],
    ['?page[]=1', 'schema ?page[]'],
    ['?page[$gt]=1', 'schema ?page[$gt]'],
    ['?Page=1', 'schema ?Page'],
    ['?admin=true', 'schema ?admin'],
    ['?__proto__=1', 'schema ?__proto__'],
    ['?toString=1', 'schema ?toString'],
    ['?all=1', 'schema ?all'],
    ['?sort=old%00', 'schema ?sort'],
    ['?sort=%c0%80', 'schema ?sort'],
    ['?sort=%', 'schema ?sort'],
    ['?sort=new;page=2', 'schema ?sort'],
    ['?%00=1', 'schema'],
    ['?sallyport-%70roof=x', 'schema ?sallyport-proof'],
  ] as const)
    assert.equal(await get(query), refused, query);
});

test('GET and HEAD with a schema have no body', async () => {
  const headers = { 'content-type': 'application/json' };
  for (const method of ['GET', 'HEAD'])
    assert.equal((await doors.decide({ method, headers, body: '{}' })).code, 'schema');
});

test('a call that names another method has to fit the schemas of both', async () => {
  const as = (method: string, body: string) => send(body, 'application/json', `/api/posts?_method=${method}`);
  assert.equal((await as('DELETE', '{"title":"a"}')).field, '?_method', 'the query of the other has no parameters');
  const { code, field } = await send('{"title":"a","_method":"DELETE"}');
  assert.deepEqual([code, field], ['schema', '/_method']);
});

test('fields of a form are read as the schema types them', async () => {
  const form = (body: string) => send(body, 'application/x-www-form-urlencoded', '/api/form');
  assert.equal((await send('{"title":"a"}', 'application/json', '/api/form')).code, '');
  assert.equal((await form('title=Hello+there%21&count=3&tags=a&tags=aa')).code, '');
  for (const [body, field] of [
    ['title=a&count=x', '/count'],
    ['title=a&title=b', '/title'],
    ['title=a&admin=1', '/admin'],
    ['title=a;admin=1', '/title'],
    ['title=%ff', '/title'],
    ['title=ä', '/title'],
    ['count=1', '/title'],
  ] as const)
    assert.deepEqual(await form(body).then(({ code, field }) => [code, field]), ['schema', field], body);
});

test('what is refused takes nothing: the same page sends the right body with the same counter', async () => {
  const page = doors.enter();
  const call = (body: string) =>
    doors.decide(
      page.sign(
        { method: 'POST', target: '/api/signed', headers: { 'content-type': 'application/json' }, body },
        { nonce: 1 },
      ),
    );
  assert.equal((await call('{"title":1}')).code, 'schema');
  assert.equal((await call('{"title":"a"}')).code, '');
  assert.equal((await call('{"title":"a"}')).code, 'replayed');
});

test('in report mode the record says what would have been refused', async () => {
  const reporting = createTestDoors({ ...CONFIG, mode: 'report' });
  const decision = await reporting.decide({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"title":1}',
  });
  assert.equal(decision.outcome, 'admit');
  assert.deepEqual(
    decision.trail.map(({ layer, code, enforced }) => [layer, code, enforced]),
    [['schema', 'schema', false]],
  );
  assert.equal(Buffer.from(decision.body ?? []).toString(), '{"title":1}');
});
