import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { type Evidence, EVIDENCE_VERSION } from '../../src/lab/evidence/evidence.ts';
import { FRAME } from '../../src/lab/evidence/markdown.ts';
import { startBackend } from '../lab/backend.ts';
import { sampleEvidence } from '../lab/evidence/sample.ts';
import { SARIF } from '../lab/evidence/sarif-schema.ts';
import { desk, NO_BROWSER } from './support.ts';

const FEW = ['--calls', '4', '--seconds', '60', '--no-layers'];

/** What the lab's own app is for: rows that differ between the three gates. No browser, and none of what takes time. */
const TABLE = {
  plain: ['gets in', 'stopped', 'stopped'],
  replay: ['gets in', 'stopped', 'stopped'],
  altered: ['gets in', 'stopped', 'stopped'],
  doors: ['gets in', 'gets in', 'gets in'],
  order: ['gets in', 'gets in', 'stopped'],
  enumerate: ['gets in', 'gets in', 'slowed'],
  challenge: ['gets in', 'gets in', 'slowed'],
  'other-object': ['gets in', 'not run', 'stopped'],
  'forged-form': ['gets in', 'not run', 'stopped'],
  'jwt-forged': ['stopped', 'not run', 'stopped'],
  'key-replay': ['gets in', 'not run', 'stopped'],
  headless: ['not run', 'not run', 'not run'],
};

const got = ({ attackers }: Evidence, name: string): string[] => {
  const row = attackers.find((one) => one.name === name) ?? assert.fail(name);
  return [row.got.off, row.got.default, row.got.strict].map(({ verdict }) => verdict);
};

test('P12.1 P12.3 with no words but its name the command attacks an app of its own at three gates, and writes HTML, JSON and SARIF', async (t) => {
  const { runApart, folder, write } = desk(t, NO_BROWSER);
  const earlier = write('earlier.json', JSON.stringify(sampleEvidence()));
  const { code, out, err } = await runApart(
    'evidence',
    ...FEW,
    '--compare',
    earlier,
    '--markdown',
    'costs.md',
    '--output',
    'found',
  );
  assert.equal(code, 0, err + out);
  const read = (kind: string) => readFileSync(join(folder, 'found', `sallyport-evidence.${kind}`), 'utf8');
  const found: Evidence = JSON.parse(read('json'));
  assert.deepEqual([found.format, found.version], ['sallyport-evidence', EVIDENCE_VERSION]);
  assert.equal(found.command, 'sallyport evidence --calls 4 --seconds 60 --no-layers');
  assert.deepEqual(Object.fromEntries(Object.keys(TABLE).map((name) => [name, got(found, name)])), TABLE);
  assert.equal(new Set(found.settings.map(({ digest }) => digest)).size, 3);
  assert.ok(
    found.rules.length > 5 && found.rules.every(({ per1000 }) => per1000 !== null),
    JSON.stringify(found.rules),
  );
  assert.deepEqual(
    found.delays?.builds.found?.copies.map(({ hours }) => hours),
    [0, 2, 24],
  );
  assert.match(found.delays?.sealed.why ?? '', /Chromium/);
  const ajv = new Ajv();
  formats.default(ajv);
  assert.ok(ajv.validate(SARIF, JSON.parse(read('sarif'))), JSON.stringify(ajv.errors));
  assert.match(read('html'), /What each attacker gets with Sallyport off, on by default and strict/);
  const markdown = readFileSync(join(folder, 'costs.md'), 'utf8');
  assert.ok(markdown.startsWith(FRAME.title));
  assert.match(out, /^plain client +gets in +stopped +stopped$/m);
  assert.match(out, /another configuration/);
  for (const text of [read('html'), read('json'), read('sarif'), markdown])
    assert.doesNotMatch(text, /eyJ[\w-]{10}|slp_[\w-]{20}/, 'no token and no key in what is written');
});

test('P12.1 in front of one’s own backend the strict gate has one’s own rules, and the others have not', async (t) => {
  const backend = await startBackend();
  t.after(() => backend.close());
  const { runApart, write } = desk(t, NO_BROWSER);
  const file = write(
    'mine.mjs',
    `export default { to: '${backend.url}', routes: [{ match: 'GET /api/posts', user: true }], login: { jwt: { issuer: 'a', audience: 'b', secret: 'a secret of thirty-two characters or more' } } };`,
  );
  const { code, out, err } = await runApart(
    'evidence',
    '--config',
    file,
    '--at',
    '/api/posts',
    '--calls',
    '2',
    '--seconds',
    '20',
    '--no-layers',
    '--no-delays',
    '--json',
  );
  assert.equal(code, 0, err);
  const found: Evidence = JSON.parse(out);
  assert.deepEqual(got(found, 'plain'), ['gets in', 'stopped', 'stopped']);
  assert.deepEqual(got(found, 'doors'), ['gets in', 'gets in', 'stopped'], 'the strict gate asks for a person');
  assert.ok(!out.includes('thirty-two'), 'no secret in the report');
  assert.ok(backend.reached() > 0);
});

test('what cannot be measured is said in one line before anybody is attacked', async (t) => {
  const { run, write } = desk(t);
  const wrong = write('wrong.json', '{}');
  for (const [args, said] of [
    [['--at', '/api/x'], /--at goes with --config or --to/],
    [['--to', 'http://127.0.0.1:1'], /--at: nothing is no path/],
    [['--compare', wrong], /--compare: .*wrong\.json is no sallyport-evidence\.json of this version/],
    [['--prices', wrong], /--prices .*asOf is a month/],
  ] as const) {
    const { code, err } = await run('evidence', ...args);
    assert.equal(code, 2, err);
    assert.match(err, said);
  }
});
