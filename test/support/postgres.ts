import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** A PostgreSQL server of a test's own, on a free port of loopback. */
export interface Postgres {
  readonly port: number;
  readonly password: string;
  /** URL of a new, empty database. */
  database(): string;
  /** Kills it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const USER = 'tester';

/** Makes a cluster in a temporary folder and starts it. */
export async function startPostgres(): Promise<Postgres> {
  const owner = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-postgres-'));
  const password = `secret-${process.pid}-of-the-database`;
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password);
  if (owner.uid !== undefined && owner.gid !== undefined) {
    for (const path of [folder, passwordFile]) chownSync(path, owner.uid, owner.gid);
  }
  const data = join(folder, 'data');
  const made = spawnSync(
    program('initdb'),
    [
      '-D',
      data,
      '-U',
      USER,
      '-E',
      'UTF8',
      '--locale=C',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--no-sync',
    ],
    { ...owner, cwd: folder, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || made.error?.message}`);
  const port = await freePort();
  let server: ChildProcess | null = null;
  let databases = 0;
  let starts = 0;

  const start = async (): Promise<void> => {
    // Into a file: a pipe that nobody reads while the test is busy would hold the server up.
    const log = join(folder, `log-${starts}`);
    starts += 1;
    const out = openSync(log, 'w');
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'max_connections=60'];
    const child = spawn(
      program('postgres'),
      ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      { ...owner, cwd: folder, stdio: ['ignore', out, out] },
    );
    closeSync(out);
    server = child;
    while (!readFileSync(log, 'utf8').includes('database system is ready to accept connections')) {
      if (child.exitCode !== null) throw new Error(`postgres ended: ${readFileSync(log, 'utf8')}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const child = server;
    server = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  const url = (name: string) => `postgres://${USER}:${password}@127.0.0.1:${port}/${name}`;

  await start();
  return {
    port,
    password,
    database() {
      databases += 1;
      const name = `records_${databases}`;
      const run = spawnSync(program('createdb'), ['-h', '127.0.0.1', '-p', String(port), '-U', USER, name], {
        env: { ...process.env, PGPASSWORD: password },
        encoding: 'utf8',
      });
      if (run.status !== 0) throw new Error(`createdb failed: ${run.stderr || run.error?.message}`);
      return url(name);
    },
    // Immediate shutdown: no checkpoint, connections are cut. SIGKILL would leave its children to end by themselves.
    kill: () => end('SIGQUIT'),
    start,
    async stop() {
      await end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root; then it runs as a user that may do nothing else. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (found === undefined) throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** A program of the PostgreSQL whose server the test run found, or the one in the path, or Debian's latest. */
function program(name: string): string {
  const named = process.env['SALLYPORT_POSTGRES'] ?? '';
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(named === '' ? [] : [dirname(named)]),
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`there is no ${name}; install PostgreSQL, as by: apt-get install postgresql`);
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
