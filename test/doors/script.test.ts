import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { createScript, type ScriptPolicy } from '../../src/doors/script.ts';

const policy: ScriptPolicy = {
  mount: '/_sallyport',
  client: 'default',
  protect: ['/api/**'],
  open: [],
  origins: [],
  whole: 4,
  slice: 1,
  routes: [],
};
const bundle = {
  script: 'seen=__SALLYPORT__',
  worker: 'seen=[__SALLYPORT__]',
  chunks: { events: 'export const a=1', body: 'export const b=2' },
};
const script = createScript(policy, bundle);
const fieldOf = (fields: readonly string[] | undefined, name: string) => fields?.[fields.indexOf(name) + 1];

test('the script sees its configuration and leaves no name behind', () => {
  const page: Record<string, unknown> = { seen: null };
  runInNewContext(script.text, page);
  assert.match(JSON.parse(JSON.stringify(page['seen'])).chunks, /^[0-9a-f]{16}$/);
  assert.deepEqual(Object.keys(page), ['seen']);
});

test('its address is its hash: another configuration or bundle is another address', () => {
  assert.match(script.path, /^\/_sallyport\/s\.[0-9a-f]{16}\.js$/);
  assert.equal(createScript(policy, bundle).hash, script.hash);
  assert.notEqual(createScript({ ...policy, open: ['/a'] }, bundle).hash, script.hash);
  assert.notEqual(createScript(policy, { ...bundle, chunks: { ...bundle.chunks, body: '' } }).hash, script.hash);
});

test('the current hash is kept for good, an older one gets the current text uncached', () => {
  const current = script.serve(script.path);
  assert.equal(current?.body, script.text);
  assert.equal(fieldOf(current?.fields, 'cache-control'), 'public, max-age=31536000, immutable');
  assert.equal(fieldOf(current?.fields, 'cross-origin-resource-policy'), 'cross-origin');
  const older = script.serve('/_sallyport/s.0123456789abcdef.js');
  assert.equal(older?.body, script.text);
  assert.equal(fieldOf(older?.fields, 'cache-control'), 'no-cache');
});

test('workers get a script of their own, with the same configuration', () => {
  const worker: Record<string, unknown> = { seen: null };
  runInNewContext(script.worker.text, worker);
  assert.equal(JSON.parse(JSON.stringify(worker['seen']))[0].client, 'default');
  assert.deepEqual(Object.keys(worker), ['seen']);
  assert.equal(script.serve(script.worker.url)?.body, script.worker.text);
});

test('chunks are served at the addresses that the script knows', () => {
  const page: Record<string, unknown> = { seen: null };
  runInNewContext(script.text, page);
  const { chunks } = JSON.parse(JSON.stringify(page['seen']));
  for (const [name, text] of Object.entries(bundle.chunks)) {
    const served = script.serve(`/_sallyport/${name}.${chunks}.js`);
    assert.equal(served?.body, text);
    assert.equal(fieldOf(served?.fields, 'cache-control'), 'public, max-age=31536000, immutable');
  }
  const older = script.serve('/_sallyport/body.0123456789abcdef.js');
  assert.equal(fieldOf(older?.fields, 'cache-control'), 'no-cache');
});

test('parts that policy wants begin with the page, and no others', () => {
  const startsOf = (more: Partial<ScriptPolicy>): unknown => {
    const page: Record<string, unknown> = { seen: null };
    runInNewContext(createScript({ ...policy, ...more }, bundle).text, page);
    const { starts, interaction } = JSON.parse(JSON.stringify(page['seen']));
    assert.equal(interaction, undefined);
    return starts;
  };
  const media = { routes: [{ match: 'GET /api/media/**', carriers: ['media'] }] };
  assert.equal(startsOf({}), undefined);
  assert.deepEqual(startsOf({ interaction: true }), ['interaction']);
  assert.deepEqual(startsOf(media), ['media']);
  assert.deepEqual(startsOf({ ...media, interaction: true }), ['media', 'interaction']);
});

test('a browser that saves data gets the part that nobody needs without what is in it, and every other one whole', () => {
  const made = createScript(policy, { ...bundle, chunks: { ...bundle.chunks, interaction: 'export const c=3' } });
  const page: Record<string, unknown> = { seen: null };
  runInNewContext(made.text, page);
  const { chunks } = JSON.parse(JSON.stringify(page['seen']));
  const at = (name: string, saving: boolean) => made.serve(`/_sallyport/${name}.${chunks}.js`, saving);
  assert.equal(at('interaction', false)?.body, 'export const c=3');
  assert.equal(at('interaction', true)?.body, 'export const start=()=>{};\n');
  assert.equal(fieldOf(at('interaction', true)?.fields, 'cache-control'), 'no-cache', 'for this once');
  assert.equal(at('events', true)?.body, bundle.chunks.events);
  assert.equal(made.serve(made.path, true)?.body, made.text);
});

for (const path of [
  '/',
  '/_sallyport/',
  '/_sallyport/s.js',
  '/_sallyport/x.0123456789abcdef.js',
  '/s.0123456789abcdef.js',
  '/_sallyport/../s.0123456789abcdef.js',
  '/_sallyport/constructor.0123456789abcdef.js',
]) {
  test(`${path} is no script`, () => assert.equal(script.serve(path), null));
}

test('the element carries a nonce that is one, and nothing else', () => {
  assert.equal(script.tag(''), `<script src="${script.path}"></script>`);
  assert.equal(script.tag('abc+/_-12=='), `<script src="${script.path}" nonce="abc+/_-12=="></script>`);
  for (const bad of ['"><script>', 'a b', 'a"', '=', '<']) {
    assert.equal(script.tag(bad), `<script src="${script.path}"></script>`, bad);
  }
});
