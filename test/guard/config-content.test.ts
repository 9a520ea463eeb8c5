import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { RouteConfig } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-schemas-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const problemsOf = (route: Partial<RouteConfig>, more = {}): string[] => {
  try {
    compilePolicy(parseConfig({ routes: [{ match: 'POST /api/x', ...route }], ...more }, 'config'));
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ field, rule }) => `${field}: ${rule}`);
  }
  return [];
};
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('schemas that could not be kept are refused with field, value and rule', () => {
  const body = { properties: { a: { type: 'string' } } };
  // Some are what a type would not let anybody write.
  for (const [route, told] of [
    [{ schema: {} }, /^routes\[0\]\.schema: write body, query or both/],
    [{ schema: { boddy: body } }, /boddy.*body/],
    [{ schema: true }, /^routes\[0\]\.schema: /],
    [{ schema: { body: 'post.txt' } }, /^routes\[0\]\.schema\.body: write a/],
    [{ schema: { body: 'https://app.example/post.json' } }, /^routes\[0\]\.schema\.body: write a/],
    [{ match: 'GET /api/x', schema: { body } }, /GET has no body/],
    [{ schema: { body }, maxBody: 0 }, /at most 65536 bytes/],
    [{ schema: { body }, maxBody: 70_000 }, /at most 65536 bytes/],
    [{ schema: { body }, contentTypes: ['multipart/form-data'] }, /multipart\/form-data, which no schema can check/],
    [
      { schema: { body: join(folder, 'none.json') } },
      /^routes\[0\]\.schema\.body: this file cannot be read \(ENOENT\)/,
    ],
    [
      { schema: { body: file('broken.json', '{\n"type": "object"\n"x": 1}') } },
      /schema\.body: line 3: this is not JSON/,
    ],
    [{ schema: { body: file('list.json', '[]') } }, /holds no schema/],
    [{ schema: { body: file('typo.yaml', 'type: object\npropertys: {}\n') } }, /propertys/],
    [{ schema: { query: { properties: { a: { type: 'object' } } } } }, /schema\.query.*a: text can be no object/],
    [{ schema: { query: { type: 'string' } } }, /schema of objects/],
    [{ schema: { query: { properties: { a: { anyOf: [{ type: 'string' }] } } } } }, /a: say its type/],
  ] as const)
    assert.match(problemsOf(route as Partial<RouteConfig>)[0] ?? 'nothing', told, JSON.stringify(route));
});

test('a schema in a file is the schema', () => {
  const yaml = file('post.yaml', 'properties:\n  a: { type: string }\n');
  assert.deepEqual(problemsOf({ schema: { body: yaml, query: file('query.json', '{"properties":{}}') } }), []);
});

test('a document is a file of this machine: none is fetched', () => {
  for (const openapi of ['https://app.example/openapi.json', 'openapi', 'file:///openapi.json'])
    assert.match(problemsOf({}, { openapi })[0] ?? '', /^openapi: write a file/);
});
