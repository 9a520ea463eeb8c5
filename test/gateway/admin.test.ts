import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type AdminActions, openAdmin } from '../../src/gateway/admin.ts';
import { type AdminCall, AdminRefusal, type AdminSwitch, type AuditEntry } from '../../src/gateway/admin-route.ts';
import { callAdmin, findGate, NoSuchGate, runningGates } from '../../src/gateway/admin-client.ts';
import { listenInFolder } from '../../src/gateway/admin-socket.ts';
import { prepareFolder, runtimeFolder, socketPath } from '../../src/gateway/runtime-folder.ts';
import { RecordsError } from '../../src/guard/records.ts';

const base = mkdtempSync(join(tmpdir(), 'admin-'));
after(() => rmSync(base, { recursive: true, force: true }));
let folders = 0;
const newFolder = (): string => join(base, `f${folders++}`);

function actions(changes: Partial<AdminActions> = {}): AdminActions & { audited: AuditEntry[] } {
  const audited: AuditEntry[] = [];
  return {
    audited,
    status: () => ({ mode: 'report' }),
    why: (id) => (id === 'known' ? { id } : null),
    routes: () => ({ seen: [] }),
    mode: ({ mode }) => ({ mode }),
    reload: () => ({ reloaded: true }),
    metrics: async () => 'sallyport_x 1\n',
    audit: (entry) => void audited.push(entry),
    ...changes,
  };
}

test('a second terminal finds the gate and asks it everything', async () => {
  const folder = newFolder();
  const admin = await openAdmin({ port: 4000, actions: actions(), folder });
  const gate = await findGate(0, folder);
  assert.equal(gate.port, 4000);
  assert.deepEqual(await callAdmin(gate, 'GET', '/status'), { status: 200, body: { mode: 'report' } });
  assert.deepEqual(await callAdmin(gate, 'GET', '/why/known'), { status: 200, body: { id: 'known' } });
  assert.equal((await callAdmin(gate, 'GET', '/why/other')).status, 404);
  assert.deepEqual(await callAdmin(gate, 'GET', '/routes'), { status: 200, body: { seen: [] } });
  assert.deepEqual(await callAdmin(gate, 'GET', '/metrics'), { status: 200, body: 'sallyport_x 1\n' });
  assert.deepEqual(await callAdmin(gate, 'POST', '/mode', { mode: 'enforce', acceptFound: true }), {
    status: 200,
    body: { mode: 'enforce' },
  });
  assert.deepEqual(await callAdmin(gate, 'POST', '/reload'), { status: 200, body: { reloaded: true } });
  assert.equal((await callAdmin(gate, 'GET', '/mode')).status, 404, 'no GET changes anything');
  await admin.close();
});

test('every switch is audited, also one that was refused', async () => {
  const folder = newFolder();
  const parts = actions({
    mode() {
      throw new AdminRefusal('the page would break', { routes: ['GET /api/a'] });
    },
  });
  const admin = await openAdmin({ port: 4000, actions: parts, folder, now: () => 0 });
  const gate = await findGate(0, folder);
  const refused = await callAdmin(gate, 'POST', '/mode', { mode: 'enforce' });
  assert.deepEqual(refused, { status: 409, body: { error: 'the page would break', routes: ['GET /api/a'] } });
  await callAdmin(gate, 'POST', '/reload');
  const time = '1970-01-01T00:00:00.000Z';
  const expected = [
    { time, action: 'mode', target: '', details: 'enforce', outcome: 'refused' },
    { time, action: 'reload', target: '', details: '', outcome: 'done' },
  ];
  assert.deepEqual(parts.audited, expected);
  assert.deepEqual(admin.trail, expected);
  await admin.close();
});

const BAD: readonly { name: string; body: object; status: number }[] = [
  { name: 'an unknown mode', body: { mode: 'off' }, status: 409 },
  { name: 'no mode', body: {}, status: 409 },
  { name: 'a list', body: [], status: 409 },
  { name: 'a body without end', body: { mode: 'report', padding: 'x'.repeat(10_000) }, status: 409 },
];
for (const { name, body, status } of BAD) {
  test(`a switch is refused: ${name}`, async () => {
    const folder = newFolder();
    const admin = await openAdmin({ port: 4000, actions: actions(), folder });
    assert.equal((await callAdmin(await findGate(0, folder), 'POST', '/mode', body)).status, status);
    await admin.close();
  });
}

test('a fault inside an action is an answer, and the gate lives', async () => {
  const folder = newFolder();
  const broken = actions({
    status() {
      throw new Error('broken');
    },
  });
  const admin = await openAdmin({ port: 4000, actions: broken, folder });
  const gate = await findGate(0, folder);
  assert.deepEqual(await callAdmin(gate, 'GET', '/status'), { status: 500, body: { error: 'broken' } });
  assert.equal((await callAdmin(gate, 'GET', '/routes')).status, 200);
  await admin.close();
});

test('records that cannot be written are answered 503 with their code, and what was tried is audited', async () => {
  const folder = newFolder();
  const parts = actions();
  const routes = [
    {
      method: 'POST' as const,
      path: '/bans',
      action: 'ban.add',
      act({ body, about }: AdminSwitch) {
        about(String(body['value']), '');
        throw new RecordsError('full', 'there is no room for more records on the disk');
      },
    },
    { method: 'GET' as const, path: '/bans', look: () => null, missing: 'no ban of this id' },
    { method: 'GET' as const, path: '/one/', look: ({ rest, query }: AdminCall) => ({ rest, a: query.getAll('a') }) },
  ];
  const admin = await openAdmin({ port: 4000, actions: parts, routes, folder, now: () => 0 });
  const gate = await findGate(0, folder);
  assert.deepEqual(await callAdmin(gate, 'POST', '/bans', { value: 'x' }), {
    status: 503,
    body: { error: 'there is no room for more records on the disk', code: 'full' },
  });
  assert.deepEqual(parts.audited, [
    { time: '1970-01-01T00:00:00.000Z', action: 'ban.add', target: 'x', details: '', outcome: 'failed' },
  ]);
  assert.deepEqual(await callAdmin(gate, 'GET', '/bans?x=1'), { status: 404, body: { error: 'no ban of this id' } });
  assert.deepEqual((await callAdmin(gate, 'GET', '/one/two/three?a=1&a=%26')).body, {
    rest: 'two/three',
    a: ['1', '&'],
  });
  assert.equal((await callAdmin(gate, 'GET', '/one/')).status, 404);
  assert.equal((await callAdmin(gate, 'POST', '/one/two')).status, 404);
  await admin.close();
});

test('the socket is for its user alone, and gone when the gate stops', async () => {
  const folder = newFolder();
  const admin = await openAdmin({ port: 4000, actions: actions(), folder });
  assert.equal(statSync(admin.path).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  await admin.close();
  assert.equal(existsSync(folder), false, 'nor is the folder left behind');
});

test('several gates: one must be named, and the message lists them', async () => {
  const folder = newFolder();
  const one = await openAdmin({ port: 4000, actions: actions(), folder });
  const other = await openAdmin({ port: 4001, actions: actions(), folder });
  await assert.rejects(findGate(0, folder), (error: unknown) => {
    assert.ok(error instanceof NoSuchGate);
    assert.match(error.message, /4000, 4001.*--listen/);
    return error.running.length === 2;
  });
  assert.equal((await findGate(4001, folder)).port, 4001);
  await assert.rejects(findGate(4002, folder), /no gate is running on port 4002/);
  await one.close();
  await other.close();
  await assert.rejects(findGate(0, folder), /no gate of this user is running/);
  assert.deepEqual(await runningGates(join(base, 'never-made')), []);
});

test('a socket that a killed gate left is passed over, and taken by the next one', async () => {
  const folder = newFolder();
  mkdirSync(folder, { mode: 0o700 });
  const path = socketPath(folder, 4000);
  const script = join(base, 'killed.mjs');
  writeFileSync(
    script,
    `import { createServer } from 'node:net'; createServer().listen(${JSON.stringify(path)}, () => process.send('up'));`,
  );
  const child = fork(script);
  await once(child, 'message');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(existsSync(path));
  assert.deepEqual(await runningGates(folder), []);
  const admin = await openAdmin({ port: 4000, actions: actions(), folder });
  assert.equal((await findGate(0, folder)).port, 4000);
  await admin.close();
  assert.equal(existsSync(path), false);
});

test('a rolling upgrade hands the name over: the older gate does not take it away', async () => {
  const folder = newFolder();
  const older = await openAdmin({ port: 4000, actions: actions({ status: () => ({ who: 'older' }) }), folder });
  const newer = await openAdmin({ port: 4000, actions: actions({ status: () => ({ who: 'newer' }) }), folder });
  await older.close();
  assert.deepEqual((await callAdmin(await findGate(0, folder), 'GET', '/status')).body, { who: 'newer' });
  await newer.close();
  assert.equal(existsSync(folder), false);
});

test('a folder that others can open, or that is a link, is refused', async () => {
  const open = newFolder();
  mkdirSync(open);
  chmodSync(open, 0o755);
  await assert.rejects(openAdmin({ port: 4000, actions: actions(), folder: open }), /chmod 700/);
  const target = newFolder();
  mkdirSync(target, { mode: 0o700 });
  const link = newFolder();
  symlinkSync(target, link);
  await assert.rejects(openAdmin({ port: 4000, actions: actions(), folder: link }), /is not a folder/);
});

test('the folder is the user’s own, wherever the system keeps it', () => {
  assert.equal(runtimeFolder({ XDG_RUNTIME_DIR: '/run/user/1000' }, 'linux'), '/run/user/1000/sallyport');
  assert.match(runtimeFolder({}, 'linux'), /\/sallyport-\d+$/);
  assert.match(runtimeFolder({ XDG_RUNTIME_DIR: 'relative' }, 'linux'), /\/sallyport-\d+$/);
  assert.equal(runtimeFolder({}, 'win32'), '');
  assert.equal(socketPath('', 4000, 'ann'), '\\\\.\\pipe\\sallyport-ann-4000');
});

test('a socket that never answers does not hold a search up', async (t) => {
  const folder = newFolder();
  mkdirSync(folder, { mode: 0o700 });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socketPath(folder, 4000), resolve));
  t.after(() => server.close());
  assert.equal((await runningGates(folder)).length, 1, 'it takes connections, so it is running');
});

test('a gate that starts while another one leaves, and takes the empty folder with it, has its socket all the same', async (context) => {
  const folder = newFolder();
  const path = join(folder, '4000.sock');
  const server = createServer();
  context.after(() => server.close());
  let left = 0;
  await listenInFolder(server, path, () => {
    prepareFolder(folder);
    if (left++ < 3) rmdirSync(folder);
  });
  assert.equal(left, 4);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('where the folder never stays, the gate says so and does not try for ever', async () => {
  const path = join(base, 'nowhere', '4000.sock');
  await assert.rejects(
    listenInFolder(createServer(), path, () => {}),
    /EACCES.*nowhere/,
  );
});
