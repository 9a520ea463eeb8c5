import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { at, backend, desk } from '../cli/support.ts';

function page(t: TestContext, url: string): WireClient {
  const target = parseTarget(`${url}/api/posts`);
  const sender = createSender(target);
  t.after(() => sender.close());
  return createWireClient(target, '/', sender);
}

test('learn watches all workers of a gate, and one that has been replaced meanwhile', async (t) => {
  const { url: to } = await backend(t);
  const here = desk(t, { SALLYPORT_SECRET: 'a secret of at least thirty-two characters' });
  here.write('sallyport.config.mjs', DEADLY.replace('BACKEND', to));
  const { report } = await here.gate();
  assert.equal(report.workers, 2);
  const client = page(t, report.url);
  assert.equal((await client.open()).opened, true);
  const learning = here.start('learn', '--from-gate', '--json');
  const ended = new Promise<number | null>((resolve) => learning.child.once('exit', resolve));
  while (!JSON.stringify((await here.json('audit')).value).includes('observe.begin'))
    assert.equal(learning.child.exitCode, null, 'it goes on until it is told to end');
  // On connections of their own, so that they come to whichever worker.
  const call = async (): Promise<number> => {
    const sender = createSender(parseTarget(`${report.url}/api/posts`));
    t.after(() => sender.close());
    return (await sender.send(client.sign({ method: 'GET' }))).status;
  };
  const calls = async (): Promise<void> => {
    for (let made = 0; made < 6; made++) assert.equal(await call(), 200);
  };
  await calls();
  await fetch(`${report.url}/api/die`).catch(() => {});
  while (at((await here.json('status')).value, 'workers', 'replaced') !== 1)
    assert.equal(learning.child.exitCode, null, 'it goes on whatever becomes of a worker');
  await calls();
  learning.child.kill('SIGINT');
  assert.equal(await ended, 0, learning.out());
  const said: unknown = JSON.parse(learning.out());
  assert.equal(at(said, 'ended'), 1);
  const requests = Number(at(said, 'learned', 'requests'));
  // What the worker had not told when it ended is lost.
  assert.ok(requests >= 6 && requests <= 12, String(requests));
  assert.match(String(at(said, 'diff')), /match: 'GET \/api\/posts'/);
});

const DEADLY = `export default {
  to: 'BACKEND', listen: '127.0.0.1:0', workers: 2,
  records: 'sqlite:./records.sqlite',
  login: { identify: ({ path }) => (path === '/api/die' ? process.exit(7) : null) },
  routes: [{ match: '/api/die', level: 'open', user: true }],
};`;
