import { NO_MACHINES } from '../../src/gateway/machine-calls.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/guard/config-schema.ts';
import type { Carrier } from '../../src/guard/decision.ts';
import { foundRoutes, withFound } from '../../src/gateway/found.ts';
import type { DecisionRecord } from '../../src/gateway/decision-record.ts';
import type { RouteSeen } from '../../src/gateway/routebook.ts';

function recorded(
  method: string,
  path: string,
  carrier: Carrier,
  session = 'session-one',
  code: 'carrier' | 'site' = 'carrier',
): DecisionRecord {
  return {
    id: `${method}${path}${session}`,
    at: 0,
    outcome: 'admit',
    wouldRefuse: true,
    code,
    layer: code,
    route: 'protect /api/**',
    level: 'proof',
    shown: 'session',
    method,
    path,
    carrier,
    destination: 'image',
    client: '',
    session,
    key: '',
    prefix: '127.0.0.1',
    family: 'Chrome',
    trail: [{ layer: code, code, enforced: false, evidence: '', wouldPass: '' }],
    status: 200,
  };
}

test('images of many posts are one route, counted by sessions', () => {
  const found = foundRoutes([
    recorded('GET', '/api/posts/1/image', 'media'),
    recorded('GET', '/api/posts/2/image', 'media', 'session-two'),
    recorded('HEAD', '/api/posts/2/image', 'media', 'session-two'),
  ]);
  assert.deepEqual(found, [
    {
      match: 'GET /api/posts/:id/image',
      carriers: ['media'],
      requests: 3,
      sessions: 2,
      line: "{ match: 'GET /api/posts/:id/image', carriers: ['media'] },",
      alsoSigned: false,
    },
  ]);
});

test('a program without a session that calls itself an image finds nothing', () => {
  assert.deepEqual(foundRoutes([recorded('GET', '/api/secrets', 'media', '')]), []);
});

test('what another layer refuses is no reason to list a carrier', () => {
  assert.deepEqual(foundRoutes([recorded('GET', '/api/a', 'media', 'session-one', 'site')]), []);
});

test('without routes of its own a configuration keeps its protected patterns as the last rows', () => {
  const { config, lines } = withFound(
    { protect: ['/todos/**'] },
    foundRoutes([recorded('GET', '/todos/export', 'navigation')]),
  );
  assert.deepEqual(config.routes, [{ match: 'GET /todos/export', carriers: ['navigation'] }, { match: '/todos/**' }]);
  assert.deepEqual(lines, ["{ match: 'GET /todos/export', carriers: ['navigation'] },", "{ match: '/todos/**' },"]);
  assert.doesNotThrow(() => parseConfig(config, 'accepted'));
});

test('a row that is there already is extended, and no longer says proof', () => {
  const own = { routes: [{ match: 'GET /api/export', level: 'proof' as const, maxBody: 5 }, { match: '/api/**' }] };
  const { config } = withFound(own, foundRoutes([recorded('GET', '/api/export', 'navigation')]));
  assert.deepEqual(config.routes, [
    { match: 'GET /api/export', maxBody: 5, carriers: ['navigation'] },
    { match: '/api/**' },
  ]);
  assert.doesNotThrow(() => parseConfig(config, 'accepted'));
});

test('a form also needs its content types, a beacon its key', () => {
  const found = foundRoutes([recorded('POST', '/api/contact', 'form'), recorded('POST', '/api/beat', 'beacon')]);
  const { config } = withFound({}, found);
  assert.deepEqual(config.routes?.[0], { match: 'POST /api/beat', sync: ['beacon'] });
  assert.deepEqual(config.routes?.[1], {
    match: 'POST /api/contact',
    carriers: ['form'],
    contentTypes: ['application/x-www-form-urlencoded', 'multipart/form-data'],
  });
  assert.doesNotThrow(() => parseConfig(config, 'accepted'));
});

test('nothing found changes nothing', () => {
  assert.deepEqual(withFound({ routes: [{ match: '/a' }] }, []), { config: { routes: [{ match: '/a' }] }, lines: [] });
  assert.equal(withFound({}, []).config.routes, undefined);
});

test('another site’s image is refused for its site as well, and finds nothing', () => {
  const foreign = recorded('GET', '/api/a', 'media');
  const site = { layer: 'site', code: 'site' as const, enforced: false, evidence: '', wouldPass: '' };
  assert.deepEqual(foundRoutes([{ ...foreign, trail: [...foreign.trail, site] }]), []);
});

const seen: RouteSeen = {
  path: '/api/posts',
  method: 'GET',
  route: '',
  carriers: {},
  destinations: {},
  requests: 9,
  refused: 1,
  anonymousWrites: 0,
  machines: NO_MACHINES,
  lastSeen: '',
};

test('a visitor who asks for an image of /api/** has nothing lowered but by the hand of a person', () => {
  const paths = ['/api/**', '/api/*', '/api/:anything', '/api/p*', '/api/a;b'];
  for (const path of paths) {
    const [found] = foundRoutes([recorded('GET', path, 'media')]);
    assert.equal(found?.alsoSigned, true, path);
    assert.match(found?.line ?? '', /^\/\/ /, path);
  }
});

test('a row is quoted whole, whatever stands in its path', () => {
  const [found] = foundRoutes([recorded('GET', "/api/a',level:'open',x:'", 'media')]);
  assert.equal(found?.line, String.raw`{ match: 'GET /api/a\',level:\'open\',x:\'', carriers: ['media'] },`);
  assert.equal(found?.alsoSigned, false);
});

test('an image of /api/1 does not lower what the same row would match and pages sign', () => {
  const image = [recorded('GET', '/api/1', 'media')];
  assert.equal(foundRoutes(image, [seen])[0]?.alsoSigned, true);
  assert.equal(foundRoutes(image, [{ ...seen, method: 'HEAD' }])[0]?.alsoSigned, true);
  assert.equal(foundRoutes(image, [{ ...seen, path: '/api/posts/:id' }])[0]?.alsoSigned, false);
  assert.equal(foundRoutes(image, [{ ...seen, method: '', path: '…' }])[0]?.alsoSigned, true);
});

test('what the backend has not got is not listed for anybody', () => {
  assert.deepEqual(foundRoutes([{ ...recorded('GET', '/api/nothing', 'media'), status: 404 }]), []);
  assert.equal(foundRoutes([{ ...recorded('GET', '/api/image', 'media'), status: 304 }]).length, 1);
  assert.equal(foundRoutes([{ ...recorded('GET', '/api/image', 'media'), status: 0 }]).length, 1);
});

test('a route that is also called with proofs is marked, so that no visitor can have it lowered', () => {
  const [found] = foundRoutes([recorded('GET', '/api/posts', 'navigation')], [seen]);
  assert.equal(found?.alsoSigned, true);
  assert.equal(
    foundRoutes([recorded('GET', '/api/posts', 'navigation')], [{ ...seen, refused: 9 }])[0]?.alsoSigned,
    false,
  );
});
