import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parseConfig } from '../../src/guard/config-schema.ts';

const GUARD = join(import.meta.dirname, '..', '..', 'src', 'guard');
const SCRIPT = new URL('../../scripts/bundle-schema.mjs', import.meta.url).href;

let folder = '';
let outfile = '';
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-schema-'));
  outfile = join(folder, 'config-schema.mjs');
  const { bundleSchema } = await import(SCRIPT);
  const nameOf = (path: string): string => pathToFileURL(join(GUARD, path)).href;
  await bundleSchema({ entry: join(GUARD, 'config-schema.ts'), outfile, nameOf });
});
after(() => rmSync(folder, { recursive: true }));

/** What parsing comes to: the configuration, or the words of its error. */
function said(parse: typeof parseConfig, value: unknown): unknown {
  try {
    return parse(value, 'config', { layers: ['site', 'proof'] });
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : error;
  }
}

test('the published schema says what the schema in the sources says, to good and to bad', async () => {
  const { parseConfig: published } = await import(outfile);
  const values: unknown[] = [
    { to: 'http://localhost:3000', routes: [{ match: 'GET /api/posts', carriers: ['media'], maxBody: 10 }] },
    {
      preset: 'strict',
      clients: { admin: { origins: ['https://a.example'], stamp: 'waive' } },
      layers: { site: 'report' },
    },
    { to: 'localhost', mode: 'enforced', protekt: [], routes: [{ match: 'x', level: 'prof' }, 7] },
    { clients: { 'a b': {} }, layers: { prof: 'report' }, maxBody: -1, mint: { total: 1.5 }, tls: { cert: 'a' } },
    { insecureHttp: 'yes', session: { idle: 1 }, cookies: { stamp: 'x' }, hosts: 'app.example' },
    [],
    null,
    'text',
  ];
  for (const value of values) assert.deepEqual(said(published, value), said(parseConfig, value), JSON.stringify(value));
});

test('it holds no more of the library than it uses, and the library’s license', () => {
  const text = readFileSync(outfile, 'utf8');
  assert.ok(text.length < 64 * 1024, `${text.length} bytes`);
  assert.doesNotMatch(text, /from ?["']zod/);
  assert.match(text, /MIT License[\s\S]*Colin McDonnell/);
});
