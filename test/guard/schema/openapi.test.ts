import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Config } from '../../../src/guard/config.ts';
import { compilePolicy } from '../../../src/guard/compile.ts';
import { ConfigError } from '../../../src/guard/errors.ts';
import { createTestDoors } from '../../support/doors.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-openapi-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const written = (text: string, ending = 'yaml'): string => {
  const file = join(folder, `${++files}.${ending}`);
  writeFileSync(file, text);
  return file;
};

const DOCUMENT = `
openapi: 3.1.0
info: { title: Posts, version: '1' }
servers: [{ url: 'https://app.example/api' }]
paths:
  /posts:
    get:
      parameters:
        - { name: page, in: query, schema: { type: integer } }
        - { name: ids, in: query, explode: false, schema: { type: array, items: { type: integer } } }
        - $ref: '#/components/parameters/tag'
      responses: {}
    post:
      requestBody:
        required: true
        content:
          application/json: { schema: { $ref: '#/components/schemas/Post' } }
      responses: {}
  /posts/mine:
    get: { responses: {} }
  /posts/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get: { responses: {} }
    delete: { responses: {} }
  /health:
    get: { responses: {} }
components:
  parameters:
    tag: { name: tag, in: query, required: true, schema: { $ref: '#/components/schemas/Tag' } }
  securitySchemes:
    old: { type: apiKey, in: query, name: api_key }
  schemas:
    Tag: { enum: [new, old] }
    Base: { type: object, properties: { title: { type: string } }, required: [title], x-order: 1, example: { title: a } }
    Post:
      allOf: [{ $ref: '#/components/schemas/Base' }, { properties: { by: { $ref: '#/components/schemas/Person' } } }]
    Person: { type: object, properties: { name: { type: string } } }
`;

const ROUTES: NonNullable<Config['routes']> = [
  { match: 'GET /api/posts', level: 'open' },
  { match: 'POST /api/posts', level: 'open' },
  { match: 'GET /api/posts/mine', level: 'open', schema: false },
  { match: 'GET /api/posts/:post', level: 'open' },
  { match: 'GET /api/own', level: 'open' },
];
const problemsOf = (config: Config): string[] => {
  try {
    compilePolicy(config);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ field, value, rule }) => `${field} ${value}: ${rule}`);
  }
  return [];
};

test('a document’s operations hold in the routes that are written for the same calls', async () => {
  const doors = createTestDoors({ openapi: written(DOCUMENT), routes: ROUTES });
  const get = async (target: string) => {
    const { code, field = '' } = await doors.decide({ target });
    return `${code} ${field}`.trim();
  };
  assert.equal(await get('/api/posts?tag=new&page=2&ids=1,2,3&api_key=x'), '');
  assert.equal(await get('/api/posts?page=2'), 'schema ?tag');
  assert.equal(await get('/api/posts?tag=other'), 'schema ?tag');
  assert.equal(await get('/api/posts?tag=new&ids=1,x'), 'schema ?ids/1');
  assert.equal(await get('/api/posts?tag=new&x=1'), 'schema ?x');
  assert.equal(await get('/api/posts/7'), '');
  assert.equal(await get('/api/posts/7?x=1'), 'schema ?x');
  assert.equal(await get('/api/posts/mine?x=1'), '', 'left unchecked by its own word');
  assert.equal(await get('/api/own?x=1'), '', 'not in the document');
  const post = async (body: string) => {
    const headers = { 'content-type': 'application/json' };
    const { code, field = '' } = await doors.decide({ method: 'POST', headers, body });
    return `${code} ${field}`.trim();
  };
  assert.equal(await post('{"title":"a","by":{"name":"Ada"}}'), '');
  assert.equal(await post('{"title":"a","by":{"name":"Ada","admin":true}}'), 'schema /by/admin');
  assert.equal(await post('{"title":"a","admin":true}'), 'schema /admin');
  assert.equal(await post(''), 'schema');
});

test('what the document lists falls under rules, and the policy says which', () => {
  const { documented } = compilePolicy({ openapi: written(DOCUMENT), routes: ROUTES });
  assert.deepEqual(Object.fromEntries(documented.map(({ match, how }) => [match, how])), {
    'GET /api/health': 'refused',
    'GET /api/posts': 'checked',
    'GET /api/posts/:id': 'checked',
    'GET /api/posts/mine': 'unchecked',
    'DELETE /api/posts/:id': 'refused',
    'POST /api/posts': 'checked',
  });
});

test('a call of the document that would be taken unchecked is refused at the start, by its name', () => {
  const openapi = written(DOCUMENT);
  const [wide = ''] = problemsOf({ openapi, routes: [{ match: '/api/**' }] });
  assert.match(
    wide,
    /^openapi "[A-Z]+ \/api\/\S+": the route "\/api\/\*\*" would take it unchecked; list this call before it/,
  );
  assert.match(
    problemsOf({ openapi })[0] ?? '',
    /"protect \/api\/\*\*" would take it unchecked; list this call in routes/,
  );
  assert.deepEqual(problemsOf({ openapi, routes: [{ match: '/api/**', schema: false }] }), []);
});

test('a broken document names its line, or the place in it', () => {
  const broken = (text: string, ending?: string): string =>
    problemsOf({ openapi: written(text, ending), routes: ROUTES })[0] ?? '';
  const edited = (from: string, to: string): string => broken(DOCUMENT.replace(from, to));
  assert.match(problemsOf({ openapi: join(folder, 'none.yaml') })[0] ?? '', /cannot be read \(ENOENT\)/);
  assert.match(broken('openapi: 3.1.0\npaths: {\n'), /line \d/);
  assert.match(broken('a: 1\na: 2\n'), /line 2: Map keys must be unique/);
  assert.match(broken('{\n"openapi": "3.1.0",\n}', 'json'), /line 3: this is not JSON/);
  assert.match(broken('[]'), /# has to be an object/);
  assert.match(edited('3.1.0', '3.0.3'), /#\/openapi has to be "3.1.0"/);
  assert.match(
    edited('#/components/parameters/tag', '#/components/parameters/tga'),
    /there is no #\/components\/parameters\/tga/,
  );
  assert.match(edited('#/components/parameters/tag', 'https://elsewhere.example/x.yaml#/tag'), /there is no https:/);
  assert.match(
    edited('#/components/schemas/Person', '#/components/schemas/Persno'),
    /#\/paths\/~1posts\/post.*resolve/,
  );
  assert.match(edited('{ type: integer }', '{ typ: integer }'), /#\/paths\/~1posts\/get\/parameters.*"typ"/);
  assert.match(edited('{ type: integer }', '{ type: object }'), /page: text can be no object/);
  assert.match(
    edited('application/json:', 'multipart/form-data:'),
    /requestBody\/content\/multipart~1form-data cannot be checked/,
  );
  assert.match(
    edited('{ name: page, in: query,', '{ name: page, in: query, style: deepObject,'),
    /page is written in a way/,
  );
  assert.match(edited("url: 'https://app.example/api' }", "url: '/a' }, { url: '/b' }"), /servers: their paths differ/);
});

test('a body that is checked is held, so its bound cannot be larger', () => {
  const routes = ROUTES.map((route) => (route.match.startsWith('POST') ? { ...route, maxBody: 1_000_000 } : route));
  assert.match(problemsOf({ openapi: written(DOCUMENT), routes })[0] ?? '', /^routes\[1\]\.maxBody 1000000/);
});
