import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { at, backend, desk, listening, portOf, until } from './support.ts';

const QUIET = ['--log', 'silent'];

test('the gate says what it protects, where, and that nothing is blocked', async (t) => {
  const { url } = await backend(t);
  const { gate } = desk(t);
  const { report } = await gate('--to', url, '--listen', '0', ...QUIET);
  assert.equal(report.mode, 'report');
  assert.equal(report.to, url);
  assert.deepEqual(report.protect, ['/api/**']);
  assert.match(report.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal((await fetch(`${report.url}/api/posts`)).status, 200);
});

test('P1.2 in enforce mode a plain call gets 403 as a problem document', async (t) => {
  const { url, requests } = await backend(t);
  const { gate } = desk(t);
  const { report } = await gate('--to', url, '--listen', '0', '--mode', 'enforce', ...QUIET);
  const answer = await fetch(`${report.url}/api/posts`);
  assert.equal(answer.status, 403);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  const problem: unknown = await answer.json();
  assert.deepEqual(
    [at(problem, 'code'), typeof at(problem, 'id'), typeof at(problem, 'docs')],
    ['entry-required', 'string', 'string'],
  );
  assert.equal(requests.length, 0);
});

test('the banner of report mode says in plain words that nothing is blocked and what to try next', async (t) => {
  const { url } = await backend(t);
  const { out } = await stopAfterBanner(t, '--to', url, '--listen', '0', '--log', 'silent');
  assert.match(out, /NOTHING IS BLOCKED/);
  assert.match(out, /sallyport enforce/);
  assert.match(out, /sallyport status/);
  assert.ok(!out.includes('\u001b['), 'no colours without a terminal');
});

test('the banner of plain HTTP says INSECURE (P4.2)', async (t) => {
  const { url } = await backend(t);
  const { out } = await stopAfterBanner(t, '--to', url, '--listen', '0', '--insecure-http', '--log', 'silent');
  assert.match(out, /INSECURE/);
});

/** Runs a gate with words instead of JSON until its banner stands there. */
async function stopAfterBanner(t: Parameters<typeof desk>[0], ...args: string[]): Promise<{ out: string }> {
  const { start } = desk(t);
  const { child, out } = start(...args);
  await until(() => out().includes('Ctrl-C'), 'the banner');
  child.kill('SIGTERM');
  return { out: out() };
}

test('a busy port is one line that says how to choose another', async (t) => {
  const { url } = await backend(t);
  const server = await listening(createServer());
  t.after(() => server.close());
  const { code, err } = await desk(t).run('--to', url, '--listen', `127.0.0.1:${portOf(server)}`);
  assert.equal(code, 2);
  assert.match(err, new RegExp(`${portOf(server)}.*--listen HOST:PORT`));
  assert.equal(err.trimEnd().split('\n').length, 1, err);
});

test('a port held by a gate of ours is named as such', async (t) => {
  const { url } = await backend(t);
  const { gate, run } = desk(t);
  const { report } = await gate('--to', url, '--listen', '0', ...QUIET);
  const { code, err } = await run('--to', url, '--listen', report.listen);
  assert.equal(code, 2);
  assert.match(err, /it is a Sallyport gate/);
});

test('SIGTERM ends the gate with exit code 0 and nothing is left behind', async (t) => {
  const { url } = await backend(t);
  const { gate, runtime, folder, run } = desk(t);
  const running = await gate('--to', url, '--listen', '0', ...QUIET);
  const sockets = (): string[] =>
    readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sock'));
  assert.equal(sockets().length, 1);
  assert.equal(await running.stop(), 0);
  assert.deepEqual(sockets(), []);
  assert.deepEqual(readdirSync(folder), []);
  assert.equal((await run('status')).code, 2);
});

test('SIGHUP takes a changed file into force, and a broken one leaves the old in force', async (t) => {
  const { url } = await backend(t);
  const { gate, write } = desk(t);
  const path = write('sallyport.config.ts', `export default { to: '${url}', listen: '127.0.0.1:0', mode: 'enforce' };`);
  const { report, child, err } = await gate('--log', 'info');
  const status = async (where: string): Promise<number> => (await fetch(report.url + where)).status;
  assert.deepEqual([await status('/api/hook'), await status('/api/posts')], [403, 403]);
  writeFileSync(path, `export default { to: '${url}', listen: '127.0.0.1:0', mode: 'enforce', open: ['/api/hook'] };`);
  child.kill('SIGHUP');
  await until(async () => (await status('/api/hook')) === 200, 'the exception');
  assert.equal(await status('/api/posts'), 403);
  writeFileSync(path, 'export default { to: 5 };');
  child.kill('SIGHUP');
  await until(() => err().includes('to is 5'), 'a word about the broken file');
  assert.deepEqual([await status('/api/hook'), await status('/api/posts')], [200, 403]);
});

test('a reload does not undo a live switch that the file does not speak of', async (t) => {
  const { url } = await backend(t);
  const { gate, write, json, run } = desk(t);
  write('sallyport.config.ts', `export default { to: '${url}', listen: '127.0.0.1:0', mode: 'enforce' };`);
  const { child, err } = await gate('--log', 'info');
  assert.equal((await run('report')).code, 0);
  child.kill('SIGHUP');
  await until(() => /reloaded|read again/.test(err()), 'the reload');
  assert.equal(at((await json('status')).value, 'mode'), 'report');
});

test('SIGUSR2 hands over to a new process; mode and port stay', async (t) => {
  const { url } = await backend(t);
  const { gate, json, run } = desk(t);
  const running = await gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'info');
  assert.equal((await run('report')).code, 0);
  const pid = async (): Promise<unknown> => at((await json('status')).value, 'pid');
  const before = await pid();
  // Between the two processes there may be nobody to ask.
  const answering = (): Promise<unknown> => pid().catch(() => before);
  running.child.kill('SIGUSR2');
  try {
    await until(async () => (await answering()) !== before, 'the successor');
    assert.equal(at((await json('status')).value, 'mode'), 'report');
    assert.equal((await fetch(`${running.report.url}/api/posts`)).status, 200);
    await until(() => running.child.exitCode !== null, 'the end of the process that was replaced');
  } finally {
    // No child of this test: whatever became of the rest, it must not stay.
    const successor = await answering();
    if (typeof successor === 'number' && successor !== before) process.kill(successor, 'SIGTERM');
  }
});

test('metrics listen on an address of their own', async (t) => {
  const { url } = await backend(t);
  const { gate } = desk(t);
  const { report } = await gate('--to', url, '--listen', '0', '--metrics', '127.0.0.1:0', ...QUIET);
  await fetch(`${report.url}/api/posts`);
  const text = await (await fetch(`http://${report.metrics}/metrics`)).text();
  assert.match(text, /sallyport_would_refuse_total\{code="entry-required",layer="proof"/);
});
