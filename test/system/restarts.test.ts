import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callAdmin } from '../../src/gateway/admin-client.ts';
import type { GateStatus } from '../../src/gateway/gate-status.ts';
import { socketPath } from '../../src/gateway/runtime-folder.ts';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { startApi, until } from '../gateway/fleet-support.ts';

/** The guard rail over restarts of real processes: what it remembers, and what an attacker can make of that. */

const PROGRAM = fileURLToPath(new URL('../gateway/programs/restart.ts', import.meta.url));
const MINUTE = 60_000;
const CONFIG = { mode: 'enforce', guardRail: { networks: 3 } };

interface Running {
  readonly url: string;
  log(): string;
  later(ms: number): Promise<void>;
  undone(): Promise<readonly string[]>;
  enforce(layer: string): Promise<void>;
  stop(): Promise<void>;
}

async function place(t: TestContext, { workers = 1 } = {}) {
  const api = await startApi(t);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-restarts-'));
  const file = join(folder, 'sallyport.config.json');
  const records = `sqlite:${join(folder, 'records.sqlite')}`;
  t.after(() => rmSync(folder, { recursive: true }));
  let listen = '127.0.0.1:0';

  /** @param shift by how many milliseconds its clock is ahead */
  async function start(version: string, config: object, shift: number): Promise<Running> {
    writeFileSync(file, JSON.stringify({ to: api.url, listen, records, ...CONFIG, ...config }));
    const flags = JSON.stringify({ config: file });
    const child = spawn(
      process.execPath,
      ['--conditions=@sallyport/source', PROGRAM, version, String(workers), flags],
      {
        cwd: folder,
        env: {
          ...process.env,
          XDG_RUNTIME_DIR: folder,
          SALLYPORT_SECRET: 'a secret of at least thirty-two characters',
          SALLYPORT_TEST_SHIFT: String(shift),
        },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    const ended = once(child, 'exit');
    let [said, log] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    child.stderr.on('data', (text: Buffer) => (log += text.toString()));
    const stop = async (): Promise<void> => {
      child.kill('SIGTERM');
      await ended;
    };
    t.after(stop);
    await until(() => said.includes('ready') || child.exitCode !== null, 'the start');
    const url = /^ready (\S+)$/m.exec(said)?.[1] ?? assert.fail(log);
    listen = new URL(url).host;
    const port = Number(new URL(url).port);
    const admin = (method: 'GET' | 'POST', path: string, body?: object) =>
      callAdmin({ port, path: socketPath(join(folder, 'sallyport'), port) }, method, path, body);
    return {
      url,
      stop,
      log: () => log,
      async later(ms) {
        const before = said.length;
        child.stdin.write(`${ms}\n`);
        await until(() => said.includes('later', before), 'time to pass');
      },
      async undone() {
        const { layers } = (await admin('GET', '/status')).body as GateStatus; // what the gate itself makes
        return layers.filter((layer) => layer.undone).map(({ name }) => name);
      },
      async enforce(layer) {
        const { status } = await admin('POST', '/mode', { mode: 'enforce', acceptFound: false, rollout: '', layer });
        assert.equal(status, 200);
      },
    };
  }

  return {
    start,
    /** Somebody in a network of their own. */
    async person({ url }: Running, network: number): Promise<WireClient> {
      const target = parseTarget(`${url}/api/posts`);
      const sender = createSender(target, `127.0.1.${network}`);
      t.after(() => sender.close());
      const client = createWireClient(target, '/', sender);
      const { opened, why } = await client.open();
      assert.ok(opened, why);
      return client;
    },
  };
}

type Here = Awaited<ReturnType<typeof place>>;

const crowd = (here: Here, gate: Running, first: number, count: number): Promise<WireClient[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => here.person(gate, first + index)));

/** What a page sends whose script does not run: its cookie, and no proof. */
const unsigned = async (client: WireClient, path = '/api/posts'): Promise<number> => {
  const fields = [...client.headers(), 'X-Requested-With', 'app', 'Cookie', client.cookies()];
  return (await client.sender.send({ method: 'GET', target: path, fields, body: null })).status;
};

/** Each of them is refused twice, as a page that does not mend itself. */
async function failing(clients: readonly WireClient[], path = '/api/posts'): Promise<number[]> {
  const statuses: number[] = [];
  for (const client of clients) for (let i = 0; i < 2; i++) statuses.push(await unsigned(client, path));
  return [...new Set(statuses)];
}

const OPEN = { routes: [{ match: 'GET /api/posts', level: 'session' }] };
const CLOSED = { routes: [{ match: 'GET /api/posts' }, { match: 'GET /api/other' }] };

for (const workers of [1, 2]) {
  const what = workers === 1 ? 'a gate' : 'workers';
  test(`P3.4 a configuration that came with a restart and breaks pages is taken back, in ${what} and after the next restart`, async (t) => {
    const here = await place(t, { workers });
    const before = await here.start('1.0.0', OPEN, -10 * MINUTE);
    // However they fall upon two workers, one of these has three of them.
    const people = await crowd(here, before, 1, 5);
    for (const person of people) assert.equal(await unsigned(person), 200);
    await before.stop();

    const changed = await here.start('1.0.0', CLOSED, 0);
    // Whoever is there from before and keeps all connections on one worker is one page; so each comes often.
    for (let round = 0; round < workers * 4; round++) assert.deepEqual(await failing(people), [403]);
    assert.deepEqual(await changed.undone(), [], 'the first few are not all there are');
    await changed.later(11 * MINUTE);
    await until(async () => {
      await failing(people);
      return (await changed.undone()).includes('proof');
    }, 'the change to be taken back');
    for (const person of people) assert.notEqual(await unsigned(person), 403, 'as before');
    assert.equal(await unsigned(people[0] ?? assert.fail(), '/api/never'), 403, 'all else as the file says');
    assert.match(changed.log(), /proof refuses pages that worked before.*it goes on as it was before/);
    await changed.stop();

    const again = await here.start('1.0.0', CLOSED, 12 * MINUTE);
    assert.deepEqual(await again.undone(), ['proof']);
    await again.enforce('proof');
    assert.deepEqual([await again.undone(), await unsigned(people[0] ?? assert.fail())], [[], 403]);
    await again.later(11 * MINUTE);
    assert.deepEqual(await failing(people), [403]);
    assert.deepEqual(await again.undone(), [], 'somebody has decided');
    await again.stop();
    if (workers > 1) return;
    const mended = await here.start('1.0.0', { routes: [...CLOSED.routes, { match: 'GET /api/more' }] }, 30 * MINUTE);
    assert.deepEqual(await mended.undone(), []);
  });
}

test('P3.4 a new version that breaks pages lets those from before it be, and nobody else', async (t) => {
  const here = await place(t);
  const old = await here.start('1.0.0', {}, -10 * MINUTE);
  const people = await crowd(here, old, 1, 4);
  await old.stop();

  const upgraded = await here.start('1.1.0', {}, 0);
  const later = await here.person(upgraded, 9);
  assert.deepEqual(await failing(people), [403]);
  await upgraded.later(11 * MINUTE);
  await failing(people.slice(0, 1));
  assert.deepEqual(await upgraded.undone(), ['proof']);
  assert.match(upgraded.log(), /since the new version proof refuses.*it only records sessions from before/);
  for (const person of people) assert.equal(await unsigned(person), 200);
  assert.equal(await unsigned(later), 403, 'who came since is asked for all');
  assert.equal((await fetch(`${upgraded.url}/api/posts`)).status, 403, 'and so is who has no session');
  await upgraded.stop();

  const next = await here.start('1.1.1', {}, 13 * MINUTE);
  assert.deepEqual([await next.undone(), await unsigned(people[0] ?? assert.fail())], [[], 403]);
});

test('P3.4 disarm: a farm from before an upgrade does not get other sites’ pages in', async (t) => {
  const here = await place(t);
  const old = await here.start('1.0.0', {}, -10 * MINUTE);
  const farm = await crowd(here, old, 1, 6);
  const victim = await here.person(old, 20);
  await old.stop();

  const upgraded = await here.start('1.1.0', {}, 0);
  const foreign = async (client: WireClient): Promise<number> => {
    const { host } = new URL(upgraded.url);
    const fields = ['Host', host, 'Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'cors', 'Cookie', client.cookies()];
    return (await client.sender.send({ method: 'GET', target: '/api/posts', fields, body: null })).status;
  };
  await upgraded.later(11 * MINUTE);
  for (const client of farm) for (let i = 0; i < 3; i++) assert.equal(await foreign(client), 403);
  assert.deepEqual(await upgraded.undone(), []);
  assert.equal(await foreign(victim), 403, 'no other site’s page speaks for somebody else');
  assert.match(upgraded.log(), /site refuses pages.*nothing has changed here of late that could be undone/);
});

test('P3.4 side by side, what was taken back of a new version leaves the gate of the old one as it is', async (t) => {
  const here = await place(t);
  const old = await here.start('1.0.0', {}, -10 * MINUTE);
  const people = await crowd(here, old, 1, 4);
  const upgraded = await here.start('1.1.0', { listen: '127.0.0.1:0' }, 0);
  const moved = people.map((person, index) => {
    const sender = createSender(parseTarget(`${upgraded.url}/api/posts`), `127.0.1.${index + 1}`);
    t.after(() => sender.close());
    const { host } = new URL(upgraded.url);
    const fields = [
      'Host',
      host,
      'Sec-Fetch-Site',
      'same-origin',
      'Sec-Fetch-Mode',
      'cors',
      'Cookie',
      person.cookies(),
    ];
    return async () => (await sender.send({ method: 'GET', target: '/api/posts', fields, body: null })).status;
  });
  await upgraded.later(11 * MINUTE);
  for (const call of moved) for (let i = 0; i < 2; i++) await call();
  assert.deepEqual(await upgraded.undone(), ['proof']);
  assert.equal(await moved[0]?.(), 200);
  await until(() => old.log().includes('switched by another gate'), 'word of it at the other gate');
  assert.deepEqual([await old.undone(), await failing(people)], [[], [403]]);
});

test('P3.4 restarts in a row give a farm no new window, nor sessions that began after the change', async (t) => {
  const here = await place(t);
  await (await here.start('1.0.0', OPEN, -10 * MINUTE)).stop();
  const changed = await here.start('1.0.0', CLOSED, 0);
  await changed.later(2 * MINUTE);
  const farm = await crowd(here, changed, 1, 6);
  await changed.stop();
  const again = await here.start('1.0.0', CLOSED, 15 * MINUTE);
  await again.later(11 * MINUTE);
  assert.deepEqual(await failing(farm), [403]);
  assert.deepEqual(await again.undone(), []);
});
