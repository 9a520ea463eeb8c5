import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parseConfig } from '../../src/guard/config-schema.ts';

const GUARD = join(import.meta.dirname, '..', '..', 'src', 'guard');
const SCRIPT = new URL('../../scripts/bundle-library.mjs', import.meta.url).href;

let folder = '';
let modules: readonly string[] = [];
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-schema-'));
  const { bundleLibrary, schemaModules } = await import(SCRIPT);
  modules = schemaModules(GUARD);
  const isModule = (path: string): boolean => modules.includes(basename(path));
  const nameOf = (path: string): string =>
    isModule(path) ? path.replace(/\.ts$/, '.js') : pathToFileURL(join(GUARD, path)).href;
  await bundleLibrary({ folder: GUARD, outdir: folder, nameOf });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
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
  const { parseConfig: published } = await import(pathToFileURL(join(folder, 'config-schema.js')).href);
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

test('it holds no more of the library than it uses, once, and the library’s license', () => {
  const texts = globSync('*.js', { cwd: folder }).map((name) => readFileSync(join(folder, name), 'utf8'));
  assert.ok(texts.length > modules.length, 'what they share stands apart');
  const bytes = texts.reduce((sum, text) => sum + text.length, 0);
  assert.ok(bytes < 120 * 1024, `${bytes} bytes`);
  for (const text of texts) {
    assert.doesNotMatch(text, /(?:from|import) ?["']zod/);
    assert.match(text, /MIT License[\s\S]*Colin McDonnell/);
  }
});

test('declarations are no modules: nothing is made of them', async (t) => {
  const built = mkdtempSync(join(tmpdir(), 'sallyport-schema-'));
  t.after(() => rmSync(built, { recursive: true }));
  for (const name of ['a.js', 'a.d.ts']) writeFileSync(join(built, name), "import * as z from 'zod/mini';\n");
  const { schemaModules } = await import(SCRIPT);
  assert.deepEqual(schemaModules(built), ['a.js']);
});

test('no module elsewhere names the library: it would bring all of it into every start', () => {
  const sources = dirname(GUARD);
  const naming = globSync('**/*.ts', { cwd: sources }).filter((file) =>
    /from 'zod/.test(readFileSync(join(sources, file), 'utf8')),
  );
  assert.deepEqual(naming.toSorted(), modules.map((name) => join('guard', name)).toSorted());
});
