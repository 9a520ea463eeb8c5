import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config, RouteConfig } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { LEVELS, PASS } from '../../src/guard/decision.ts';
import type { Layer } from '../../src/guard/layer.ts';
import { bothOf } from '../../src/guard/methods.ts';
import { compose } from '../../src/guard/pipeline.ts';
import type { RouteRule } from '../../src/guard/policy.ts';
import { createRunner } from '../../src/guard/runner.ts';
import { authorization } from '../../src/layers/authorization.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';
import { foldPath } from '../../src/wire/fold.ts';
import { personOf } from '../support/person.ts';
import { viewOf } from '../support/view.ts';

/** Each is what many backends serve as `/admin`. */
const SPELLINGS = ['/admin/', '/Admin', '/ADMIN', '//admin', '/admin;x', '/admin;', '/%61dmin', '/%41dmin/'];

const policyOf = (config: Config) =>
  compilePolicy(parseConfig({ mode: 'enforce', login: { identify: () => null }, ...config }, 'test'));

function ruleFor(config: Config, method: string, path: string): RouteRule {
  return policyOf(config).match(method, path, foldPath(path));
}

const rolesOf = (rule: RouteRule): string[] => [rule, ...rule.also].flatMap(({ user }) => user?.roles ?? []);

suite('what a route asks that its exact bytes choose', () => {
  const ADMIN: RouteConfig = { match: 'GET /admin', level: 'session', carriers: ['navigation'], roles: ['admin'] };

  for (const preset of ['strict', 'forms'] as const) {
    for (const path of SPELLINGS) {
      test(`R12 R64 under "${preset}" ${path} asks for the login that /admin needs`, () => {
        const rule = ruleFor({ preset, routes: [ADMIN] }, 'GET', path);
        assert.deepEqual([rule.level, rolesOf(rule), rule.unlisted], ['session', ['admin'], false]);
      });
    }
  }

  test('R12 R64 above a rule for all calls, other spellings show a proof and the login', () => {
    const routes: Config['routes'] = [
      { match: 'GET /api/export', carriers: ['navigation'], roles: ['admin'] },
      { match: '/api/**' },
    ];
    for (const path of ['/api/Export', '/api/export/', '/api//export', '/api/export;x']) {
      const rule = ruleFor({ routes }, 'GET', path);
      assert.deepEqual([rule.level, rolesOf(rule)], ['proof', ['admin']], path);
    }
    assert.deepEqual(rolesOf(ruleFor({ routes }, 'GET', '/api/exports')), []);
  });

  test('R64 HEAD and uploads that are not signed are asked the same', () => {
    const routes: Config['routes'] = [
      { match: 'GET /api/export', carriers: ['media'], roles: ['admin'] },
      { match: 'PUT /api/files/:id', body: 'unsigned', scopes: ['files'] },
      { match: '/api/**' },
    ];
    assert.deepEqual(rolesOf(ruleFor({ routes }, 'HEAD', '/api/export/')), ['admin']);
    const upload = ruleFor({ routes }, 'PUT', '/api/Files/7');
    assert.deepEqual([upload.bodySigned, upload.also[0]?.user?.scopes], [true, ['files']]);
  });

  test('what it costs, and how much of it, is asked of other spellings; its keys open none of them', () => {
    const routes: Config['routes'] = [
      { match: 'POST /api/ask', keys: ['ask'], cost: '1 USD', limit: ['5/minute'] },
      { match: '/api/**' },
    ];
    const config: Config = { routes, budget: '5 USD/day' };
    const exact = ruleFor(config, 'POST', '/api/ask');
    const other = ruleFor(config, 'POST', '/api/Ask');
    assert.deepEqual([exact.keys, other.keys], [['ask'], null]);
    assert.deepEqual(other.costs, exact.costs);
    assert.ok(exact.costs.length === 1 && other.use.limits.length === exact.use.limits.length);
  });

  test('several such routes are all asked, once each', () => {
    const routes: Config['routes'] = [
      { match: 'GET /api/a', level: 'session', roles: ['one'] },
      { match: 'GET /api/:any', level: 'session', roles: ['two'] },
      { match: '/api/**' },
    ];
    assert.deepEqual(rolesOf(ruleFor({ routes }, 'GET', '/api/A/')).toSorted(), ['one', 'two']);
    assert.deepEqual(rolesOf(ruleFor({ routes }, 'GET', '/api/a')), ['one']);
    assert.deepEqual(rolesOf(ruleFor({ routes }, 'GET', '/api/b')), ['two']);
  });

  test('whatever refuses everything still does, and what asks nothing adds nothing', () => {
    const routes: Config['routes'] = [{ match: 'GET /api/pictures/:id', carriers: ['media'] }];
    assert.equal(ruleFor({ routes }, 'GET', '/API/pictures/7').unlisted, true);
    const policy = policyOf({ routes: [...routes, { match: '/api/**' }] });
    const all = policy.routes.find(({ name }) => name === '/api/**');
    assert.equal(policy.match('GET', '/API/pictures/7', '/api/pictures/7'), all);
  });

  test('a route that reports alone asks nothing of what is enforced', () => {
    const routes: Config['routes'] = [{ match: 'GET /api/x', mode: 'report', roles: ['admin'] }, { match: '/api/**' }];
    assert.deepEqual(rolesOf(ruleFor({ routes }, 'GET', '/api/X')), []);
  });

  test('paths: exact takes no other spellings', () => {
    const routes: Config['routes'] = [
      { match: 'GET /api/x', level: 'session', roles: ['admin'] },
      { match: '/api/**' },
    ];
    assert.deepEqual(rolesOf(ruleFor({ paths: 'exact', routes }, 'GET', '/api/X')), []);
  });
});

test('R64 a page of one client makes no call of another, neither by a spelling nor by a method that it names', () => {
  const clients = { staff: { origins: ['https://staff.example'] } };
  const routes: Config['routes'] = [
    { match: 'GET /api/report', client: 'staff', level: 'session' },
    { match: 'DELETE /api/x', client: 'staff', carriers: ['form'] },
    { match: '/api/**' },
  ];
  assert.equal(ruleFor({ clients, routes }, 'GET', '/api/Report').unlisted, true);
  assert.equal(ruleFor({ clients, routes }, 'GET', '/api/report').unlisted, false);
  assert.equal(ruleFor({ clients, routes }, 'GET', '/api/Reports').unlisted, false);
  const post = ruleFor({ clients, routes }, 'POST', '/api/x');
  const remove = ruleFor({ clients, routes }, 'DELETE', '/api/x');
  assert.deepEqual([bothOf(post, remove).unlisted, bothOf(remove, post).unlisted], [true, true]);
  assert.equal(bothOf(remove, remove).unlisted, false);
});

test('R12 R64 no spelling of any path is asked for less of the person than its own bytes are', () => {
  const level = fc.constantFrom('open' as const, 'site' as const, 'session' as const, 'proof' as const);
  const pattern = fc.constantFrom('/a', '/a/b', '/a/:id', '/a/**', '/*', '/A/b', '/a/*b', '/**');
  const route = fc.record({ match: pattern, level, roles: fc.subarray(['one', 'two'], { minLength: 1 }) });
  const free = fc.record({ match: pattern, level });
  const routes = fc.uniqueArray(fc.oneof(route, free), { maxLength: 6, selector: ({ match }) => match });
  const spell = fc.constantFrom(
    (path: string) => path.toUpperCase(),
    (path: string) => `${path}/`,
    (path: string) => path.replaceAll('/', '//'),
    (path: string) => `${path};x=1`,
    (path: string) => path.replace('a', '%61'),
    (path: string) => path.replace('/b', ';/b'),
  );
  const path = fc.constantFrom('/a', '/a/b', '/a/7', '/a/bb', '/b', '/a/7/8');
  fc.assert(
    fc.property(routes, fc.constantFrom('/a/**', '/**', '/c'), path, spell, (listed, protect, plain, alias) => {
      const { match } = compilePolicy({ mode: 'enforce', protect: [protect], routes: listed });
      const own = match('GET', plain, foldPath(plain));
      const other = match('GET', alias(plain), foldPath(alias(plain)));
      if (other.unlisted) return;
      const asked = [other, ...other.also].map(({ user }) => user?.roles ?? []);
      for (const { user } of [own, ...own.also]) {
        if (user !== null)
          assert.ok(
            asked.some((roles) => roles.join() === user.roles.join()),
            `${plain} ${own.name}`,
          );
      }
      assert.ok(LEVELS.indexOf(other.level) >= LEVELS.indexOf(own.level) || own.unlisted);
    }),
  );
});

suite('a path that begins with //, read as a reference to another host', () => {
  const routes: Config['routes'] = [
    { match: 'GET /api/posts' },
    { match: 'GET /admin', level: 'session', carriers: ['navigation'], roles: ['admin'] },
  ];

  for (const front of ['//x', '///x', '//x:80', '//a@x', '//', '////', '//x/']) {
    test(`R12 ${front}/api/secret is protected, and so is what is named`, () => {
      assert.equal(ruleFor({}, 'GET', `${front}/api/secret`).level, 'proof');
      assert.equal(ruleFor({ routes }, 'GET', `${front}/api/secret`).unlisted, true);
      assert.equal(ruleFor({ routes }, 'GET', `${front}/API/posts`).level, 'proof');
      assert.deepEqual(rolesOf(ruleFor({ routes }, 'GET', `${front}/admin`)), ['admin']);
    });
  }

  test('both readings are asked for what they ask', () => {
    const rule = ruleFor({ preset: 'strict', routes }, 'GET', '//api/admin');
    assert.deepEqual([rule.level, rolesOf(rule)], ['proof', ['admin']]);
  });

  test('R12 an exception opens none of it', () => {
    const config: Config = { open: ['GET /api/hook'] };
    assert.equal(ruleFor(config, 'GET', '/api/hook').level, 'open');
    for (const path of ['//x/api/hook', '//api/hook', '//api//api/hook']) {
      const { level } = ruleFor(config, 'GET', path);
      assert.equal(level, path === '//x/api/hook' ? 'open' : 'proof', path);
    }
  });

  test('pages and calls with one slash too many stay what they were', () => {
    const { match } = policyOf({ routes });
    const posts = match('GET', '/api/posts', '/api/posts');
    const slashed = match('GET', '//api/posts', '/api/posts');
    assert.deepEqual([slashed.name, slashed.level, slashed.user], [posts.name, posts.level, null]);
    for (const path of ['//', '//page', '//x/page', '/x//api/posts']) {
      assert.equal(match('GET', path, foldPath(path)).level, 'open', path);
    }
  });
});

suite('a path behind the program that serves it', () => {
  const routes: Config['routes'] = [
    { match: 'GET /api/posts' },
    { match: 'GET /admin', level: 'session', carriers: ['navigation'], roles: ['admin'] },
  ];

  for (const front of [
    '/index.php',
    '/Index.PHP',
    '/public/index.php',
    '/index.ph%70',
    '/index.php;x',
    '//x/index.php',
  ]) {
    test(`R12 ${front}/api/secret is protected, and so is what is named`, () => {
      assert.equal(ruleFor({}, 'GET', `${front}/api/secret`).level, 'proof');
      assert.equal(ruleFor({ routes }, 'GET', `${front}/api/secret`).unlisted, true);
      assert.equal(ruleFor({ routes }, 'GET', `${front}/API/posts`).level, 'proof');
      assert.deepEqual(rolesOf(ruleFor({ routes }, 'GET', `${front}/admin/`)), ['admin']);
    });
  }

  test('R12 of several programs each may be the one', () => {
    assert.equal(ruleFor({}, 'GET', '/a.php/b.php/api/x').level, 'proof');
  });

  test('R12 so many that not all are looked at are refused, whatever stands between and behind them', () => {
    for (const many of ['/a.php/..', '/a.php']) {
      for (const times of [8, 9, 3000]) {
        const path = `${many.repeat(times)}/index.php/api/secret`;
        assert.equal(ruleFor({}, 'GET', path).unlisted, true, `${many} × ${times}`);
        // What is behind the last one is nothing: with eight behind the first, all are looked at.
        const first = ruleFor({}, 'GET', `/index.php/api/secret${many.repeat(times)}`);
        assert.ok(first.unlisted || first.level === 'proof', `${many} × ${times} behind`);
      }
      const few = ruleFor({}, 'GET', `${many.repeat(7)}/index.php/api/secret`);
      assert.deepEqual([few.level, few.unlisted], ['proof', false], many);
    }
    assert.equal(ruleFor({}, 'GET', `${'/a.php'.repeat(7)}/page`).unlisted, false);
  });

  test('pages, assets and programs themselves stay what they were', () => {
    for (const path of ['/index.php', '/index.php/', '/index.php/page', '/app.js/api/x', '/php/api/x', '/a.phpx/api/x'])
      assert.equal(ruleFor({ routes }, 'GET', path).level, 'open', path);
    assert.equal(ruleFor({ routes }, 'GET', '/api/posts').name, 'GET /api/posts');
  });
});

suite('patterns with capitals', () => {
  const config: Config = { protect: ['/API/**'], decoys: ['GET /API/adminBackup'] };

  test('a decoy among what is protected is judged as any other name there', () => {
    for (const path of ['/API/adminBackup', '/api/adminbackup']) {
      const rule = ruleFor(config, 'GET', path);
      assert.deepEqual([rule.decoy, rule.level], ['GET /API/adminBackup', 'proof'], path);
    }
    assert.equal(ruleFor(config, 'GET', '/adminBackup').level, 'open');
  });

  test('a layer that goes on as it was before is enforced where it was before', () => {
    const policy = policyOf({ ...config, rollout: '50%' });
    const layer: Layer = { name: 'proof', forRoute: ({ level }) => (level === 'open' ? null : () => PASS) };
    const restored = new Map([['proof', { policy: policyOf(config), spares: 0 }]]);
    const stepsFor = (path: string): number => {
      const rule = policy.match('GET', path, foldPath(path));
      return compose(policy, rule, [layer], restored).steps.length;
    };
    assert.equal(stepsFor('/API/posts'), 1);
    assert.equal(stepsFor('/posts'), 0);
  });
});

suite('/Admin, judged', () => {
  const policy = policyOf({
    routes: [
      { match: 'GET /admin', level: 'session', carriers: ['navigation'], roles: ['admin'] },
      { match: 'GET /**', level: 'open', carriers: ['navigation'] },
    ],
  });
  const outcome = (target: string, roles: string[]): string => {
    const subject: Layer = {
      name: 'subject',
      forRoute: () => (_request, context) => {
        context.subject = personOf({ roles });
        return PASS;
      },
    };
    const parts = {
      layers: [subject, authorization],
      state: createMemoryState(),
      wall: () => 1,
      nextId: () => '1',
    };
    const decision = createRunner(policy, parts).decide(viewOf({ target }));
    assert.ok(!(decision instanceof Promise));
    return decision.outcome;
  };

  for (const path of ['/admin', ...SPELLINGS]) {
    test(`R64 ${path} is for admins, and for nobody else`, () => {
      assert.equal(outcome(path, ['reader']), 'refuse');
      assert.equal(outcome(path, ['admin']), 'admit');
    });
  }

  test('R64 other pages are everybody’s', () => {
    for (const path of ['/', '/Admins', '/administration', '/admin/x']) assert.equal(outcome(path, []), 'admit', path);
  });
});
