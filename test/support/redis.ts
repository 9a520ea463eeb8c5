import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';

/** A Redis server of a test's own, on a free port of loopback. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Kills it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Holds it up, as a machine does that is out of breath, and lets it go on. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** @param settings such as `['--appendonly', 'yes']`. Nothing is kept over a restart unless they say so. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-redis-'));
  const port = await freePort();
  let server: ChildProcess | null = null;

  const start = async (): Promise<void> => {
    const given = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--loglevel', 'warning'];
    given.push('--repl-diskless-sync-delay', '0');
    const child = spawn('redis-server', [...given, ...settings], { stdio: ['ignore', 'ignore', 'inherit'] });
    server = child;
    const failed = once(child, 'error').then(([error]) => {
      throw new Error(`redis-server does not start: ${error}; install it, as by: apt-get install redis-server`);
    });
    await Promise.race([failed, answered(child, port)]);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const child = server;
    server = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };

  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    start,
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    async stop() {
      await end('SIGKILL');
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until it answers for good: it says LOADING before. */
async function answered(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    if ((await ask(port)).startsWith('+PONG')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.once('error', () => resolve(''));
  });
}

/** One that leaves room for a Cluster's own, 10,000 above. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = await anyPort();
    if (port < 55_000) return port;
  }
}

async function anyPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
