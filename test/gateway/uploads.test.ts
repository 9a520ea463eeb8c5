import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Gate } from '../../src/gateway/gate.ts';
import type { Decision, StreamDigest } from '../../src/guard/decision.ts';
import { openRaw, startBackend, startTestGate, statusOf, until, wholeDigest } from './support.ts';

const MIB = 1024 * 1024;

/** What a backend took in: bytes, whether it saw the end, and their digest. */
interface Taken {
  bytes: number;
  ended: boolean;
  sha256: string;
}

async function startTaker(context: TestContext): Promise<{ url: string; taken: Taken }> {
  const taken: Taken = { bytes: 0, ended: false, sha256: '' };
  const hash = createHash('sha256');
  const { url } = await startBackend(context, (request, response) => {
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => {
      taken.bytes += chunk.length;
      hash.update(chunk);
    });
    request.on('end', () => {
      taken.ended = true;
      taken.sha256 = hash.digest('hex');
      response.end('taken');
    });
  });
  return { url, taken };
}

interface Sent {
  status: number;
  body: string;
}

/** Sends a body in pieces, keeping to the pace of the connection. */
function upload(gate: Gate, pieces: Iterable<Buffer>, length: number | null): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${gate.url}/api/up`, {
      method: 'POST',
      headers: length === null ? {} : { 'Content-Length': length },
    });
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    const iterator = pieces[Symbol.iterator]();
    const pump = (): void => {
      for (;;) {
        const { value, done } = iterator.next();
        if (done === true || request.destroyed) {
          request.end();
          return;
        }
        if (!request.write(value)) {
          request.once('drain', pump);
          return;
        }
      }
    };
    pump();
  });
}

function* piecesOf(total: number): Generator<Buffer> {
  for (let sent = 0; sent < total; sent += 256 * 1024) {
    yield Buffer.alloc(Math.min(256 * 1024, total - sent), sent / (256 * 1024));
  }
}

function digestOf(total: number, kind: StreamDigest['kind']): StreamDigest {
  const whole = Buffer.concat([...piecesOf(total)]);
  if (kind === 'whole') return wholeDigest(whole);
  const outer = createHash('sha256');
  for (let from = 0; from < whole.length; from += MIB) {
    outer.update(
      createHash('sha256')
        .update(whole.subarray(from, from + MIB))
        .digest(),
    );
  }
  return { kind, sha256: outer.digest() };
}

const saying = (part: Partial<Decision>) => ({ says: { decide: () => part } });

for (const kind of ['whole', 'slices'] as const) {
  for (const declared of [true, false]) {
    const name = `${kind} digest, ${declared ? 'declared length' : 'chunked'}`;
    const total = 3 * MIB + 4321;

    test(`R40 ${name}: a body that fits streams through`, async (context) => {
      const { url, taken } = await startTaker(context);
      const gate = await startTestGate(context, { to: url }, saying({ streamDigest: digestOf(total, kind) }));
      const { status, body } = await upload(gate, piecesOf(total), declared ? total : null);
      assert.equal(`${status} ${body}`, '200 taken');
      assert.equal(taken.bytes, total);
      assert.equal(
        taken.sha256,
        createHash('sha256')
          .update(Buffer.concat([...piecesOf(total)]))
          .digest('hex'),
      );
    });

    test(`R40 ${name}: one that does not is never completed at the backend, and is refused`, async (context) => {
      const { url, taken } = await startTaker(context);
      const faults: string[] = [];
      const gate = await startTestGate(
        context,
        { to: url },
        {
          ...saying({ streamDigest: digestOf(total + 1, kind) }),
          parts: { onDecision: (decision) => void (decision.outcome === 'refuse' && faults.push(decision.code)) },
        },
      );
      const { status, body } = await upload(gate, piecesOf(total), declared ? total : null);
      assert.equal(status, 403);
      assert.equal((JSON.parse(body) as { code: string }).code, 'digest');
      assert.equal(taken.ended, false);
      assert.ok(taken.bytes < total, 'the last chunk was held back');
      assert.deepEqual(faults, ['digest']);
    });
  }
}

test('a body longer than its route takes is stopped on the way: 413', async (context) => {
  const { url, taken } = await startTaker(context);
  const gate = await startTestGate(context, { to: url, maxBody: MIB });
  const { status, body } = await upload(gate, piecesOf(3 * MIB), null);
  assert.equal(status, 413);
  assert.equal((JSON.parse(body) as { code: string }).code, 'too-large');
  assert.equal(taken.ended, false);
});

test('R72 report mode stops no body on its way, whatever its length', async (context) => {
  const { url, taken } = await startTaker(context);
  const gate = await startTestGate(context, { to: url, maxBody: MIB, mode: 'report' });
  const { status } = await upload(gate, piecesOf(3 * MIB), null);
  assert.deepEqual([status, taken.bytes], [200, 3 * MIB]);
});

test('a backend that answers before it has read the upload: the answer arrives, the connection stays usable', async (context) => {
  const backend = await startBackend(context, (request, response) => {
    if (request.method === 'GET') response.end('again');
    else response.writeHead(409).end('early');
  });
  const gate = await startTestGate(context, { to: backend.url });
  const raw = openRaw(context, gate);
  const total = 4 * MIB;
  raw.socket.write(`POST /up HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${total}\r\n\r\n`);
  raw.socket.write(Buffer.alloc(total / 2));
  await raw.until(/HTTP\/1\.1 409[\s\S]*early/);
  raw.socket.write(Buffer.alloc(total / 2));
  raw.socket.write('GET /after HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await raw.until(/HTTP\/1\.1 200[\s\S]*again/);
});

test('many early answers leak no connection', async (context) => {
  const backend = await startBackend(context, (_request, response) => response.writeHead(409).end('early'));
  const gate = await startTestGate(context, { to: backend.url });
  for (let i = 0; i < 40; i += 1) {
    const { status } = await upload(gate, piecesOf(2 * MIB), 2 * MIB).catch(() => ({ status: 409 }));
    assert.equal(status, 409);
  }
  await until(() => gate.stats().requests === 0);
});

test('a client that leaves in the middle of an upload ends it at the backend', async (context) => {
  let left = false;
  const backend = await startBackend(context, (request) => {
    request.on('error', () => {});
    request.resume().on('close', () => {
      left = !request.complete;
    });
  });
  const gate = await startTestGate(context, { to: backend.url });
  const raw = openRaw(context, gate);
  raw.socket.write(`POST /up HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${8 * MIB}\r\n\r\n`);
  raw.socket.write(Buffer.alloc(MIB));
  await until(() => gate.stats().requests === 1);
  raw.socket.destroy();
  await until(() => left);
  await until(() => gate.stats().requests === 0);
});

test('a refused upload is answered at once, before its body has been read', async (context) => {
  const { url, taken } = await startTaker(context);
  const gate = await startTestGate(context, { to: url }, saying({ outcome: 'refuse', code: 'site', layer: 'site' }));
  const raw = openRaw(context, gate);
  raw.socket.write(`POST /up HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${64 * MIB}\r\n\r\n`);
  await raw.until(/"code":"site"/);
  assert.equal(statusOf(raw.text), 403);
  assert.equal(taken.bytes, 0);
});

test('P7.1 an upload moves at the backend’s pace: what the gate holds is bounded (the full gigabyte: npm run soak)', async (context) => {
  let resume: () => void = () => {};
  let bytes = 0;
  const backend = await startBackend(context, (request, response) => {
    resume = () => {
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      request.on('end', () => response.end('taken'));
    };
  });
  const total = 96 * MIB;
  const gate = await startTestGate(context, { to: backend.url });
  let produced = 0;
  const counted = function* (): Generator<Buffer> {
    for (const piece of piecesOf(total)) {
      produced += piece.length;
      yield piece;
    }
  };
  const sent = upload(gate, counted(), total);
  let before = -1;
  while (produced === 0 || before !== produced) {
    before = produced;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  assert.ok(produced < total / 3, `${produced} of ${total} bytes went in while the backend read nothing`);
  resume();
  assert.equal((await sent).status, 200);
  assert.equal(bytes, total);
});
