import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { compilePolicy } from '../../../src/guard/compile.ts';
import type { Config, RouteConfig } from '../../../src/guard/config.ts';
import { createSiblings, formQuestion } from '../../../src/guard/form/question.ts';
import { bothOf } from '../../../src/guard/methods.ts';
import { foldPath } from '../../../src/wire/fold.ts';
import { viewOf } from '../../support/view.ts';

/** Which bodies are looked through at all: only those that could name what some route asks more for. */

const POST: RouteConfig = { match: 'POST /api/:id' };
const DELETE: RouteConfig = { match: 'DELETE /api/:id', roles: ['admin'] };
const FORM = 'application/x-www-form-urlencoded';

function asked(config: Config, { method = 'POST', target = '/api/1', type = FORM, body = 'a=1' } = {}) {
  const policy = compilePolicy({ mode: 'enforce', ...config });
  const bytes = Buffer.from(body);
  const source = { length: bytes.length, collect: async () => bytes };
  const view = { ...viewOf({ method, target, headers: type === '' ? {} : { 'content-type': type } }), body: source };
  const methods = [...new Set(policy.routes.map((rule) => rule.method))].filter((each) => !['', 'POST'].includes(each));
  const rule = policy.match(method, view.path, foldPath(view.path));
  const rules = { policy, methods, both: bothOf };
  const siblingsOf = createSiblings(rules);
  const first = formQuestion({ ...rules, siblingsOf }, view, rule);
  const again = formQuestion({ ...rules, siblingsOf }, view, rule);
  assert.equal(first === null, again === null);
  return again;
}

suite('which bodies are looked through', () => {
  test('P8.1 forms and JSON of a POST where another method of the address asks for something else', () => {
    for (const type of [FORM, 'multipart/form-data; boundary=b', 'application/json', 'application/hal+json', ''])
      assert.ok(asked({ routes: [POST, DELETE] }, { type }), type);
    assert.ok(asked({ routes: [{ match: '/api/**' }, DELETE].toReversed() }));
    assert.ok(asked({ open: ['POST /hook'], routes: [{ match: 'DELETE /hook' }] }, { target: '/hook' }));
  });

  test('P8.1 in every spelling of the address', () => {
    const routes: RouteConfig[] = [POST, DELETE].map((route) => ({ ...route, level: 'session' }));
    assert.ok(asked({ protect: [], routes }, { target: '/API/1' }));
    assert.ok(asked({ protect: [], routes }, { target: '/%61pi/1' }));
  });

  test('honest: no others, so that they cost nothing and lose nothing', () => {
    const both = { routes: [POST, DELETE] };
    for (const not of [
      { method: 'PUT' },
      { method: 'GET' },
      { body: '' },
      { type: 'text/plain' },
      { type: 'application/octet-stream' },
      { type: 'image/png' },
      { target: '/api/1/comments' },
      { target: '/other' },
    ])
      assert.equal(asked(both, not), null, JSON.stringify(not));
    assert.equal(asked({}), null, 'no routes');
    assert.equal(asked({ routes: [POST] }), null, 'no other route');
    assert.equal(asked({ routes: [POST, { match: 'DELETE /api/:id/x', user: true }] }), null, 'another address');
    assert.equal(asked({ routes: [{ ...POST, roles: ['admin'] }, DELETE] }), null, 'the same is asked');
    assert.equal(asked({ routes: [{ match: '/api/**', user: true }] }), null, 'one rule for all methods');
    assert.equal(asked({ routes: [DELETE] }), null, 'the POST itself is refused');
  });
});
