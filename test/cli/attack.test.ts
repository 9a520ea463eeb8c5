import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findChromium } from '../../src/lab/browser.ts';
import { PRICES } from '../../src/lab/prices.ts';
import { LADDER } from '../lab/ladder.ts';
import { startPostsBackend } from '../lab/posts-backend.ts';
import { at, backend, desk, NO_BROWSER } from './support.ts';

const FEW = ['--calls', '4', '--seconds', '60'];

test('sallyport attack at an app without login and keys', async (t) => {
  const { url } = await backend(t);
  const { gate, run, write } = desk(t);
  const { report } = await gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'silent');
  const file = write('prices.json', JSON.stringify({ ...PRICES, currency: 'EUR', asOf: '2026-12', personHour: 9 }));
  const { code, out } = await run('attack', `${report.url}/api/posts`, ...FEW, '--prices', file);
  const possible = out.slice(out.indexOf('Still possible'));
  assert.equal(code, 0, out);

  await t.test(
    'P1.6 the command prints the ladder with seconds and money, how both were computed, and what still passes',
    {
      skip: findChromium() === null && 'no Chromium on this system',
    },
    () => {
      const lines = out.split('\n');
      for (const name of LADDER)
        assert.ok(
          lines.some((line) => line.startsWith(name)),
          name,
        );
      for (const line of lines) assert.ok(line.length <= 100, `${line.length} columns: ${line}`);
      assert.match(out, /^attacker +verdict +admitted +CPU +x +wall +x +EUR$/m);
      const bootstrap = lines.find((line) => line.startsWith('scripted bootstrap')) ?? '';
      const [cpu, money] = [/gets in +4 of 4 +([\d.]+)/, /([\d.]+)$/].map((part) => Number(part.exec(bootstrap)?.[1]));
      assert.ok(cpu !== undefined && money !== undefined && cpu > 0, bootstrap);
      const computed = (cpu / 3600) * PRICES.coreHour;
      assert.ok(Math.abs(money / computed - 1) < 0.1, `${money} is not ${computed}, what the line below says`);
      const said = out.replaceAll(/\s+/g, ' ');
      assert.match(said, /EUR: assumed prices of 2026-12, 0\.04 for an hour of one core, .* 9 for an hour of a person/);
      assert.match(out, /CPU and wall: seconds .*per 1,000 admitted calls/);
      assert.match(possible, /walks the doors itself gets in/);
      assert.match(possible, /Paid humans/);
      assert.ok(!out.includes('NOTHING IS BLOCKED'));
    },
  );

  await t.test('an app without login and keys is told so once for all rows concerned, and no key is issued', () => {
    const said = possible.replace(/\s+/g, ' ');
    assert.equal(said.split('nobody can log in at this gate').length, 2, said);
    assert.match(out, /^stolen cookie of a login +not run +nobody can log in at this gate$/m);
    assert.ok(!out.includes('issued'));
  });
});

test('in report mode the command says NOTHING IS BLOCKED, calls nobody stopped, and exits 1', async (t) => {
  const { url } = await backend(t);
  const { gate, run } = desk(t, NO_BROWSER);
  const { report } = await gate('--to', url, '--listen', '0', '--log', 'silent');
  const { code, out } = await run('attack', `${report.url}/api/posts`, ...FEW);
  assert.equal(code, 1);
  assert.match(out, /^NOTHING IS BLOCKED: the gate runs in report mode/m);
  assert.doesNotMatch(out, /^[a-z].* stopped /m);
  assert.match(out, /^headless browser +not run /m);
  assert.match(out, /wall +x +USD$/m, 'by the lab’s own assumptions');
});

test('at the gate’s own accounts the command signs up people, tries the objects of one by the other, and removes both', async (t) => {
  const { url, close } = await startPostsBackend();
  t.after(close);
  const { gate, run, json, write } = desk(t, NO_BROWSER);
  const file = write(
    'sallyport.config.mjs',
    `export default {
      to: '${url}', listen: '127.0.0.1:0', mode: 'enforce', records: 'memory', login: { accounts: { signUp: 'open' } },
      routes: [
        { match: 'GET /api/posts' },
        { match: 'POST /api/posts', user: true },
        { match: 'DELETE /api/posts/:id', creator: { of: 'POST /api/posts' } },
      ],
    };`,
  );
  const { report } = await gate('--config', file, '--log', 'silent');
  const { code, out } = await run('attack', `${report.url}/api/posts`, ...FEW);
  assert.equal(code, 0, out);
  const stopped = ['stolen cookie of a login', 'session planted before login', 'somebody else’s login'];
  for (const title of [...stopped, 'another user’s object'])
    assert.match(out, new RegExp(`^${title} +stopped +0 of \\d`, 'm'));
  assert.match(
    out.replace(/\s+/g, ' '),
    /the lab made lab-[0-9a-f]{12} and lab-[0-9a-f]{12} for this run and removed them/,
  );
  const { value } = await json('users');
  assert.deepEqual(Reflect.get(Object(value), 'users'), []);
});

test('two people are named by the environment, both or neither, and a password is not printed', async (t) => {
  const { url } = await backend(t);
  const { gate } = desk(t);
  const { report } = await gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'silent');
  for (const people of [{ SALLYPORT_LAB_PERSON: 'ann:a secret word' }, { SALLYPORT_LAB_PERSON: 'a-secret-word' }]) {
    const { code, out, err } = await desk(t, people).run('attack', `${report.url}/api/posts`, ...FEW);
    assert.equal(code, 2, out + err);
    assert.match(err, /SALLYPORT_LAB_PERSON/);
    assert.doesNotMatch(out + err, /secret.word/);
  }
});

test('sallyport.lab.ts beside the gate’s configuration gives a run what no gate knows, and says in one line what is wrong with it', async (t) => {
  const { url, close } = await startPostsBackend();
  t.after(close);
  const { gate, run, json, write, folder } = desk(t, NO_BROWSER);
  mkdirSync(join(folder, 'app'));
  const file = write(
    'app/sallyport.config.mjs',
    `export default {
      to: '${url}', listen: '127.0.0.1:0', mode: 'enforce', records: 'memory',
      login: { identify: ({ header }) => (header('your-api-token') === 'ann' ? { id: 'ann' } : null) },
      routes: [{ match: 'GET /api/posts', keys: ['posts:read'] }],
    };`,
  );
  const { report } = await gate('--config', file, '--log', 'silent');
  const attack = [`${report.url}/api/posts`, ...FEW];
  write('app/sallyport.lab.ts', 'export default { calls: 0 as number };');
  assert.deepEqual((await run('attack', `${report.url}/api/posts`)).code, 2);
  write('app/sallyport.lab.ts', 'export default async () => { throw new Error("a secret is\\nmissing"); };');
  const thrown = await run('attack', ...attack);
  assert.deepEqual([thrown.code, thrown.err.trim().split('\n').length], [2, 1], thrown.err);
  assert.match(thrown.err, /sallyport\.lab\.ts: .*a secret is/);
  write(
    'app/sallyport.lab.ts',
    `import { defineLab } from 'sallyport/lab';
    export default defineLab(({ url, config }) => ({ token: config.to === '${url}' && url !== '' ? 'ann' : 'ben', tokenHeader: 'your-api-token' }));`,
  );
  const { value } = await json('attack', ...attack);
  assert.deepEqual(at(value, 'prices'), PRICES, 'the lab’s own assumptions');
  const rungs = new Map((at(value, 'rungs') as object[]).map((rung) => [at(rung, 'name'), rung])); // an array, by its type
  assert.equal(at(rungs.get('jwt-stolen'), 'verdict'), 'gets in', 'such a token is good for whoever shows it');
  assert.equal(at(rungs.get('leaked-key'), 'verdict'), 'gets in');
  assert.equal(at(rungs.get('key-replay'), 'verdict'), 'stopped');
  assert.equal(at(value, 'revoked'), true);
  const keys = at((await json('keys')).value, 'keys');
  assert.ok(Array.isArray(keys) && keys.length > 0);
  for (const key of keys) assert.ok(Number(at(key, 'revoked')) > 0, JSON.stringify(key));
});
