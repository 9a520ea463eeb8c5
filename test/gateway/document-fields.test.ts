import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPages } from '../../src/gateway/page.ts';
import type { Config } from '../../src/guard/config.ts';
import { decisionOf, navigation, pageGuard } from './stubs.ts';

const HTML = ['Content-Type', 'text/html; charset=utf-8'];
const NAMES = ['x-content-type-options', 'referrer-policy', 'x-frame-options', 'cross-origin-opener-policy'];

/** Security headers of a page's answer by name, as the browser gets them. */
function sent(config: Config, backend: readonly string[] = HTML): Record<string, string> {
  const guard = pageGuard({ mode: 'enforce', ...config });
  const view = navigation('/');
  const fields = createPages(guard).rewrite(view, decisionOf(guard, view), 200, backend)?.fields ?? [...backend];
  const found: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]?.toLowerCase() ?? '';
    if (!NAMES.includes(name)) continue;
    assert.equal(found[name], undefined, `${name} stands twice`);
    found[name] = fields[i + 1] ?? '';
  }
  return found;
}

const FRAMEABLE = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
};
const STANDARD = { ...FRAMEABLE, 'x-frame-options': 'SAMEORIGIN' };
const ISOLATED = { ...STANDARD, 'cross-origin-opener-policy': 'same-origin-allow-popups' };
const OTHER = { widget: { origins: ['https://partner.example'] } };

interface Row {
  readonly name: string;
  readonly config: Config;
  readonly backend?: readonly string[];
  readonly want: Readonly<Record<string, string>>;
}

const ROWS: readonly Row[] = [
  { name: 'pages get the standard set', config: {}, want: STANDARD },
  { name: 'report mode adds none', config: { mode: 'report' }, want: {} },
  { name: 'none is none', config: { securityHeaders: 'none' }, want: {} },
  { name: 'frameable pages may be framed', config: { securityHeaders: 'frameable' }, want: FRAMEABLE },
  { name: 'isolated pages lose other sites’ openers', config: { securityHeaders: 'isolated' }, want: ISOLATED },
  {
    name: 'where other origins’ pages are clients, frames are left alone',
    config: { clients: OTHER },
    want: FRAMEABLE,
  },
  {
    name: 'a pattern of origins counts as well',
    config: { clients: { default: { origins: ['self', 'https://*-team.example.app'] } } },
    want: FRAMEABLE,
  },
  {
    name: 'isolation that was asked for holds for listed clients, too',
    config: { securityHeaders: 'isolated', clients: OTHER },
    want: ISOLATED,
  },
  {
    name: 'what the backend sends holds, however weak',
    config: {},
    backend: [...HTML, 'Referrer-Policy', 'unsafe-url', 'x-frame-options', 'DENY'],
    want: { ...STANDARD, 'referrer-policy': 'unsafe-url', 'x-frame-options': 'DENY' },
  },
  {
    name: 'a policy that names the ancestors decides on frames alone',
    config: {},
    backend: [...HTML, 'Content-Security-Policy', "default-src 'self'; frame-ancestors https://partner.example"],
    want: FRAMEABLE,
  },
  {
    name: 'a policy that does not name them decides nothing',
    config: {},
    backend: [...HTML, 'Content-Security-Policy', "default-src 'self' frame-ancestors.example"],
    want: STANDARD,
  },
  {
    name: 'a page without a type is still looked at by the browser',
    config: {},
    backend: ['Server', 'x'],
    want: { 'referrer-policy': STANDARD['referrer-policy'], 'x-frame-options': 'SAMEORIGIN' },
  },
];

for (const { name, config, backend, want } of ROWS) test(name, () => assert.deepEqual(sent(config, backend), want));

test('a page that code fetches, or that no browser shows, gets none of them', () => {
  const guard = pageGuard({ mode: 'enforce' });
  const view = navigation('/', { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' });
  const fields = createPages(guard).rewrite(view, decisionOf(guard, view), 200, HTML)?.fields ?? HTML;
  assert.ok(!fields.some((field) => NAMES.includes(field.toLowerCase())));
});
