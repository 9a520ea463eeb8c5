import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { type Kysely, sql } from 'kysely';
import { SallyportError } from '../../../src/guard/errors.ts';
import { type Records, RecordsError } from '../../../src/guard/records.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import type { Backend } from '../../../src/stores/records/backend.ts';
import { createRecordsOn } from '../../../src/stores/records/index.ts';
import { createRecords } from '../../../src/stores/records/open.ts';
import { openSqlite } from '../../../src/stores/sqlite/open.ts';
import { event, login, newKey, SECRET, START } from '../../contract/records/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-sqlite-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = (): string => join(folder, `records-${files++}.sqlite`);
const open = (path: string, options: object = {}) => createRecords(`sqlite:${path}`, { secret: SECRET, ...options });
const code = (wanted: string) => (error: unknown) => error instanceof RecordsError && error.code === wanted;

test('the file and what SQLite lays beside it are closed to others', {
  skip: process.platform === 'win32',
}, async (t) => {
  const path = newFile();
  writeFileSync(path, '');
  chmodSync(path, 0o644);
  const records = await open(path);
  t.after(() => records.close());
  await records.logins.put(login());
  const beside = readdirSync(folder).filter((name) => join(folder, name).startsWith(path));
  assert.ok(beside.length >= 2, 'there is a log beside it');
  for (const name of beside) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
});

const text = (content: string): string => {
  const path = newFile();
  writeFileSync(path, content);
  return path;
};
const aFolder = (): string => {
  const path = newFile();
  mkdirSync(path);
  return path;
};

const openFolder = (): string => {
  const path = aFolder();
  chmodSync(path, 0o777);
  return path;
};

const UNUSABLE: readonly { readonly name: string; readonly path: () => string; readonly says: RegExp }[] = [
  {
    name: 'in a folder that there is not',
    path: () => join(folder, 'none', 'x.sqlite'),
    says: /there is no folder .*none; make it first/,
  },
  { name: 'in a folder that is a file', path: () => join(text(''), 'x.sqlite'), says: /is not a folder/ },
  { name: 'that is a folder', path: aFolder, says: /that is a folder; name a file in it/ },
  {
    name: 'in a folder where anybody may write',
    path: () => join(openFolder(), 'x.sqlite'),
    says: /any user of this machine may write in .*; run: chmod o-w/,
  },
  {
    name: 'that is no database',
    path: () => text('just some words, long enough to look like a header'),
    says: /is not a database/,
  },
];
for (const { name, path, says } of UNUSABLE) {
  test(`a file ${name} is refused at the start, with what to do`, async () => {
    await assert.rejects(open(path()), (error: unknown) => {
      assert.ok(error instanceof SallyportError && error.code === 'records', String(error));
      assert.match(error.message, /^records are sqlite:/);
      assert.match(error.message, says);
      return true;
    });
  });
}

test('a folder or file that this user may not write is refused at the start', {
  skip: process.platform === 'win32',
}, async () => {
  const outer = mkdtempSync(join(tmpdir(), 'sallyport-closed-'));
  const file = join(outer, 'mine.sqlite');
  writeFileSync(file, '', { mode: 0o400 });
  chmodSync(outer, 0o555);
  // Root may write everywhere: for as long as this takes the process is nobody.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    for (const path of [join(outer, 'new.sqlite'), file]) {
      await assert.rejects(
        open(path),
        /this user may not write there; give it the right to write in .*sallyport-closed-/,
      );
    }
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(outer, 0o755);
    rmSync(outer, { recursive: true, force: true });
  }
});

test('where another process holds the database, reads go on, writes wait and then say busy, and nothing is half-written', async (t) => {
  const path = newFile();
  const records = await open(path, { busyMs: 100 });
  t.after(() => records.close());
  const put = login({ expires: Date.now() + 60_000 });
  await records.logins.put(put);
  const other = new DatabaseSync(path);
  t.after(() => other.close());
  other.exec('begin immediate');
  const writing = records.audit.append(event());
  assert.equal((await records.logins.get(put.sessionHash))?.subject, 'ada', 'while a write waits');
  await assert.rejects(writing, code('busy'));
  await assert.rejects(records.logins.remove(put.sessionHash), code('busy'));
  assert.deepEqual(await records.audit.list(), []);
  other.exec('commit');
  assert.equal((await records.audit.append(event())).number, 1);
  assert.equal(await records.logins.remove(put.sessionHash), true);
});

test('a write that waits for another process gets its turn, and the gate does not stand still meanwhile', async (t) => {
  const path = newFile();
  const records = await open(path);
  t.after(() => records.close());
  const other = new DatabaseSync(path);
  t.after(() => other.close());
  other.exec('begin immediate');
  const writing = records.audit.append(event());
  // Were the thread held up by the wait, this would never come to run before it ends.
  await new Promise((resolve) => setImmediate(resolve));
  other.exec('commit');
  assert.equal((await writing).number, 1);
});

test('a call inside a transaction of the same database says busy instead of waiting for itself, and never happens', async (t) => {
  for (const url of ['memory', `sqlite:${newFile()}`]) {
    const records = await createRecords(url, { secret: SECRET, busyMs: 50 });
    t.after(() => records.close());
    await records.sql.db.transaction().execute(async () => {
      await assert.rejects(records.audit.append(event()), code('busy'));
    });
    await records.audit.append(event({ action: 'second' }));
    assert.deepEqual(
      (await records.audit.list()).map(({ action }) => action),
      ['second'],
    );
  }
});

async function fill(records: Records): Promise<unknown> {
  for (let round = 0; round < 100_000; round++) {
    try {
      await records.logins.put(login({ content: new Uint8Array(2000), expires: START + 1 }));
    } catch (error) {
      return error;
    }
  }
  return null;
}

test('a full disk says full, reads go on, and there is room again once something went', async (t) => {
  const path = newFile();
  const clock = { wall: () => START, monotonic: () => performance.now() };
  const records = await open(path, { maxPages: 80, clock });
  t.after(() => records.close());
  await records.audit.append(event());
  assert.ok(code('full')(await fill(records)));
  const kept = await records.logins.list();
  await assert.rejects(records.logins.put(login({ content: new Uint8Array(200_000) })), code('full'));
  assert.equal((await records.logins.list()).length, kept.length, 'nothing half-written');
  assert.equal((await records.audit.verify()).ok, true);
  await records.logins.removeAll({ source: 'accounts' }).catch(() => {});
  const deleted = new DatabaseSync(path);
  deleted.exec('delete from sallyport_logins');
  deleted.close();
  await records.logins.put(login());
  assert.equal((await records.logins.list()).length, 1);
});

test('a process that is killed in the middle of its writes leaves nothing half-written', async () => {
  const path = newFile();
  let acknowledged = 0;
  for (let turn = 0; turn < 4; turn++) {
    const child = spawn(
      process.execPath,
      [
        '--conditions=@sallyport/source',
        '--disable-warning=ExperimentalWarning',
        join(import.meta.dirname, 'programs', 'writer.ts'),
        `sqlite:${path}`,
        String(turn * 1_000_000),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let said = '';
    child.stdout.setEncoding('utf8');
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error('the writer ended by itself')));
      child.stdout.on('data', (part: string) => {
        said += part;
        if (said.split('\n').length > 20 + turn * 7) resolve();
      });
    });
    child.removeAllListeners('exit');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    acknowledged += said.split('\n').length - 1;
  }
  const records = await open(path);
  try {
    const report = await records.audit.verify();
    assert.equal(report.ok, true);
    assert.ok(report.rows >= acknowledged, `${report.rows} rows, ${acknowledged} acknowledged`);
    const keys = new Map((await records.keys.list()).map((key) => [key.id, key]));
    for (const [id, { replacedBy }] of keys) {
      if (id.endsWith('-a')) assert.equal(replacedBy !== '', keys.has(id.replace('-a', '-b')), id);
      else assert.equal(keys.get(id.replace('-b', '-a'))?.replacedBy, id);
    }
  } finally {
    await records.close();
  }
  const check = new DatabaseSync(path);
  assert.deepEqual({ ...check.prepare('pragma integrity_check').get() }, { integrity_check: 'ok' });
  check.close();
});

test('errors at run time hold no value of a row, and the file no secret in clear', async (t) => {
  const path = newFile();
  const records = await open(path);
  t.after(() => records.close());
  const planted = { hash: 'planted-hash-value', note: 'planted-note' };
  await records.keys.addAccount({ id: 'partner', name: '', contact: '' });
  const key = newKey({ material: { kind: 'bearer', hash: planted.hash }, note: planted.note });
  await records.keys.issue(key);
  const errors: unknown[] = [];
  const caught = (error: unknown) => void errors.push(error);
  await records.keys.issue({ ...key, id: 'other' }).catch(caught);
  const wrong = new DatabaseSync(path);
  wrong.exec('drop table sallyport_usage; drop table sallyport_bans');
  wrong.close();
  await records.keys.count([{ key: planted.hash, day: planted.note, requests: 1, refused: 1 }]).catch(caught);
  await records.bans.add({ kind: 'key', value: planted.hash, reason: planted.note, by: '', until: 0 }).catch(caught);
  assert.equal(errors.length, 3);
  for (const error of errors) {
    assert.ok(error instanceof Error);
    const whole = `${error.stack} ${JSON.stringify(error)} ${String(error.cause ?? '')}`;
    assert.ok(!whole.includes('planted'), whole);
  }
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (statSync(file).isFile()) assert.ok(!readFileSync(file).includes(SECRET), name);
  }
});

test('an older schema is brought up to date and keeps what it has', async () => {
  const path = newFile();
  const before = await open(path);
  await before.audit.append(event());
  await before.close();
  const older = new DatabaseSync(path);
  older.exec(
    'drop table sallyport_objects; drop table sallyport_spending; drop table sallyport_signals; update sallyport_schema set version = 1',
  );
  older.close();
  await (await open(path)).close();
  const between = new DatabaseSync(path);
  between.exec(`insert into sallyport_objects values ('POST /api/posts', '7', 'accounts:ada', 1);
    drop index sallyport_objects_owner; drop table sallyport_spending; drop table sallyport_signals; update sallyport_schema set version = 2`);
  between.close();
  const records = await open(path);
  assert.equal(await records.objects.ownerOf('POST /api/posts', '7'), 'accounts:ada');
  assert.deepEqual([(await records.audit.verify()).rows, (await records.audit.verify()).ok], [1, true]);
  await records.close();
  const now = new DatabaseSync(path);
  assert.deepEqual({ ...now.prepare('select count(*) as rows from sallyport_schema').get() }, { rows: 1 });
  assert.deepEqual({ ...now.prepare('select count(*) as rows from sallyport_objects').get() }, { rows: 1 });
  now.close();
});

test('R51 counters that strangers move hold up nobody for a disk, and whatever else is written is on it', async (t) => {
  const backend = openSqlite({ path: newFile() });
  let hurried = 0;
  const watched: Backend = {
    ...backend,
    hurried(write) {
      hurried++;
      return backend.hurried(write);
    },
  };
  const records = await createRecordsOn(watched, { secret: SECRET, clock: systemClock, instance: 'one' });
  t.after(() => records.close());
  // 1: a commit waits for no disk; 2: each does.
  const level = async (db: Pick<Kysely<never>, 'getExecutor'>): Promise<number | undefined> =>
    (await sql<{ synchronous: number }>`pragma synchronous`.execute(db)).rows[0]?.synchronous;
  await records.attempts.add('a stranger', 1000);
  assert.equal(hurried, 1);
  await records.attempts.block('a stranger', 1);
  await records.logins.put(login());
  await records.bans.add({ kind: 'key', value: 'k', reason: '', by: 'a', until: 0 });
  assert.equal(hurried, 1);
  const inside = backend.hurried((db) => db.transaction().execute(level));
  const beside = backend.writer.transaction().execute(level);
  assert.deepEqual([await inside, await beside], [1, 2], 'at once, and neither in the other’s');
  await assert.rejects(
    backend.hurried(() => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await level(backend.writer), 2);
});
