import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildBundle } from '../../src/doors/bundle.ts';
import { DEFAULT_MOUNT } from '../../src/wire/constants.ts';
import { withFigures } from '../soak/matrix-figures.ts';
import { isBlocked } from './matrix/blocking.ts';
import { isClean, type Matrix, startMatrix } from './matrix/matrix.ts';
import { ROWS } from './matrix/rows.ts';
import { toTable } from './matrix/table.ts';
import { touch, watchTouches } from './matrix/touched.ts';

/** `npm run soak -- matrix` has a hundred. */
const LOADS = 1;

describe('the demo behind the gate, in enforce mode, as people meet it', () => {
  let matrix: Matrix;
  before(async () => {
    matrix = await startMatrix();
  });
  after(() => matrix?.close());

  for (const row of ROWS.filter(({ slow }) => slow !== true)) {
    test(`P6 P6.1 nobody is refused, and nobody else is asked: ${row.name}`, async () => {
      const tally = await matrix.run(row, LOADS);
      assert.ok(isClean(tally), `${toTable([tally])}\n${tally.errors.join('\n')}`);
      assert.ok(tally.loads >= LOADS && tally.calls > 5 * tally.loads, 'its calls were made');
    });
  }

  for (const row of ROWS.filter(({ name }) => ['Chromium', 'Firefox ESR'].includes(name))) {
    test(`P6.1 through doors, calls and renewal nothing is touched that tells browsers apart: ${row.name}`, async () => {
      const page = await matrix.page(row);
      const touched = (): Promise<string[]> => page.evaluate(() => Reflect.get(window, Symbol.for('touched')));
      try {
        await page.evaluateOnNewDocument(watchTouches);
        await page.goto(matrix.app.url);
        await page.waitForSelector('.dot.on');
        const list = (): Promise<number> => page.evaluate(async () => (await fetch('/api/posts')).status);
        assert.equal(await list(), 200);
        matrix.world.sleep(30 * 60_000);
        assert.equal(await list(), 200, 'with a ticket that had died');
        assert.deepEqual(await touched(), []);
        await page.evaluate(touch);
        const named = (await touched()).map((line) => line.split(' ')[0]);
        for (const name of [
          'HTMLCanvasElement.getContext',
          'OfflineAudioContext',
          'Document.fonts',
          'Navigator.plugins',
        ])
          assert.ok(named.includes(name), `${name} would have been seen`);
      } finally {
        await page.close();
      }
    });
  }
});

test('P6.1 no address of the gate has a name that lists block', async () => {
  const { chunks } = await buildBundle();
  const scripts = ['s', 'w', ...Object.keys(chunks)].map((name) => `${name}.0123456789abcdef.js`);
  assert.ok(scripts.length > 10, 'the parts of the script were found');
  for (const name of [...scripts, 'enter', 'login', 'logout', 'signup', 'account', 'user', 'sessions', 'jwks.json'])
    assert.equal(isBlocked(`https://app.example${DEFAULT_MOUNT}/${name}`), false, name);
  for (const path of ['/ads/a.js', '/js/tracking.js', '/collect?x', '/a/fingerprint2.js', '/?session-id=1'])
    assert.equal(isBlocked(`https://app.example${path}`), true, path);
  assert.equal(isBlocked('https://ads.example/'), true);
  assert.equal(isBlocked('https://app.example/roads/1'), false);
});

test('P6 the figures of the matrix are those of all its rows, a hundred loads each, and say that nobody was refused', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'people.md'), 'utf8');
  const tableOf = (text: string): string[][] =>
    (text.split('<!-- figures: npm run soak -- matrix --write -->')[1] ?? '')
      .split('<!-- end of figures -->')[0]
      ?.split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(1)
      .map((line) => line.split('|').map((cell) => cell.trim())) ?? [];
  const shown = tableOf(page);
  assert.deepEqual(
    shown.map(([, name]) => name),
    ROWS.map(({ name }) => name),
  );
  for (const [, name, loads, calls, refused, errors] of shown) {
    assert.ok(Number(loads) >= 100 && Number(calls) > Number(loads), name);
    assert.deepEqual([refused, errors], ['0', '0'], name);
  }
  const tally = {
    row: 'Chromium',
    browser: 'Chrome/1',
    loads: 7,
    calls: 70,
    unseen: {},
    refused: {},
    errors: [],
    again: 0,
  };
  const once = withFigures(page, tally, '2026-01-02');
  const twice = withFigures(once, { ...tally, refused: { limit: 2 } }, '2026-01-03');
  const own = tableOf(twice).find(([, name]) => name === 'Chromium');
  assert.deepEqual(own?.slice(1, -1), ['Chromium', '7', '70', 'limit 2', '0', '0', '0', 'Chrome/1', '2026-01-03']);
  assert.equal(withFigures(twice, tally, '2026-01-02'), once, 'a row takes its own place');
  assert.throws(() => withFigures('# People', tally, '2026-01-02'), /the figures stand between/);
});
