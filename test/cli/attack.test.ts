import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findChromium } from '../../src/lab/browser.ts';
import { LADDER } from '../lab/ladder.ts';
import { startPostsBackend } from '../lab/posts-backend.ts';
import { backend, desk } from './support.ts';

const FEW = ['--calls', '4', '--seconds', '60'];

test('P1.6 the command prints the ladder with seconds and money, how both were computed, and what still passes', {
  skip: findChromium() === null && 'no Chromium on this system',
}, async (t) => {
  const { url } = await backend(t);
  const { gate, run } = desk(t);
  const { report } = await gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'silent');
  const { code, out } = await run('attack', `${report.url}/api/posts`, ...FEW, '--core-hour', '0.04 EUR');
  assert.equal(code, 0, out);
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
  const computed = (cpu / 3600) * 0.04;
  assert.ok(Math.abs(money / computed - 1) < 0.1, `${money} is not ${computed}, what the line below says`);
  assert.match(out, /EUR: per 1,000 admitted calls, CPU \/ 3,600 x 0\.04 EUR for an hour of one core/);
  assert.match(out, /CPU and wall: seconds .*per 1,000 admitted calls/);
  const possible = out.slice(out.indexOf('Still possible'));
  assert.match(possible, /walks the doors itself gets in/);
  assert.match(possible, /Paid humans/);
  assert.ok(!out.includes('NOTHING IS BLOCKED'));
});

test('in report mode the command says NOTHING IS BLOCKED, calls nobody stopped, and exits 1', async (t) => {
  const { url } = await backend(t);
  const { gate, run, json } = desk(t, { CHROME_PATH: '/nowhere' });
  const { report } = await gate('--to', url, '--listen', '0', '--log', 'silent');
  const { code, out } = await run('attack', `${report.url}/api/posts`, ...FEW);
  assert.equal(code, 1);
  assert.match(out, /^NOTHING IS BLOCKED: the gate runs in report mode/m);
  assert.doesNotMatch(out, /^[a-z].* stopped /m);
  assert.match(out, /^headless browser +not run /m);
  assert.doesNotMatch(out, / EUR|money/, 'no price, no column');
  const { value } = await json('attack', `${report.url}/api/posts`, ...FEW, '--core-hour', '0.04');
  assert.deepEqual(Reflect.get(Object(value), 'price'), { coreHour: 0.04, currency: '' });
});

test('at the gate’s own accounts the command signs up people, tries the objects of one by the other, and removes both', async (t) => {
  const { url, close } = await startPostsBackend();
  t.after(close);
  const { gate, run, json, write } = desk(t, { CHROME_PATH: '/nowhere' });
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
