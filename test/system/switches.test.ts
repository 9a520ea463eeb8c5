import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { join } from 'node:path';
import type { GateStatus } from '../../src/gateway/gate-status.ts';
import { backend, desk, type RunningCommand } from '../cli/support.ts';
import { until } from '../gateway/support.ts';

const SECRET = { CHROME_PATH: '/nowhere', SALLYPORT_SECRET: 'a secret of at least thirty-two characters' };

async function place(t: TestContext) {
  const { url } = await backend(t);
  const here = desk(t, SECRET);
  const records = `sqlite:${join(here.folder, 'records.sqlite')}`;
  return {
    ...here,
    start: (...flags: string[]): Promise<RunningCommand> =>
      here.gate('--to', url, '--listen', '0', '--records', records, ...flags),
    status: async (gate: RunningCommand): Promise<GateStatus> =>
      (await here.json('status', '--listen', gate.report.listen)).value as GateStatus, // the command's own document
  };
}

/** 200 where nothing is blocked: no page has signed it. */
const plain = async ({ report }: RunningCommand): Promise<number> => (await fetch(`${report.url}/api/posts`)).status;

async function untilAnswers(gate: RunningCommand, status: number): Promise<void> {
  while ((await plain(gate)) !== status);
}

test('P3.5 one `report` switches every gate that shares records back, those that restart and join as well', async (t) => {
  const { start, run, status } = await place(t);
  const [one, two] = [await start('--mode', 'enforce'), await start('--mode', 'enforce')];
  assert.deepEqual([await plain(one), await plain(two)], [403, 403]);

  const said = await run('report', '--listen', one.report.listen);
  assert.equal(said.code, 0, said.err);
  assert.match(said.out, /NOTHING IS BLOCKED.*\n.*Every gate that shares its records/);
  assert.equal(await plain(one), 200, 'at once where it was asked for');
  await untilAnswers(two, 200);
  assert.match(two.err(), /switched by another gate: report mode: NOTHING IS BLOCKED/);

  const three = await start('--mode', 'enforce');
  assert.deepEqual([three.report.mode, await plain(three)], ['report', 200]);
  assert.match(three.err(), /switched live before this start/);
  assert.match((await status(three)).switched?.by ?? '', /^admin on /);

  const back = await run('enforce', '--rollout', '100%', '--listen', one.report.listen);
  assert.equal(back.code, 1, 'nothing is known of the page: no browser has loaded it and no session was recorded');
  assert.equal(await plain(two), 200);
});

test('P3.3 a share travels, is shown, and holds over a restart; one layer can be switched alone', async (t) => {
  const { start, run, status } = await place(t);
  const [one, two] = [await start('--mode', 'enforce'), await start('--mode', 'enforce')];
  const lowered = await run('enforce', '--rollout', '0.01', '--listen', one.report.listen);
  assert.match(lowered.out, /enforces now for 0\.01% of the sessions/);
  assert.equal(lowered.code, 0, lowered.err);
  await until(() => two.err().includes('for 0.01% of the sessions'));
  assert.equal((await status(two)).rollout, '0.01%');
  await two.stop();
  const again = await start('--mode', 'enforce');
  assert.equal((again.report as { rollout?: string }).rollout, '0.01%');

  const layer = await run('report', '--layer', 'site', '--listen', one.report.listen);
  assert.equal(layer.code, 0, layer.err);
  assert.match(layer.out, /site of the gate on port \d+ only reports now/);
  await until(() => again.err().includes('site report'));
  assert.deepEqual((await status(again)).layers, [{ name: 'site', mode: 'report', rollout: '', undone: false }]);

  const refused = await run('report', '--layer', 'key', '--listen', one.report.listen);
  assert.deepEqual([refused.code, /cannot be left unchecked/.test(refused.err)], [1, true]);
  const unknown = await run('report', '--layer', 'sit', '--listen', one.report.listen);
  assert.deepEqual([unknown.code, /did you mean site/.test(unknown.err)], [1, true]);
});
