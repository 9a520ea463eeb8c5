import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { formatReport, LabError, runLab } from '../../src/lab/index.ts';
import { PRICES } from '../../src/lab/prices.ts';

async function withServer(listener: RequestListener, run: (origin: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await run(`http://127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('where no gate answers, the report says that nothing is blocked, and calls nothing stopped', async () => {
  const backend: RequestListener = (_request, response) => void response.end('[]');
  await withServer(backend, async (origin) => {
    const report = await runLab(`${origin}/api`, { calls: 2, later: 0.1, chromium: null });
    assert.equal(report.gate, false);
    assert.equal(report.nothingBlocked, true);
    assert.match(formatReport(report), /NOTHING IS BLOCKED: no gate answers at this address/);
    for (const rung of report.rungs) assert.notEqual(rung.verdict, 'stopped', rung.name);
    assert.equal(report.rungs.find((rung) => rung.name === 'replay')?.verdict, 'not run');
  });
});

test('a backend that refuses everybody by itself is no gate that stops', async () => {
  const backend: RequestListener = (_request, response) =>
    void response.writeHead(403, { 'Content-Type': 'application/problem+json' }).end('{"title":"no","status":403}');
  await withServer(backend, async (origin) => {
    const report = await runLab(`${origin}/api`, { calls: 2, later: 0.1, chromium: null });
    assert.equal(report.nothingBlocked, true);
    for (const rung of report.rungs) assert.notEqual(rung.verdict, 'stopped', rung.name);
  });
});

test('answers that never end do not hold the run: what its time does not reach was not run', async () => {
  const backend: RequestListener = (_request, response) =>
    void response.writeHead(200, { 'Content-Type': 'text/plain' }).write('and so on');
  await withServer(backend, async (origin) => {
    const report = await runLab(`${origin}/api`, { calls: 50, seconds: 2, later: 0.1, chromium: null });
    assert.ok(report.rungs.some((rung) => rung.why === 'the time of this run was up'));
    assert.ok(report.rungs.every((rung) => rung.tried < 50));
    assert.ok(report.stillPossible.some((line) => line.includes('the time of this run was up')));
  });
});

test('an address where nothing listens, and options out of range, are errors in one line', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const url = `http://127.0.0.1:${port}/api`;
  const rows = [
    [url, {}, 'unreachable'],
    ['http://example.com/api', {}, 'not-loopback'],
    [url, { calls: 0 }, 'option'],
    [url, { seconds: Number.NaN }, 'option'],
    [url, { method: 'get it' }, 'option'],
    [url, { page: 'index.html' }, 'option'],
    [url, { prices: { ...PRICES, coreHour: -1 } }, 'option'],
    [url, { prices: { ...PRICES, personHour: Number.POSITIVE_INFINITY } }, 'option'],
    [url, { prices: { ...PRICES, currency: 'Euros' } }, 'option'],
  ] as const;
  for (const [target, options, code] of rows) {
    await assert.rejects(
      () => runLab(target, options),
      (error: unknown) => error instanceof LabError && error.code === code && !error.message.includes('\n'),
      `${target} ${JSON.stringify(options)}`,
    );
  }
});
