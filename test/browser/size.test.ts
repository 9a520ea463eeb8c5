import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildBundle } from '../../src/doors/bundle.ts';
import { createScript } from '../../src/doors/script.ts';
import { scriptPolicy } from '../../src/doors/script-policy.ts';
import { compilePolicy } from '../../src/guard/compile.ts';

/** What every page loads, in bytes after gzip. */
const BUDGET = 6000;
/** What a page loads on first use of one thing. */
const PART_BUDGET = 3000;
/** What the gate's own account page loads, and no other page. */
const ACCOUNT_PAGE_BUDGET = 3500;
/** What a page loads that is asked for a provider's challenge, texts in seven languages among it. */
const CAPTCHA_BUDGET = 4500;
const LARGER: Readonly<Record<string, number>> = { 'account-page': ACCOUNT_PAGE_BUDGET, captcha: CAPTCHA_BUDGET };

const bundle = await buildBundle();

test('the page’s script has at most 6 kB after gzip', () => {
  const size = gzipSync(bundle.script, { level: 9 }).length;
  assert.ok(size <= BUDGET, `${size} bytes`);
});

test('with the usual configuration it is served in at most 6 KiB after gzip', () => {
  const { text } = createScript(scriptPolicy(compilePolicy({}), 'default'), bundle);
  const size = gzipSync(text, { level: 9 }).length;
  assert.ok(size <= 6 * 1024, `${size} bytes`);
});

test('every part loaded on demand has at most 3 kB after gzip, the account page’s own script 3.5 kB, the step of a provider 4.5 kB', () => {
  assert.deepEqual(Object.keys(bundle.chunks).sort(), [
    'account',
    'account-page',
    'body',
    'bound',
    'captcha',
    'challenge',
    'done',
    'events',
    'interaction',
    'login',
    'media',
    'refused',
    'sealed',
    'sealed-xhr',
    'socket',
    'sync',
    'work',
    'xhr',
  ]);
  for (const [name, text] of Object.entries(bundle.chunks)) {
    const size = gzipSync(text, { level: 9 }).length;
    const budget = LARGER[name] ?? PART_BUDGET;
    assert.ok(size <= budget, `${name}: ${size} bytes`);
  }
});

test('P6.1 the script names nothing that could tell one person’s browser from another', () => {
  const touched =
    /canvas|webgl|AudioContext|getBattery|plugins|fonts|hardwareConcurrency|deviceMemory|userAgent|screen\b|localStorage|sessionStorage/i;
  for (const text of [bundle.script, ...Object.values(bundle.chunks)]) assert.doesNotMatch(text, touched);
});

test('only the key of a bound session is kept in the browser', () => {
  const storing = Object.entries({ script: bundle.script, ...bundle.chunks }).filter(([, text]) =>
    /indexedDB/i.test(text),
  );
  assert.deepEqual(
    storing.map(([name]) => name),
    ['bound'],
  );
});
