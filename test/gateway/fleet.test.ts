import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RawRequest } from '../../src/lab/http.ts';
import { at } from '../cli/support.ts';
import { codeOf, type Fleet, startApi, startFleetOf, until } from './fleet-support.ts';

const CALL = { method: 'GET' };

/** So many connections at once come to every worker, all but surely. */
const AT_ONCE = 16;

const workersIn = (lines: readonly Record<string, unknown>[]): number[] =>
  [...new Set(lines.flatMap(({ worker }) => (typeof worker === 'number' ? [worker] : [])))].sort();

test('R49 a captured request sent to all workers at once is admitted once, and the page’s next call passes', async (t) => {
  const api = await startApi(t);
  const fleet = await startFleetOf(t, api.url);
  const client = await fleet.client();
  for (let round = 1; round <= 20; round++) {
    const captured = client.sign(CALL);
    const codes = await Promise.all(Array.from({ length: AT_ONCE }, async () => codeOf(await fleet.send(captured))));
    assert.deepEqual(codes.toSorted(), ['admit', ...Array(AT_ONCE - 1).fill('replayed')], `round ${round}`);
    assert.equal(codeOf(await fleet.send(client.sign(CALL))), 'admit');
    assert.equal(api.calls, 2 * round);
  }
  await until(() => String(workersIn(fleet.lines())) === '1,2', 'it was both that refused');
});

test('workers have one build of the page’s script between them, made once, and pages of it get in at all', async (t) => {
  const api = await startApi(t);
  const fleet = await startFleetOf(t, api.url, { config: `export default { builds: 'release' };` });
  const client = await fleet.client();
  const answers = Array.from({ length: AT_ONCE }, async () => codeOf(await fleet.send(client.sign(CALL))));
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['admit']));
  const plain = Array.from({ length: AT_ONCE }, async () => fetch(`${fleet.url}/api/posts`, { headers: FRESH }));
  assert.deepEqual(new Set((await Promise.all(plain)).map(({ status }) => status)), new Set([403]));
  await until(() => String(workersIn(fleet.lines())) === '1,2', 'it was both that answered');
  assert.equal(fleet.lines().filter(({ msg }) => msg === 'script: a build was made, for all workers').length, 1);
});

test('a switch reaches all workers before the command is answered; what all counted is one sum', async (t) => {
  const api = await startApi(t);
  const fleet = await startFleetOf(t, api.url, { flags: { metrics: '127.0.0.1:0' } });
  const plain = async (): Promise<number[]> =>
    Promise.all(
      Array.from({ length: AT_ONCE }, async () => (await fetch(`${fleet.url}/api/posts`, { headers: FRESH })).status),
    );
  assert.deepEqual(new Set(await plain()), new Set([403]));
  assert.equal((await fleet.admin('POST', '/mode', { mode: 'report' })).status, 200);
  assert.deepEqual(new Set(await plain()), new Set([200]));
  assert.equal((await fleet.admin('POST', '/mode', { mode: 'enforce' })).status, 200);
  assert.deepEqual(new Set(await plain()), new Set([403]));
  await until(() => String(workersIn(fleet.lines())) === '1,2', 'all were asked');

  const { body: status } = await fleet.admin('GET', '/status');
  assert.equal(at(status, 'mode'), 'enforce');
  assert.equal(at(status, 'summary', 'requests'), 3 * AT_ONCE);
  assert.equal(at(status, 'summary', 'refused'), 2 * AT_ONCE);
  assert.equal(at(status, 'summary', 'wouldRefuse'), AT_ONCE);
  // One visitor, however many of the workers have seen it.
  assert.equal(at(status, 'summary', 'sessions'), 1);
  const latest = at(status, 'latest');
  assert.ok(Array.isArray(latest) && latest.length === 3 * AT_ONCE);
  for (const one of latest) {
    assert.equal((await fleet.admin('GET', `/why/${at(one, 'id')}`)).status, 200, 'whichever worker decided');
  }
  assert.equal((await fleet.admin('GET', '/why/AAAAAAAAAAAAAAAA')).status, 404);

  const { body: metrics } = await fleet.admin('GET', '/metrics');
  assert.match(
    String(metrics),
    /sallyport_decisions_total\{outcome="refuse",code="entry-required",route="[^"]+"\} 32\n/,
  );
  assert.match(String(metrics), /^sallyport_workers 2$/m);
  assert.match(String(metrics), /^sallyport_state\{of="sessions"\} 0$/m);
});

const FRESH = { connection: 'close' };

test('sessions are known to all workers, and revoked at all of them, open streams among them', async (t) => {
  const api = await startApi(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: begun\n\n');
  });
  const fleet = await startFleetOf(t, api.url);
  const sessions = async (): Promise<unknown> => at((await fleet.admin('GET', '/sessions')).body, 'sessions');
  const person = await fleet.client();
  const label = at(await sessions(), 0, 'label');
  const other = await fleet.client();
  assert.equal(at(await sessions(), 'length'), 2);
  const open = await Promise.all(Array.from({ length: AT_ONCE }, () => openStream(fleet, person.sign(CALL))));
  const stays = await openStream(fleet, other.sign(CALL));
  assert.equal((await fleet.admin('POST', '/sessions/revoke', { label })).status, 200);
  assert.equal((await fleet.admin('POST', '/sessions/revoke', { label })).status, 409, 'it is known no more');
  await Promise.all(open.map(({ closed }) => closed));
  assert.equal(stays.socket.destroyed, false);
  assert.equal(codeOf(await fleet.send(other.sign(CALL))), 'admit');
  const codes = await Promise.all(
    Array.from({ length: AT_ONCE }, async () => codeOf(await fleet.send(person.sign(CALL)))),
  );
  assert.deepEqual(new Set(codes), new Set(['stale']));
  assert.equal(at(await sessions(), 'length'), 1);
  stays.socket.destroy();
});

interface OpenStream {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
}

/** A stream on a connection of its own, of which the first event has come. */
async function openStream({ port }: Fleet, { method, target, fields }: RawRequest): Promise<OpenStream> {
  const stream = request({ host: '127.0.0.1', port, method, path: target, headers: [...fields], agent: false }).end();
  const [response] = await once(stream, 'response');
  await once(response, 'data');
  const closed = new Promise((resolve) => response.on('close', resolve));
  // Broken off, as it should be.
  response.on('error', () => {});
  response.resume();
  return { socket: response.socket, closed };
}

test('a worker that dies under load is replaced; the others answer, and nothing that was captured passes again', async (t) => {
  const api = await startApi(t);
  const fleet = await startFleetOf(t, api.url, { config: DEADLY });
  const client = await fleet.client('/api/posts');
  const captured = client.sign(CALL);
  assert.equal(codeOf(await fleet.send(captured)), 'admit');
  let running = true;
  const codes = new Map<string, number>();
  const load = async (): Promise<void> => {
    while (running) {
      const code = codeOf(await fleet.send(client.sign(CALL)));
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  const callers = Array.from({ length: 4 }, load);
  for (let deaths = 1; deaths <= 3; deaths++) {
    const admitted = codes.get('admit') ?? 0;
    assert.notEqual(
      codeOf(
        await fleet.send({ method: 'GET', target: '/api/die', fields: ['Host', new URL(fleet.url).host], body: null }),
      ),
      'admit',
    );
    await until(
      () => fleet.lines().filter(({ msg }) => String(msg).endsWith('answers again')).length === deaths,
      'a new one',
    );
    await until(() => (codes.get('admit') ?? 0) > admitted + 5, 'calls pass');
  }
  running = false;
  await Promise.all(callers);
  const again = await Promise.all(Array.from({ length: AT_ONCE }, async () => codeOf(await fleet.send(captured))));
  // By the counters that were used since it may lie too far back to be told from others.
  assert.deepEqual(
    again.filter((code) => code !== 'replayed' && code !== 'stale-nonce'),
    [],
  );
  // What was under way with the dead is lost; nobody was refused.
  for (const code of codes.keys()) assert.ok(['admit', 'ECONNRESET', 'ECONNREFUSED'].includes(code), code);
  const { body: metrics } = await fleet.admin('GET', '/metrics');
  assert.match(String(metrics), /^sallyport_workers 2$/m);
  assert.match(String(metrics), /^sallyport_workers_replaced 3$/m);
});

/** The app's own code in the gate ends the thread it runs in. A function cannot be copied: workers read the file. */
const DEADLY = `export default {
  records: 'sqlite:./records.sqlite',
  login: { identify: ({ path }) => (path === '/api/die' ? process.exit(7) : null) },
  routes: [{ match: 'GET /api/posts' }, { match: 'GET /api/die', level: 'open', user: true }],
};`;

test('a worker that hangs in the app’s own code is ended and started again; the other answers meanwhile', async (t) => {
  const api = await startApi(t);
  const fleet = await startFleetOf(t, api.url, { config: HANGING });
  const client = await fleet.client('/api/posts');
  const captured = client.sign(CALL);
  assert.equal(codeOf(await fleet.send(captured)), 'admit');
  const host = ['Host', new URL(fleet.url).host];
  const hung = fleet.send({ method: 'GET', target: '/api/hang', fields: host, body: null });
  const isAbout = (text: string) => fleet.lines().some(({ msg, error }) => `${msg} ${error}`.includes(text));

  // Half of all connections come to the one that hangs, and wait there; those of the other pass all the while.
  let passed = 0;
  const load = async (): Promise<void> => {
    while (!isAbout('answers again')) {
      const call = fleet.send(client.sign(CALL)).then((answer) => {
        if (codeOf(answer) === 'admit') passed += 1;
      });
      await Promise.race([call, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
  };
  await Promise.all([load(), until(() => isAbout('answers again'), 'a new one')]);
  assert.ok(passed > 5, `${passed} calls passed while one hung`);
  assert.notEqual(codeOf(await hung), 'admit', 'what was under way with it breaks off');
  assert.ok(isAbout('it has not answered for 10 s'), 'the log says why');

  const again = await Promise.all(Array.from({ length: AT_ONCE }, async () => codeOf(await fleet.send(captured))));
  assert.deepEqual(new Set(again), new Set(['replayed']), 'all answer, and what was captured passes nowhere');
  const { body: status } = await fleet.admin('GET', '/status');
  assert.deepEqual(at(status, 'workers'), { answering: 2, replaced: 1, hung: 1 });
  const { body: metrics } = await fleet.admin('GET', '/metrics');
  assert.match(String(metrics), /^sallyport_workers_hung 1$/m);
});

test('a gate one of whose workers hangs stops all the same', async (t) => {
  const api = await startApi(t);
  const fleet = await startFleetOf(t, api.url, { config: HANGING });
  const host = ['Host', new URL(fleet.url).host];
  const hung = fleet.send({ method: 'GET', target: '/api/hang', fields: host, body: null });
  await until(async () => {
    const answered = fleet.send({ method: 'GET', target: '/hung', fields: host, body: null });
    return Promise.race([
      answered.then(() => false),
      new Promise<boolean>((resolve) => setTimeout(resolve, 500, true)),
    ]);
  }, 'one does not answer');
  fleet.child.kill('SIGTERM');
  await fleet.ended;
  assert.equal(fleet.child.exitCode, 0);
  assert.notEqual(codeOf(await hung), 'admit');
});

/** One function of the app's own, in the gate, that never returns. */
const HANGING = `export default {
  records: 'sqlite:./records.sqlite',
  login: { identify: ({ path }) => { while (path === '/api/hang'); return null; } },
  routes: [{ match: 'GET /api/posts' }, { match: 'GET /api/hang', level: 'open', user: true }],
};`;

test('a broken configuration changes no worker; a changed one changes all', async (t) => {
  const api = await startApi(t);
  const fleet = await startFleetOf(t, api.url, { config: rowsFor('/api/posts') });
  const file = join(fleet.folder, 'sallyport.config.ts');
  const codesOf = async (): Promise<Set<string>> =>
    new Set(
      await Promise.all(Array.from({ length: AT_ONCE }, async () => codeOf(await fleet.send(client.sign(CALL))))),
    );
  const client = await fleet.client();
  assert.deepEqual(await codesOf(), new Set(['admit']));
  writeFileSync(file, 'export default { routes: 3 };');
  const { status, body } = await fleet.admin('POST', '/reload', {});
  assert.equal(status, 409);
  assert.match(String(at(body, 'error')), /routes/);
  assert.deepEqual(await codesOf(), new Set(['admit']));
  writeFileSync(file, rowsFor('/api/other'));
  const reloaded = await fleet.admin('POST', '/reload', {});
  assert.equal(reloaded.status, 200, String(at(reloaded.body, 'error')));
  assert.deepEqual(await codesOf(), new Set(['forbidden']));
  writeFileSync(file, rowsFor('/api/posts').replace('{', '{ workers: 3,'));
  assert.match(String(at((await fleet.admin('POST', '/reload', {})).body, 'error')), /workers is 3; .*restart/);
});

const rowsFor = (path: string): string => `export default {
  records: 'sqlite:./records.sqlite',
  login: { jwt: { issuer: 'app', audience: 'app', secret: 'a secret of at least thirty-two characters' } },
  routes: [{ match: 'GET ${path}' }, { match: 'POST /api/write', can: () => true }],
};`;

test('bans by hand hold at all workers, and end there', async (t) => {
  const api = await startApi(t);
  const fleet = await startFleetOf(t, api.url);
  const client = await fleet.client();
  const codesOf = async (): Promise<string[]> => [
    ...new Set(
      await Promise.all(Array.from({ length: AT_ONCE }, async () => codeOf(await fleet.send(client.sign(CALL))))),
    ),
  ];
  assert.deepEqual(await codesOf(), ['admit']);
  const { body: ban } = await fleet.admin('POST', '/bans', { kind: 'prefix', value: '127.0.0.1' });
  await until(async () => String(await codesOf()) === 'banned', 'all refuse');
  assert.equal((await fleet.admin('POST', '/bans/lift', { id: at(ban, 'id') })).status, 200);
  await until(async () => String(await codesOf()) === 'admit', 'all admit');
  const { body: audit } = await fleet.admin('GET', '/audit');
  assert.deepEqual(
    (at(audit, 'rows') as { action: string }[]).map(({ action }) => action),
    ['ban.lift', 'ban.add'],
  );
});

test('SIGTERM ends what is idle, finishes what is under way, and leaves nothing', async (t) => {
  const waiting: (() => void)[] = [];
  const api = await startApi(t, (_request, response) => waiting.push(() => response.end('done')));
  const fleet = await startFleetOf(t, api.url);
  const client = await fleet.client();
  const open = Array.from({ length: 8 }, () => fleet.send(client.sign(CALL)));
  await until(() => waiting.length === 8, 'all are under way');
  fleet.child.kill('SIGTERM');
  await until(() => fleet.lines().some(({ msg }) => String(msg).startsWith('stopping')), 'it stops');
  for (const end of waiting) end();
  assert.deepEqual(new Set((await Promise.all(open)).map(codeOf)), new Set(['admit']));
  await fleet.ended;
  assert.equal(fleet.child.exitCode, 0);
  assert.equal(existsSync(join(fleet.runtime, 'sallyport')), false);
  assert.deepEqual(readdirSync(fleet.folder), []);
});

test('a kill of the process leaves nothing that is in the way of the next', async (t) => {
  const api = await startApi(t);
  const fleet = await startFleetOf(t, api.url);
  fleet.child.kill('SIGKILL');
  await fleet.ended;
  assert.deepEqual(readdirSync(fleet.folder), []);
  const next = await startFleetOf(t, api.url, { flags: { listen: `127.0.0.1:${fleet.port}` } });
  const client = await next.client();
  assert.equal(codeOf(await next.send(client.sign(CALL))), 'admit');
});
