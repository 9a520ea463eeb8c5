import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createConduit } from '../learning/conduit/app.ts';
import { conduitPeople } from '../learning/conduit/people.ts';
import { toLogLine } from '../learning/traffic.ts';
import { desk } from './support.ts';

const log = (sessions: number, seed: number): string =>
  conduitPeople({ sessions, seed }, createConduit())
    .toSorted((a, b) => a.time - b.time)
    .map((made) => `${toLogLine(made)}\n`)
    .join('');

test('learn prints a diff and what each line rests on; --write writes what then loads', async (t) => {
  const { run, write, folder } = desk(t);
  write('access.log', `${log(120, 1)}not a line\n`);
  const shown = await run('learn', 'access.log');
  assert.equal(shown.code, 0, shown.err);
  assert.match(shown.out, /^\+ {4}\/\/ [\d,]+ calls; in [\d,]+ of [\d,]+ sessions from [\d,]+ networks\.$/m);
  assert.match(shown.out, /^\+ {6}match: 'GET \/api\/articles\/:name',$/m);
  assert.match(shown.out, /would have refused 0 of [\d,]+/);
  assert.match(shown.out, /no request line that could be read, first at \d+/);
  assert.equal(existsSync(join(folder, 'sallyport.config.ts')), false, 'nothing is written unasked');

  const written = await run('learn', 'access.log', '--write');
  assert.equal(written.code, 0, written.err);
  const checked = await run('check');
  assert.equal(checked.code, 0, checked.err);
  assert.match(checked.out, /GET \/api\/articles\/:name/);

  const again = await run('learn', 'access.log');
  assert.equal(again.code, 1, 'there is nothing left to propose');
  assert.match(again.out, /nothing is proposed/);
});

test('what is there already stays, and what is added to a list that refuses the rest is marked', async (t) => {
  const { run, write, folder } = desk(t);
  write('access.log', log(120, 2));
  const before = `export default {\n  to: 'http://localhost:3000',\n  routes: [\n    { match: 'GET /api/tags', limit: '5/hour' }, // ours\n  ],\n};\n`;
  write('sallyport.config.ts', before);
  const { code, err } = await run('learn', 'access.log', '--write');
  assert.equal(code, 0, err);
  const text = readFileSync(join(folder, 'sallyport.config.ts'), 'utf8');
  assert.ok(text.startsWith(before.slice(0, before.indexOf('\n  ],'))), 'the lines before are as they were');
  const routes = text.match(/^ {4}(?:\{ match|\{$)/gm)?.length ?? 0;
  assert.equal(text.match(/loosens: it was refused as a route that nobody had listed/g)?.length, routes - 1);
});

test('learn takes an OpenAPI document for the calls that no traffic showed', async (t) => {
  const { run, write } = desk(t);
  write('access.log', log(40, 3));
  write(
    'api.yaml',
    'openapi: 3.1.0\ninfo: { title: x, version: "1" }\npaths:\n  /api/articles/{slug}:\n    get: {}\n  /api/rare:\n    post: { requestBody: { content: { application/json: { schema: { type: object } } } } }\n',
  );
  const { code, out, err } = await run('learn', 'access.log', 'api.yaml');
  assert.equal(code, 0, err);
  assert.match(out, /^\+ {2}openapi: 'api\.yaml',$/m);
  assert.match(out, /match: 'GET \/api\/articles\/:slug'/);
  assert.match(out, /^\+ {4}\{ match: 'POST \/api\/rare' \},$/m);
});

test('learn says which file it cannot use, and why', async (t) => {
  const { run, write } = desk(t);
  write('x.txt', 'nothing');
  for (const [args, said] of [
    [['learn', 'x.txt'], /x\.txt is nothing that can be read; give an access log/],
    [['learn', 'missing.log'], /missing\.log cannot be read \(ENOENT\)/],
    [['replay', 'x.txt'], /x\.txt is nothing that can be read/],
  ] as const) {
    const { code, err } = await run(...args);
    assert.equal(code, 2);
    assert.match(err, said);
    assert.equal(err.trim().split('\n').length, 1, err);
  }
});

test('P3.7 replay says by share of sessions what a policy would have refused, before anything is deployed', async (t) => {
  const { run, json, write } = desk(t);
  write('access.log', log(120, 4));
  const open = await run('replay', 'access.log');
  assert.equal(open.code, 0, open.err);
  assert.match(open.out, /Nothing would have been refused of [\d,]+ calls in [\d,]+ sessions\./);

  const routes = `[{ match: 'GET /api/articles/**', limit: '2/hour' }, { match: 'GET /api/**', after: 'POST /api/never' }, { match: 'POST /api/never' }]`;
  write('sallyport.config.ts', `export default { to: 'http://localhost:3000', routes: ${routes} };\n`);
  const { code, value } = await json('replay', 'access.log');
  assert.equal(code, 1);
  assert.partialDeepStrictEqual(value, {
    config: 'sallyport.config.ts',
    files: [{ name: 'access.log', format: 'access log' }],
  });
  const { byRule = [], byFamily = [], sessions = 0, refusedSessions = 0 } = Object(value);
  const names = byRule.map(({ name }: { name: string }) => name);
  assert.ok(names.includes('limit of GET /api/articles/**'), String(names));
  assert.ok(names.includes('order of GET /api/**'), String(names));
  assert.ok(refusedSessions > 0 && refusedSessions <= sessions);
  assert.ok(byFamily.some(({ name }: { name: string }) => name === 'Firefox'));

  const said = await run('replay', 'access.log');
  assert.match(said.out, /[\d.]+ % of the sessions would have been hit: [\d,]+ of [\d,]+, by [\d,]+ of [\d,]+ calls\./);
});

test('P3.7 replay names what such a file cannot show', async (t) => {
  const { json, write } = desk(t);
  write('access.log', log(10, 5));
  const routes = `[{ match: '/api/**', user: true, schema: { body: {} } }]`;
  write(
    'sallyport.config.ts',
    `export default { to: 'http://localhost:3000', login: { accounts: true }, routes: ${routes} };\n`,
  );
  const { value } = await json('replay', 'access.log');
  assert.deepEqual(Object(value)['unjudged'], [
    'who may (login, roles, ownership): 1 route',
    'content (schemas): 1 route',
    'carriers and sites: no header fields are shown',
  ]);
});
