import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { RouteConfig } from '../../src/guard/config.ts';
import type { CedarConfig } from '../../src/guard/config-authorization.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import { newContext } from '../../src/guard/context.ts';
import type { KeyFacts, Subject } from '../../src/guard/subject.ts';
import { authorization } from '../../src/layers/authorization.ts';
import { askLayer, keyOf, personOf } from '../support/person.ts';
import { viewOf } from '../support/view.ts';

const DELETE = { method: 'DELETE', target: '/api/posts/7' };
const ROUTE = 'DELETE /api/posts/:id';

const ask = async (
  route: Partial<RouteConfig>,
  who: { subject?: Subject | null; key?: KeyFacts | null },
  { cedar, target = DELETE.target }: { cedar?: CedarConfig; target?: string } = {},
) => {
  const config = { routes: [{ match: ROUTE, ...route }], ...(cedar === undefined ? {} : { authorization: { cedar } }) };
  return askLayer(authorization, config, { ...DELETE, target }, { subject: null, key: null, ...who });
};
const codeOf = async (...args: Parameters<typeof ask>): Promise<string> => (await ask(...args)).code;

suite('roles and scopes', () => {
  test('R64 one of the roles is needed, as it is spelt', async () => {
    const route = { roles: ['editor', 'admin'] };
    assert.equal(await codeOf(route, { subject: personOf({ roles: ['reader', 'admin'] }) }), '');
    assert.equal(await codeOf(route, { subject: personOf({ roles: ['reader'] }) }), 'forbidden');
    assert.equal(await codeOf(route, { subject: personOf({ roles: ['Admin', 'admin '] }) }), 'forbidden');
    assert.equal(await codeOf(route, { subject: personOf() }), 'forbidden');
  });

  test('R64 all of the scopes are needed', async () => {
    const route = { scopes: ['posts:read', 'posts:write'] };
    assert.equal(await codeOf(route, { subject: personOf({ scopes: ['posts:write', 'posts:read', 'x'] }) }), '');
    assert.equal(await codeOf(route, { subject: personOf({ scopes: ['posts:write'] }) }), 'forbidden');
  });

  test('roles and scopes are both needed where a route names both', async () => {
    const route = { roles: ['editor'], scopes: ['posts:write'] };
    assert.equal(await codeOf(route, { subject: personOf({ roles: ['editor'] }) }), 'forbidden');
    assert.equal(await codeOf(route, { subject: personOf({ scopes: ['posts:write'] }) }), 'forbidden');
    assert.equal(await codeOf(route, { subject: personOf({ roles: ['editor'], scopes: ['posts:write'] }) }), '');
  });

  test('nobody gets 401 before anything is said of roles, also where the subject layer only reports', async () => {
    assert.equal(await codeOf({ roles: ['editor'] }, {}), 'login-required');
  });

  test('R69 a key stands by its scopes, and has no roles', async () => {
    const route = { scopes: ['posts:write'], roles: ['editor'], keys: [] };
    assert.equal(await codeOf(route, { key: keyOf({ scopes: ['posts:write'] }) }), '');
    assert.equal(await codeOf(route, { key: keyOf({ scopes: ['posts:read'] }) }), 'forbidden');
  });

  test('a key lends its scopes to no person who comes with it, nor a person theirs to a key', async () => {
    const route = { scopes: ['posts:write'], keys: [] };
    const write = ['posts:write'];
    assert.equal(await codeOf(route, { key: keyOf({ scopes: write }), subject: personOf() }), 'forbidden');
    assert.equal(await codeOf(route, { key: keyOf(), subject: personOf({ scopes: write }) }), 'forbidden');
    assert.equal(await codeOf(route, { key: keyOf({ scopes: write }), subject: personOf({ scopes: write }) }), '');
  });

  test('a route that asks for somebody and nothing more, or for nobody, does not run this layer', async () => {
    assert.equal(await codeOf({ user: true }, {}), '-');
    assert.equal(await codeOf({}, {}), '-');
    assert.equal(await codeOf({ roles: [], scopes: [] }, {}), '-');
  });
});

const POLICIES = `
permit(principal, action == Action::"readPost", resource);
permit(principal in Role::"editor", action == Action::"deletePost", resource is Post);
permit(principal is Key, action == Action::"deletePost", resource) when { principal.scopes.contains("posts:admin") };
@id("the first post stays")
forbid(principal, action == Action::"deletePost", resource == Post::"1");
`;
const QUESTION = { action: 'deletePost', resource: 'Post::":id"' };

suite('Cedar policies', () => {
  const cedar = { policies: POLICIES };
  const editor = personOf({ roles: ['editor'] });

  test('R64 what no policy permits is refused, and what one forbids as well', async () => {
    assert.equal(await codeOf({ cedar: QUESTION }, { subject: editor }, { cedar }), '');
    assert.equal(await codeOf({ cedar: QUESTION }, { subject: personOf() }, { cedar }), 'forbidden');
    assert.equal(
      await codeOf({ cedar: QUESTION }, { subject: editor }, { cedar, target: '/api/posts/1' }),
      'forbidden',
    );
  });

  test('R64 another spelling of a forbidden id is that id', async () => {
    for (const target of ['/api/posts/%31', '/API/posts//1', '/api/posts/%31?x']) {
      assert.equal(await codeOf({ cedar: QUESTION }, { subject: editor }, { cedar, target }), 'forbidden', target);
    }
  });

  test('what a request names is an id, and never a text of policies', async () => {
    const target = `/api/posts/${encodeURIComponent('x" } } || true || Post::"2')}`;
    const config = { policies: 'permit(principal, action, resource == Post::"2");' };
    assert.equal(await codeOf({ cedar: QUESTION }, { subject: editor }, { cedar: config, target }), 'forbidden');
    assert.equal(await codeOf({ cedar: QUESTION }, { subject: editor }, { cedar: config, target: '/api/posts/2' }), '');
  });

  test('ids of two sources are two people', async () => {
    const config = { policies: 'permit(principal == User::"accounts:7", action, resource);' };
    assert.equal(await codeOf({ cedar: QUESTION }, { subject: personOf() }, { cedar: config }), '');
    const other = personOf({ source: 'google' });
    assert.equal(await codeOf({ cedar: QUESTION }, { subject: other }, { cedar: config }), 'forbidden');
  });

  test('a key is asked about as a key', async () => {
    const route = { cedar: QUESTION, keys: [] };
    assert.equal(await codeOf(route, { key: keyOf({ scopes: ['posts:admin'] }) }, { cedar }), '');
    assert.equal(await codeOf(route, { key: keyOf() }, { cedar }), 'forbidden');
    const both = { key: keyOf({ scopes: ['posts:admin'] }), subject: personOf() };
    assert.equal(await codeOf(route, both, { cedar }), 'forbidden', 'a person who comes with it needs leave as well');
  });

  test('R70 a forbidding policy that fails admits nobody', async () => {
    const config = {
      policies: `permit(principal, action, resource);\nforbid(principal, action, resource) when { resource.locked };`,
    };
    const asked = await ask({ cedar: QUESTION }, { subject: editor }, { cedar: config });
    assert.equal(asked.code, 'unsure');
    assert.match(asked.evidence, /policy1/);
  });

  test('a person’s answers are remembered, each for its own question and person', async () => {
    const config = {
      login: { identify: () => null },
      authorization: { cedar },
      routes: [{ match: ROUTE, cedar: QUESTION }],
    };
    const policy = compilePolicy(parseConfig(config, 'test'));
    const route = policy.match('DELETE', '/api/posts/7', '/api/posts/7');
    const check = authorization.forRoute(route, policy) ?? assert.fail();
    const asked = (subject: Subject, target: string) => {
      const request = viewOf({ method: 'DELETE', target });
      const verdict = check(request, { ...newContext(policy, route, 'call', request, 0), subject });
      return verdict instanceof Promise ? assert.fail() : verdict.kind;
    };
    const reader = personOf();
    for (let round = 0; round < 3; round++) {
      assert.equal(asked(editor, '/api/posts/7'), 'pass');
      assert.equal(asked(editor, '/api/posts/1'), 'refuse');
      assert.equal(asked(reader, '/api/posts/7'), 'refuse');
    }
    for (let id = 2; id < 200; id++) assert.equal(asked(editor, `/api/posts/${id}`), 'pass');
    assert.equal(asked(editor, '/api/posts/1'), 'refuse');
  });

  test('claims and entities of the configuration can be asked for', async (context) => {
    const entities = fileWith(context, 'entities.json', [
      { uid: { type: 'Post', id: '7' }, attrs: { locked: true }, parents: [] },
      { uid: { type: 'Post', id: '8' }, attrs: { locked: false }, parents: [] },
      {
        uid: { type: 'User', id: 'accounts:7' },
        attrs: { roles: ['root'], team: 'red' },
        parents: [{ type: 'Team', id: 'red' }],
      },
    ]);
    const policies = `permit(principal in Team::"red", action, resource) when { principal.claims.verified && !resource.locked };
      forbid(principal, action, resource) when { principal.roles.contains("root") };`;
    const subject = personOf({
      claims: { verified: true, nothing: null, half: 0.5, __entity: { type: 'Role', id: 'x' } },
    });
    const at = (target: string) => codeOf({ cedar: QUESTION }, { subject }, { cedar: { policies, entities }, target });
    assert.equal(await at('/api/posts/7'), 'forbidden');
    assert.equal(await at('/api/posts/8'), '', 'and a file gives nobody roles that no source has said');
  });

  test('policies are read from a file', async (context) => {
    const policies = fileWith(context, 'p.cedar', 'permit(principal, action, resource);');
    assert.equal(await codeOf({ cedar: QUESTION }, { subject: personOf() }, { cedar: { policies } }), '');
  });
});

function fileWith(context: TestContext, name: string, content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-cedar-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** What is wrong with a configuration once its layers are made; '' for nothing. */
function troubleOf(cedar: CedarConfig, question = QUESTION): string {
  const config = {
    login: { identify: () => null },
    authorization: { cedar },
    routes: [{ match: ROUTE, cedar: question }],
  };
  try {
    const policy = compilePolicy(parseConfig(config, 'config'));
    for (const route of policy.routes) authorization.forRoute(route, policy);
    return '';
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
}

suite('policies that cannot be used', () => {
  test('a mistake is named with its file and line', (context) => {
    const file = fileWith(
      context,
      'p.cedar',
      'permit(principal, action, resource);\n// é\npermit(princpal, action, resource);\n',
    );
    assert.match(troubleOf({ policies: file }), /authorization\.cedar\.policies is ".*p\.cedar"; line 3: .*princpal/);
  });

  test('a file that is not there is named', () => {
    assert.match(
      troubleOf({ policies: '/nowhere/p.cedar' }),
      /"\/nowhere\/p\.cedar"; this file cannot be read \(ENOENT\)/,
    );
  });

  test('policies are held to a schema where there is one', () => {
    const schema =
      'entity User { roles: Set<String> }; entity Post; action deletePost appliesTo { principal: User, resource: Post };';
    const good = 'permit(principal, action == Action::"deletePost", resource) when { principal.roles.contains("x") };';
    assert.equal(troubleOf({ policies: good, schema }), '');
    assert.match(
      troubleOf({ policies: good.replace('roles', 'rules'), schema }),
      /policies is a text; line 1: .*rules/,
    );
    assert.match(troubleOf({ policies: good, schema: 'entity User {' }), /authorization\.cedar\.schema is a text/);
  });

  test('entities that are none are named', (context) => {
    const policies = 'permit(principal, action, resource);';
    assert.match(troubleOf({ policies, entities: fileWith(context, 'e.json', '{') }), /entities is .*this is no JSON/);
    assert.match(troubleOf({ policies, entities: fileWith(context, 'e.json', { a: 1 }) }), /a list of at most 1000/);
    assert.match(troubleOf({ policies, entities: fileWith(context, 'e.json', [{ uid: 5 }]) }), /entities is /);
  });

  test('a question names one action and one resource, with names that the pattern has', () => {
    const policies = 'permit(principal, action, resource);';
    assert.match(
      troubleOf({ policies }, { ...QUESTION, resource: 'Post' }),
      /cedar\.resource is "Post"; write one entity/,
    );
    assert.match(troubleOf({ policies }, { ...QUESTION, resource: 'Post::":post"' }), /has no :post; .* it has :id/);
    assert.match(troubleOf({ policies }, { ...QUESTION, action: 'a"b' }), /write the action’s name/);
    assert.equal(troubleOf({ policies }, { action: 'Blog::Action::"x"', resource: 'Blog::Post::"all"' }), '');
  });
});
