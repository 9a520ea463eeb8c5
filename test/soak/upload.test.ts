import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const MIB = 1024 * 1024;
const TOTAL = 1024 * MIB;

/** What the gate may grow by while a gigabyte passes: a good part of it is garbage not collected yet. */
const GROWTH = 96 * MIB;

test('P7.1 an upload of one gigabyte with its digest checked on the fly passes in constant memory', async (context) => {
  let bytes = 0;
  const backend = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.end('taken'));
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  context.after(() => backend.close());
  const { port } = backend.address() as AddressInfo; // bound to TCP above
  const program = fileURLToPath(new URL('programs/digest-gate.ts', import.meta.url));
  const gate = fork(program, [`http://127.0.0.1:${port}`, String(TOTAL)], {
    execArgv: ['--conditions=@sallyport/source'],
  });
  context.after(() => gate.kill());
  const { url, resident: before } = await told<{ url: string; resident: number }>(gate);
  let most = 0;
  gate.on('message', ({ resident }: { resident: number }) => {
    most = Math.max(most, resident);
  });
  assert.equal(await upload(url), 200);
  assert.equal(bytes, TOTAL);
  assert.ok(most > 0, 'the gate told its size while the upload ran');
  assert.ok(most - before < GROWTH, `grew by ${Math.round((most - before) / MIB)} MiB`);
});

function told<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => child.once('message', (message) => resolve(message as T))); // our own program
}

function upload(url: string): Promise<number> {
  const piece = Buffer.alloc(MIB, 'u');
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/api/up`, { method: 'POST', headers: { 'Content-Length': TOTAL } });
    request.on('error', reject);
    request.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    let sent = 0;
    const pump = (): void => {
      while (sent < TOTAL) {
        sent += MIB;
        if (!request.write(piece)) {
          request.once('drain', pump);
          return;
        }
      }
      request.end();
    };
    pump();
  });
}
