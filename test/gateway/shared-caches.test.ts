import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toClient } from '../../src/gateway/response-fields.ts';
import type { Config, RouteConfig } from '../../src/guard/config.ts';
import { viewOf } from '../support/view.ts';
import { decisionOf, pageGuard } from './stubs.ts';

const SAID = ['Cache-Control', 'public, max-age=600', 'CDN-Cache-Control', 'max-age=600'];

/** Fields of an answer that the backend lets shared caches keep. */
function sent(config: Config, target = '/api/me'): readonly string[] {
  const guard = pageGuard({ mode: 'enforce', ...config });
  const rules = { policy: guard.policy, upstreamHost: '', upstreamOrigins: [], hsts: '', hstsAuthority: '' };
  const view = viewOf({ target });
  return toClient(rules, view, decisionOf(guard, view), 200, SAID).fields;
}

const cacheOf = (fields: readonly string[]): string => fields[fields.indexOf('Cache-Control') + 1] ?? '';

for (const level of ['open', 'site'] as const) {
  const route: RouteConfig = { match: 'GET /api/me', level, user: true };

  test(`what a person was asked for is kept by no shared cache, at level ${level} either`, () => {
    const fields = sent({ routes: [route] });
    assert.equal(cacheOf(fields), 'private, max-age=600');
    assert.ok(!fields.includes('CDN-Cache-Control'));
  });

  test(`nor in another spelling, under a rule for everybody (${level})`, () => {
    const fields = sent({ routes: [route, { match: 'GET /api/**', level: 'site' }] }, '/api/Me');
    assert.equal(cacheOf(fields), 'private, max-age=600');
  });

  test(`honest: where nobody is asked, and in report mode, level ${level} stays as the backend says`, () => {
    assert.equal(cacheOf(sent({ routes: [{ match: 'GET /api/me', level }] })), 'public, max-age=600');
    assert.equal(cacheOf(sent({ mode: 'report', routes: [route] })), 'public, max-age=600');
  });
}
