import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { RouteConfig } from '../../src/guard/config.ts';
import { type Decision, PASS, refusal } from '../../src/guard/decision.ts';
import type { Layer } from '../../src/guard/layer.ts';
import { bothOf } from '../../src/guard/methods.ts';
import type { RouteRule } from '../../src/guard/policy.ts';
import { createRunner } from '../../src/guard/runner.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';
import { authorization } from '../../src/layers/authorization.ts';
import { personOf } from '../support/person.ts';
import { viewOf } from '../support/view.ts';

function rulesOf(...routes: RouteConfig[]): RouteRule[] {
  const { match } = compilePolicy({ mode: 'enforce', routes });
  return routes.map((route) => {
    const [method = '', path = ''] = route.match.split(' ');
    return match(method, path, path);
  });
}

const EDITORS: RouteConfig = { match: 'PUT /api/x', roles: ['editor'] };
const ADMINS: RouteConfig = { match: 'DELETE /api/x', roles: ['admin'] };

suite('a request that falls under two rules', () => {
  test('what both ask of the person is asked, whichever rule is stricter otherwise', () => {
    const [put, remove] = rulesOf(EDITORS, { ...ADMINS, level: 'session' }) as [RouteRule, RouteRule];
    for (const rule of [bothOf(put, remove), bothOf(remove, put)]) {
      assert.equal(rule.level, 'proof');
      assert.deepEqual([rule.user?.roles, rule.also.map(({ user }) => user?.roles)], [['editor'], [['admin']]]);
    }
  });

  test('where both ask the same, or one asks nothing, nothing is asked twice', () => {
    const [put, same, open] = rulesOf(
      EDITORS,
      { match: 'DELETE /api/x', roles: ['editor'] },
      { match: 'POST /api/x' },
    ) as [RouteRule, RouteRule, RouteRule];
    assert.equal(bothOf(put, same).also.length, 0);
    for (const rule of [bothOf(open, put), bothOf(put, open)]) {
      const asked = [rule, ...rule.also].flatMap(({ user }) => user?.roles ?? []);
      assert.deepEqual(asked, ['editor']);
    }
  });

  test('a token against forgery is asked for where either rule asks for one', () => {
    const [asking, silent] = rulesOf({ match: 'POST /api/x', antiForgery: 'require' }, { match: 'PUT /api/x' }) as [
      RouteRule,
      RouteRule,
    ];
    assert.ok(bothOf(silent, asking).antiForgery || bothOf(silent, asking).also.some((rule) => rule.antiForgery));
  });

  test('only a key that may make either call opens both', () => {
    const [put, remove, none] = rulesOf(
      { match: 'PUT /api/x', keys: ['write'] },
      { match: 'DELETE /api/x', keys: ['delete'] },
      { match: 'POST /api/x' },
    ) as [RouteRule, RouteRule, RouteRule];
    assert.deepEqual(bothOf(put, remove).keys?.toSorted(), ['delete', 'write']);
    assert.equal(bothOf(put, none).keys, null);
    assert.equal(bothOf(none, put).keys, null);
  });
});

suite('_method, judged', () => {
  const policy = compilePolicy({ mode: 'enforce', routes: [EDITORS, ADMINS, { match: 'POST /api/x' }] });
  const person = (roles: string[]): Layer => ({
    name: 'subject',
    forRoute: () => (_request, context) => {
      context.subject = personOf({ roles });
      return PASS;
    },
  });

  function decide(method: string, target: string, roles: string[]): Decision {
    let ids = 0;
    const parts = {
      layers: [person(roles), authorization],
      state: createMemoryState(),
      wall: () => 1,
      nextId: () => `${++ids}`,
    };
    const decision = createRunner(policy, parts).decide(viewOf({ method, target }));
    assert.ok(!(decision instanceof Promise));
    return decision;
  }

  test('R64 an editor deletes nothing by naming it in the query, nor does an admin edit', () => {
    assert.equal(decide('PUT', '/api/x', ['editor']).outcome, 'admit');
    assert.equal(decide('PUT', '/api/x?_method=DELETE', ['editor']).code, 'forbidden');
    assert.equal(decide('DELETE', '/api/x?_method=PUT', ['admin']).code, 'forbidden');
    assert.equal(decide('POST', '/api/x?_method=DELETE', ['editor']).code, 'forbidden');
    assert.equal(decide('POST', '/api/x?_method=DELETE&_method=PUT', ['admin']).code, 'forbidden');
  });

  test('who may do both may name either', () => {
    assert.equal(decide('PUT', '/api/x?_method=DELETE', ['editor', 'admin']).outcome, 'admit');
    assert.equal(decide('POST', '/api/x?_method=DELETE&_method=PUT', ['editor', 'admin']).outcome, 'admit');
  });
});

test('a layer that is asked for every rule is asked once for each', () => {
  const asked: string[] = [];
  const layer: Layer = {
    name: 'x',
    everyRule: true,
    forRoute: (route) => () => {
      asked.push(route.method);
      return refusal('forbidden', 'nothing');
    },
  };
  const policy = compilePolicy({ mode: 'report', routes: [EDITORS, ADMINS] });
  const parts = { layers: [layer], state: createMemoryState(), wall: () => 1, nextId: () => '' };
  const runner = createRunner(policy, parts);
  for (let round = 0; round < 2; round++) runner.decide(viewOf({ method: 'PUT', target: '/api/x?_method=DELETE' }));
  assert.deepEqual(asked.toSorted(), ['DELETE', 'DELETE', 'PUT', 'PUT']);
});
