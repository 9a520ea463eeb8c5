import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findChromium } from '../../src/lab/browser.ts';
import { at, desk, until } from './support.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'posts');

/** The example's files but for the built frontend, which is kept. */
const files = (): string[] =>
  readdirSync(EXAMPLE, { recursive: true })
    .map(String)
    .filter((name) => !name.includes('dist'));

/** What the table of the demo says of use, logins, tokens, objects and keys. */
const TABLE = {
  order: 'stopped',
  enumerate: 'slowed',
  challenge: 'slowed',
  'challenge-replay': 'stopped',
  farm: 'slowed',
  forwarding: 'stopped',
  drain: 'slowed',
  'cookie-login': 'stopped',
  'session-fixation': 'stopped',
  'login-csrf': 'stopped',
  'code-injection': 'stopped',
  'mix-up': 'stopped',
  'jwt-stolen': 'stopped',
  'jwt-forged': 'stopped',
  'other-object': 'stopped',
  'forged-form': 'stopped',
  // By any program, as keys are meant; from a page it is refused.
  'leaked-key': 'gets in',
  'key-replay': 'stopped',
} as const;

/** What nobody has by the way: libraries that hide drivers, the headless shell, somebody who sells solutions. */
const NOT_HERE = /\(npm install --no-save [\w-]+\)|SALLYPORT_HEADLESS_SHELL|challenge of a provider/;

test('R16 R30 R52 R53 R57 R58 R64 R67 R69 `npm start` and `sallyport attack`: the demo’s table has every rung run for real, and nothing is left behind', {
  skip: findChromium() === null && 'no Chromium on this system',
}, async (t) => {
  const { run, runtime } = desk(t);
  const before = files();
  const demo = spawn(
    process.execPath,
    ['--conditions=@sallyport/source', join(EXAMPLE, 'start.ts'), '--listen', '127.0.0.1:0', '--log', 'silent'],
    { env: { ...process.env, XDG_RUNTIME_DIR: runtime }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(demo, 'exit');
  t.after(() => demo.kill('SIGTERM'));
  let said = '';
  demo.stdout.on('data', (text: Buffer) => {
    said += String(text);
  });
  await until(() => said.includes('Ctrl-C'), 'the demo to start');
  const url = /http:\/\/localhost:\d+/.exec(said)?.[0] ?? assert.fail(said);

  const { code, out, err } = await run('attack', `${url}/api/posts`, '--calls', '80', '--seconds', '240', '--json');
  assert.equal(code, 0, err);
  const report: unknown = JSON.parse(out);
  const rungs = at(report, 'rungs');
  assert.ok(Array.isArray(rungs));
  for (const rung of rungs.filter((one) => at(one, 'verdict') === 'not run'))
    assert.match(String(at(rung, 'why')), NOT_HERE, `${at(rung, 'name')}: ${at(rung, 'why')}`);
  const found = rungs.map((rung) => [at(rung, 'name'), at(rung, 'verdict')]);
  assert.deepEqual(Object.fromEntries(found.filter(([name]) => Object.hasOwn(TABLE, String(name)))), TABLE, out);
  assert.deepEqual([at(report, 'removed'), at(report, 'revoked')], [true, true]);
  const { out: keys } = await run('keys', '--json');
  const left: unknown = at(JSON.parse(keys), 'keys');
  assert.ok(Array.isArray(left) && left.length === 2 && left.every((key) => Number(at(key, 'revoked')) > 0), keys);

  demo.kill('SIGTERM');
  await ended;
  assert.deepEqual(files(), before, 'no file is left behind');
  assert.ok(!existsSync(join(runtime, 'sallyport')) || readdirSync(join(runtime, 'sallyport')).length === 0);
});
