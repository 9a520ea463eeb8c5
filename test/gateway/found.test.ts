import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/guard/config-schema.ts';
import type { Carrier } from '../../src/guard/decision.ts';
import { foundRoutes, withFound } from '../../src/gateway/found.ts';
import type { DecisionRecord } from '../../src/gateway/decision-record.ts';

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

test('a route that is also called with proofs is marked, so that no visitor can have it lowered', () => {
  const seen = {
    path: '/api/posts',
    method: 'GET',
    route: '',
    carriers: {},
    destinations: {},
    requests: 9,
    refused: 1,
    anonymousWrites: 0,
    lastSeen: '',
  };
  const [found] = foundRoutes([recorded('GET', '/api/posts', 'navigation')], [seen]);
  assert.equal(found?.alsoSigned, true);
  assert.equal(
    foundRoutes([recorded('GET', '/api/posts', 'navigation')], [{ ...seen, refused: 9 }])[0]?.alsoSigned,
    false,
  );
});
