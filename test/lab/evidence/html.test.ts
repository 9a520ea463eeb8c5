import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { findChromium, startChromium } from '../../../src/lab/browser.ts';
import { toHtml } from '../../../src/lab/evidence/html.ts';
import { sampleEvidence } from './sample.ts';

test('P12.1 the page asks nobody for anything, and what comes from a run is text in it', () => {
  const html = toHtml(sampleEvidence());
  assert.doesNotMatch(html, /<script|<link|<img|<iframe|@import|url\(|\ssrc=|\shref=/i);
  assert.doesNotMatch(html, /<an app>|<it>|<use>/);
  assert.match(html, /unusual &#60;use&#62;: after 16 calls, 3\.0 s\.<\/p>/);
  assert.match(html, /unusual &#60;use&#62;: 1 of 20\.<\/p>/);
  assert.match(html, /&#60;an app&#62;/);
  assert.match(html, /default-src 'none'/);
  assert.doesNotMatch(html, /prevents|unhackable|guarantee/i);
});

test('P12.1 P12.2 the first page has the three gates, what is not stopped and what each layer adds, before anything else', () => {
  const html = toHtml(sampleEvidence());
  const [first = '', second = ''] = [...html.matchAll(/<table>.*?<\/table>/gs)].map(([table]) => table);
  for (const head of ['off', 'on by default', 'strict', 'not stopped']) assert.ok(first.includes(`${head}</th>`), head);
  assert.match(first, /scripted bootstrap, own key.*?gets in.*?gets in.*?slowed/s);
  assert.match(second, /without it get further/);
  const rows = first.split('<tr>').filter((row) => row.includes('scope="row"'));
  for (const row of rows) assert.match(row, /<td>[^<]+<\/td><\/tr>/, 'its last cell says what is not stopped');
});

test('P12.1 every table of figures names the command that makes it', () => {
  const html = toHtml(sampleEvidence());
  const sections = html.split(/<h[12]>/).filter((part) => /class="number"|<svg/.test(part));
  assert.ok(sections.length >= 6);
  for (const section of sections) assert.match(section, /Made by <code>sallyport evidence<\/code>/);
});

test('axe finds nothing in the page, by day and by night, and it fits a narrow window', {
  skip: findChromium() === null && 'no Chromium on this system',
}, async (t) => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const chromium = await startChromium();
  t.after(() => chromium.close());
  const page = await chromium.page();
  await page.setContent(toHtml(sampleEvidence()).replace(/<meta http-equiv[^>]*>/, ''));
  await page.setViewport({ width: 400, height: 700 });
  for (const value of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
    await page.evaluate(axe);
    const violations = await page.evaluate(async () => {
      const { violations: found } = await Reflect.get(globalThis, 'axe').run();
      return found.map(({ id, help }: { id: string; help: string }) => `${id}: ${help}`);
    });
    assert.deepEqual(violations, [], value);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    assert.ok(Number(width) <= 400, `${width} pixels wide`);
  }
});
