import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { Agent, request as httpRequest } from 'node:http';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createFrontend } from '../../src/gateway/frontend.ts';
import { manageLifecycle } from '../../src/gateway/lifecycle.ts';
import { createPages } from '../../src/gateway/page.ts';
import { openRaw, startBackend, startTestGate, until } from './support.ts';

/** Sends requests over kept-alive connections until told to stop; what went wrong is counted, never hidden. */
function load(context: TestContext, url: string, connections = 8): { stop(): Promise<Tally>; readonly tally: Tally } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const tally: Tally = { answered: 0, failed: [] };
  let running = true;
  // A test that fails half-way must not leave callers behind that keep its process alive.
  context.after(() => {
    running = false;
    agent.destroy();
  });
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const request = httpRequest(
        `${url}/work`,
        { agent, method: 'POST', headers: { 'Content-Length': 4 } },
        (response) => {
          response.resume();
          response.on('end', () => {
            if (response.statusCode === 200) tally.answered += 1;
            else tally.failed.push(`status ${response.statusCode}`);
            resolve();
          });
          response.on('error', (error) => {
            tally.failed.push(error.message);
            resolve();
          });
        },
      );
      request.on('error', (error) => {
        tally.failed.push(error.message);
        resolve();
      });
      request.end('body');
    });
  const worker = async (): Promise<void> => {
    while (running) await one();
  };
  const workers = Array.from({ length: connections }, worker);
  return {
    tally,
    async stop() {
      running = false;
      await Promise.all(workers);
      agent.destroy();
      return tally;
    },
  };
}

interface Tally {
  answered: number;
  readonly failed: string[];
}

const working = (context: TestContext) =>
  startBackend(context, (request, response) => {
    request.resume().on('end', () => setTimeout(() => response.end('done'), 3));
  });

test('a busy port is said in one line with what to do', async (context) => {
  const backend = await working(context);
  const first = await startTestGate(context, { to: backend.url });
  const listen = `127.0.0.1:${first.address.port}`;
  await assert.rejects(startTestGate(context, { to: backend.url, listen }), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'listen');
    assert.match(error.message, new RegExp(`^listen is ${listen}; something else listens there already.*--listen`));
    assert.equal(error.message.includes('\n'), false);
    return true;
  });
});

test('a reload under load loses no request, and a change of backend lets old answers finish', async (context) => {
  const backend = await working(context);
  const other = await startBackend(context, (request, response) => {
    request.resume().on('end', () => response.end('other'));
  });
  const gate = await startTestGate(context, { to: backend.url });
  const loading = load(context, gate.url);
  for (let i = 0; i < 20; i += 1) {
    const seen = loading.tally.answered;
    await until(() => loading.tally.answered > seen + 5 || loading.tally.failed.length > 0);
    gate.reload({ ...gate.config, to: i % 2 === 0 ? other.url : backend.url });
  }
  const { answered, failed } = await loading.stop();
  assert.deepEqual(failed, []);
  assert.ok(answered > 100);
});

test('a reload that cannot be taken leaves the old configuration in force', async (context) => {
  const backend = await working(context);
  const gate = await startTestGate(context, { to: backend.url });
  assert.throws(() => gate.reload({ ...gate.config, tls: { cert: '/nowhere', key: '/nowhere' } }));
  assert.equal((await fetch(`${gate.url}/work`)).status, 200);
  gate.setMode('report');
  assert.equal(gate.mode(), 'report');
});

test('a reload that names a folder which is not there changes neither policy nor backend', async (context) => {
  const backend = await working(context);
  const other = await startBackend(context, (_request, response) => response.end('other'));
  const gate = await startTestGate(
    context,
    { to: backend.url },
    { parts: { createPages: (guard) => createPages(guard), createFrontend } },
  );
  const changed = { ...gate.config, mode: 'report' as const, to: other.url, frontend: '/nowhere/at/all' };
  assert.throws(() => gate.reload(changed), { code: 'ENOENT' });
  assert.equal(gate.mode(), 'enforce');
  for (let i = 0; i < 3; i += 1) {
    const answer = await fetch(`${gate.url}/work`);
    assert.deepEqual([answer.status, await answer.text()], [200, 'done']);
  }
});

test('a stop finishes what is under way, takes no new connection, and closes kept-alive ones', async (context) => {
  let finish: () => void = () => {};
  const backend = await startBackend(context, (_request, response) => {
    response.write('begun ');
    finish = () => response.end('finished');
  });
  const gate = await startTestGate(context, { to: backend.url });
  const idle = openRaw(context, gate);
  await new Promise((resolve) => idle.socket.once('connect', resolve));
  const raw = openRaw(context, gate);
  raw.socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  await raw.until(/begun/);
  const closing = gate.close({ graceMs: 20_000 });
  await assert.rejects(fetch(`${gate.url}/new`));
  finish();
  await raw.until(/finished/);
  await closing;
  await idle.closed;
});

test('a request on a connection that was idle when the stop began is answered, and told to close', async (context) => {
  const backend = await working(context);
  const gate = await startTestGate(context, { to: backend.url });
  const raw = openRaw(context, gate);
  raw.socket.write('GET /one HTTP/1.1\r\nHost: a\r\n\r\n');
  await raw.until(/done/);
  const closing = gate.close({ graceMs: 20_000 });
  raw.socket.write('GET /two HTTP/1.1\r\nHost: a\r\n\r\n');
  await closing;
  await raw.closed;
  assert.equal(raw.text.match(/HTTP\/1\.1 200/g)?.length, 2);
  assert.match(raw.text, /connection: close/i);
});

test('a stop ends what will not end within its grace', async (context) => {
  const backend = await startBackend(context, (_request, response) => void response.write('for ever'));
  const gate = await startTestGate(context, { to: backend.url });
  const raw = openRaw(context, gate);
  raw.socket.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n');
  await raw.until(/for ever/);
  await gate.close({ graceMs: 50 });
  await raw.closed;
});

interface Program {
  readonly child: ChildProcess;
  readonly url: string;
  readonly pid: number;
  readonly lines: string[];
}

/** The gate as a process of its own. Its successors write to the same output. */
async function startProgram(context: TestContext, to: string): Promise<Program> {
  const script = fileURLToPath(new URL('programs/gate.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@sallyport/source', script, to], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  context.after(() => {
    child.kill('SIGKILL');
    for (const [, pid] of lines.join('\n').matchAll(/^ready \S+ (\d+)/gm)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended by itself, as it should.
      }
    }
  });
  await until(() => lines.some((line) => line.startsWith('ready ')) || child.exitCode !== null);
  const [, url = '', pid = ''] = (lines.find((line) => line.startsWith('ready ')) ?? '').split(' ');
  return { child, url, pid: Number(pid), lines };
}

test('SIGUSR2 under load: a new process takes over the port, the old one exits, no request is lost', async (context) => {
  const backend = await working(context);
  const program = await startProgram(context, backend.url);
  const loading = load(context, program.url);
  await until(() => loading.tally.answered > 50);
  const keys = async (): Promise<string> => (await fetch(`${program.url}/_sallyport/jwks.json`)).text();
  const before = await keys();
  for (let round = 1; round <= 2; round += 1) {
    const ready = program.lines.filter((line) => line.startsWith('ready ')).at(-1) ?? '';
    const pid = Number(ready.split(' ')[2]);
    process.kill(pid, 'SIGUSR2');
    await until(() => program.lines.some((line) => line === `stopped ${pid}`));
    const seen = loading.tally.answered;
    await until(() => loading.tally.answered > seen + 50 || loading.tally.failed.length > 0);
  }
  const { failed } = await loading.stop();
  assert.deepEqual(failed, []);
  assert.equal(await keys(), before, 'the secret was handed over, and with it every session');
  const ready = program.lines.filter((line) => line.startsWith('ready '));
  assert.equal(ready.length, 3);
  assert.equal(new Set(ready.map((line) => line.split(' ')[1])).size, 1, 'one address throughout');
  assert.equal(new Set(ready.map((line) => line.split(' ')[2])).size, 3, 'three processes');
});

test('SIGHUP reloads, SIGTERM stops with exit code 0', async (context) => {
  const backend = await working(context);
  const program = await startProgram(context, backend.url);
  process.kill(program.pid, 'SIGHUP');
  await until(() => program.lines.includes('say configuration reloaded'));
  assert.equal((await fetch(`${program.url}/work`)).status, 200);
  process.kill(program.pid, 'SIGTERM');
  await until(() => program.child.exitCode !== null);
  assert.equal(program.child.exitCode, 0);
});

for (const { name, terminal, stops } of [
  {
    name: 'where the terminal that it was started from is gone, SIGHUP stops it',
    terminal: [true, false],
    stops: true,
  },
  { name: 'where the terminal is still there, SIGHUP reloads', terminal: [true, true], stops: false },
  { name: 'where there never was a terminal, SIGHUP reloads', terminal: [false, false], stops: false },
])
  test(name, async (context) => {
    const backend = await working(context);
    const gate = await startTestGate(context, { to: backend.url });
    const seen = [...terminal];
    let reloads = 0;
    const lifecycle = manageLifecycle({
      gate,
      secret: 'x'.repeat(43),
      reload: () => reloads++,
      say: () => undefined,
      warn: () => undefined,
      atTerminal: () => seen.shift() ?? false,
    });
    context.after(() => lifecycle.stop());
    process.emit('SIGHUP', 'SIGHUP');
    if (stops) {
      await lifecycle.stopped;
      await assert.rejects(fetch(`${gate.url}/work`));
    } else {
      await until(() => reloads === 1);
      assert.equal((await fetch(`${gate.url}/work`)).status, 200);
    }
    assert.equal(reloads, stops ? 0 : 1);
  });
