import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createNodeHandler } from '../../src/adapters/node.ts';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { createRecords } from '../../src/gateway/records.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { createGuard } from '../../src/index.ts';
import { until } from './support.ts';

/** `_method` in the body of a POST, at the real gate: what it names is asked for as if the request line named it. */

const FORM = 'application/x-www-form-urlencoded';
const MIB = 1024 * 1024;
const FILE = Buffer.from(Uint8Array.from({ length: 20 * MIB }, (_, i) => i * 31 + (i >> 9)));

interface Taken {
  readonly target: string;
  readonly whole: boolean;
  readonly sha256: string;
  readonly bytes: number;
  readonly asserted: boolean;
}

const taken: Taken[] = [];
const asked: string[] = [];
/** Each test has an address of its own: what broke off in one may end during the next. */
let number = 0;
const takenHere = (): Taken[] => taken.filter(({ target }) => target.endsWith(`/${number}`));

/** A backend that keeps what came; `whole` where it saw the end. */
function take(message: IncomingMessage): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  const done = (whole: boolean): void => {
    taken.push({
      target: `${message.method} ${message.url}`,
      whole,
      bytes,
      sha256: hash.digest('hex'),
      asserted: message.headers['sallyport-assertion'] !== undefined,
    });
  };
  message.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  return new Promise((resolve) => {
    message.on('end', () => {
      done(true);
      resolve();
    });
    message.on('error', () => {});
    message.on('close', () => void (message.complete || done(false)));
  });
}

const may = (name: string) => (subject: { readonly id: string }) => {
  asked.push(`${name} ${subject.id}`);
  return subject.id === 'ann';
};

const CONFIG: Config = {
  mode: 'enforce',
  listen: '127.0.0.1:0',
  login: { identify: ({ header }) => (header('x-user') === '' ? null : { id: header('x-user') }) },
  routes: [
    { match: 'GET /api/posts/:id', level: 'open' },
    { match: 'POST /api/posts/:id', level: 'open' },
    { match: 'DELETE /api/posts/:id', level: 'site', contentTypes: [FORM, 'multipart/form-data'], can: may('delete') },
    { match: 'PUT /api/posts/:id', level: 'site', contentTypes: [FORM, 'multipart/form-data'], user: true },
    { match: 'POST /api/plain/:id', level: 'open' },
  ],
};

interface Call {
  readonly user?: string;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly target?: string;
  /** Sent without a length. */
  readonly chunked?: boolean;
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly id: string;
}

function post(url: string, body: readonly (Buffer | string)[], call: Call = {}): Promise<Answer> {
  const { user = '', type = FORM, headers = {}, target = '/api/posts/', chunked = false } = call;
  const pieces = body.map((piece) => Buffer.from(piece));
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}${target}${number}`, {
      method: 'POST',
      headers: {
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': 'cors',
        'x-requested-with': 'x',
        'content-type': type,
        ...(user === '' ? {} : { 'x-user': user }),
        ...(chunked ? {} : { 'content-length': String(length) }),
        ...headers,
      },
    });
    let answered = false;
    request.on('response', (response) => {
      answered = true;
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => {
        const problem = response.headers['content-type'] === 'application/problem+json' ? JSON.parse(text) : {};
        resolve({ status: response.statusCode ?? 0, code: problem.code ?? '', id: problem.id ?? '' });
      });
    });
    request.on('error', (error) => void (answered || reject(error)));
    const send = (index: number): void => {
      const piece = pieces[index];
      if (piece === undefined) return void request.end();
      request.write(piece, () => setImmediate(send, index + 1));
    };
    send(0);
  });
}

const LINE = '----sallyport7MA4YWxkTrZu0gW';
const MULTIPART = `multipart/form-data; boundary=${LINE}`;
const part = (head: string): string => `--${LINE}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`;
const upload = (before = '', pieces = 20): Buffer[] => [
  Buffer.from(before),
  Buffer.from(
    part('name="file"; filename="f.bin"').replace('\r\n\r\n', '\r\nContent-Type: application/octet-stream\r\n\r\n'),
  ),
  ...Array.from({ length: pieces }, (_, index) => FILE.subarray(index * MIB, (index + 1) * MIB)),
  Buffer.from('\r\n'),
];
const END = `--${LINE}--\r\n`;
const methodPart = (method: string): string => `${part('name="_method"')}${method}\r\n`;
const sha256 = (...pieces: readonly (Buffer | string)[]): string =>
  createHash('sha256')
    .update(Buffer.concat(pieces.map((piece) => Buffer.from(piece))))
    .digest('hex');

let backend: Server;
let to = '';

before(async () => {
  backend = createServer((message, response) => {
    void take(message).then(() => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  to = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
});
afterEach(() => {
  number += 1;
  taken.length = 0;
  asked.length = 0;
});
after(async () => {
  backend.closeAllConnections();
  await new Promise((resolve) => backend.close(resolve));
});

suite('P8.1 a form that names another method, at the gate', () => {
  let gate: Gate;
  const records = createRecords({ now: Date.now });
  before(async () => {
    gate = await startGate({ ...CONFIG, to }, { onDecision: records.add, onSettled: records.settled });
  });
  after(() => gate.close({ graceMs: 0 }));

  const bodies: readonly (readonly [string, readonly (Buffer | string)[], Call])[] = [
    ['a form', ['title=x&_method=delete'], {}],
    ['a form of unknown length', ['title=x&_me', 'thod=del', 'ete'], { chunked: true }],
    ['a form with escapes, cut into them', ['%5', 'Fmethod=%4', '4ELETE', '&x=1'], { chunked: true }],
    ['JSON', ['{"_method":"DELETE"}'], { type: 'application/json' }],
    ['a long form', [`text=${'x'.repeat(MIB)}`, '&_method=DELETE'], {}],
    ['a form of parts', [methodPart('delete'), END], { type: MULTIPART }],
    ['a long form of parts, at the end', [...upload(), methodPart('DELETE'), END], { type: MULTIPART }],
    ['a long form of parts, in front', [...upload(methodPart('DELETE'), 4), END], { type: MULTIPART }],
  ];

  for (const [name, body, call] of bodies) {
    test(`${name}: nobody, and somebody else, may not`, async () => {
      const nobody = await post(gate.url, body, call);
      assert.deepEqual([nobody.status, nobody.code], [401, 'login-required']);
      const other = await post(gate.url, body, { ...call, user: 'ben' });
      assert.deepEqual([other.status, other.code], [403, 'forbidden']);
      assert.deepEqual(asked, ['delete ben']);
      assert.equal(records.get(other.id)?.code, 'forbidden');
      assert.equal(records.get(other.id)?.route, 'DELETE /api/posts/:id');
      assert.ok(
        takenHere().every(({ whole }) => !whole),
        'the backend never got the whole of it',
      );
    });

    test(`honest, ${name}: whoever may gets it through, byte for byte`, async () => {
      assert.equal((await post(gate.url, body, { ...call, user: 'ann' })).status, 204);
      assert.deepEqual(
        takenHere().map(({ whole, sha256 }) => [whole, sha256]),
        [[true, sha256(...body)]],
      );
      assert.deepEqual(asked, ['delete ann'], 'asked once');
    });
  }

  test('a form that names several methods has to meet the rules of all', async () => {
    for (const body of ['_method=PUT&_method=DELETE', '_method=DELETE&_method=PUT'])
      for (const chunked of [false, true])
        assert.equal((await post(gate.url, [body], { user: 'ben', chunked })).code, 'forbidden');
    assert.equal((await post(gate.url, ['_method=PUT'], { user: 'ben' })).status, 204);
  });

  test('what cannot be told is refused, where it matters and nowhere else', async () => {
    const packed = gzipSync('_method=DELETE');
    const broken = [methodPart('x'), '--'];
    for (const [body, call, code] of [
      [[packed], { headers: { 'content-encoding': 'gzip' } }, 'content-type'],
      [[packed], { headers: { 'content-encoding': 'gzip' }, chunked: true }, 'content-type'],
      [[packed], { headers: { 'content-encoding': 'gzip' }, type: 'application/json' }, 'content-type'],
      [['a=1'], { type: `${FORM}; charset=utf-16` }, 'content-type'],
      [broken, { type: MULTIPART }, 'schema'],
      [broken, { type: MULTIPART, chunked: true }, 'schema'],
      [[...upload(), 'x', END], { type: MULTIPART }, 'schema'],
    ] as const) {
      assert.equal((await post(gate.url, body, call)).code, code);
      assert.ok(takenHere().every(({ whole }) => !whole));
      assert.equal((await post(gate.url, body, { ...call, target: '/api/plain/' })).status, 204);
      number += 1;
    }
    assert.equal((await post(gate.url, [packed], { type: 'application/octet-stream' })).status, 204);
  });

  test('honest: forms that name no other method pass as they are, whatever they say', async () => {
    for (const [body, call] of [
      [['title=x&text=_method%3Ddelete&method=DELETE'], {}],
      [['{"text":"\\"_method\\":\\"DELETE\\""}'], { type: 'application/json' }],
      [['_method=post'], {}],
      [['_method=patch'], {}],
      [[...upload(`${part('name="text"')}_method=delete\r\n`), END], { type: MULTIPART }],
      [[...upload(), END], { type: MULTIPART, chunked: true }],
      [['_method=DELETE'], { target: '/api/plain/' }],
      [['_method=DELETE'], { type: 'text/plain' }],
    ] as const) {
      assert.equal((await post(gate.url, body, call)).status, 204);
      assert.equal(takenHere().at(-1)?.sha256, sha256(...body));
    }
  });

  test('honest: a slow backend slows an upload that is looked through, and nothing piles up', async (context) => {
    let reading: IncomingMessage | null = null;
    const slow = createServer((message, response) => {
      reading = message;
      message.on('end', () => response.writeHead(204).end());
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const gated = await startGate({ ...CONFIG, to: `http://127.0.0.1:${(slow.address() as AddressInfo).port}` });
    context.after(async () => {
      await gated.close({ graceMs: 0 });
      slow.closeAllConnections();
      slow.close();
    });
    const head = upload()[1] ?? Buffer.alloc(0);
    const request = httpRequest(`${gated.url}/api/posts/1`, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': MULTIPART, 'content-length': String(head.length + 1024 * MIB) },
    });
    request.on('error', () => {});
    const chunk = Buffer.alloc(256 * 1024, 'x');
    let sent = 0;
    request.write(head);
    const pump = (): void => {
      while (sent < 1024 * MIB) {
        sent += chunk.length;
        if (!request.write(chunk)) return void request.once('drain', pump);
      }
    };
    pump();
    await until(() => reading !== null);
    let before = -1;
    let still = 0;
    await until(() => {
      still = sent === before ? still + 1 : 0;
      before = sent;
      return still === 40;
    });
    assert.ok(sent < 64 * MIB, `${sent} bytes were taken though nobody read them`);
    request.destroy();
  });
});

suite('P3.1 in report mode', () => {
  test('it is recorded what would have been refused, and nothing changes', async (context) => {
    const records = createRecords({ now: Date.now });
    const gate = await startGate(
      { ...CONFIG, mode: 'report', to },
      { onDecision: records.add, onSettled: records.settled },
    );
    context.after(() => gate.close({ graceMs: 0 }));
    const bodies: readonly (readonly [readonly (Buffer | string)[], Call, string])[] = [
      [['_method=delete'], { user: 'ben' }, 'forbidden'],
      [['_method=delete'], { user: 'ben', chunked: true }, 'forbidden'],
      [[...upload(), methodPart('DELETE'), END], { user: 'ben', type: MULTIPART }, 'forbidden'],
      [[methodPart('DELETE'), '--'], { type: MULTIPART }, 'schema'],
      [[methodPart('DELETE'), '--'], { type: MULTIPART, chunked: true }, 'login-required'],
      [[gzipSync('a')], { headers: { 'content-encoding': 'gzip' } }, 'content-type'],
    ];
    for (const [body, call, code] of bodies) {
      const count = records.latest(100).length;
      assert.equal((await post(gate.url, body, call)).status, 204);
      assert.equal(takenHere().at(-1)?.sha256, sha256(...body));
      const told = records.latest(100).slice(0, records.latest(100).length - count);
      assert.ok(
        told.some((record) => record.code === code && record.outcome === 'admit'),
        JSON.stringify(told),
      );
    }
  });
});

suite('P8.1 behind the middleware', () => {
  test('a body that the app reads breaks off before it names what the caller may not do', async (context) => {
    const decisions: Decision[] = [];
    const guard = await createGuard({ ...CONFIG, to: 'http://127.0.0.1:1', hosts: ['app.test'] });
    guard.onDecision((decision) => void decisions.push(decision));
    const server = createServer(
      createNodeHandler(guard, async (request, response) => {
        await take(request);
        response.writeHead(204).end();
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    context.after(async () => {
      server.closeAllConnections();
      server.close();
      await guard.close();
    });
    const headers = { host: 'app.test' };
    assert.equal((await post(url, ['_method=delete'], { headers, user: 'ben' })).code, 'forbidden');
    for (const [body, call] of [
      [['a=1&_met', 'hod=del', 'ete'], { chunked: true }],
      [[...upload(), methodPart('DELETE'), END], { type: MULTIPART }],
    ] as const) {
      await assert.rejects(post(url, body, { ...call, headers, user: 'ben' }));
      await until(() => takenHere().length > 0);
      assert.ok(takenHere().every(({ whole }) => !whole));
      assert.equal(decisions.at(-1)?.code, 'forbidden');
      number += 1;
      assert.equal((await post(url, body, { ...call, headers, user: 'ann' })).status, 204);
      assert.deepEqual(
        takenHere().map(({ whole, sha256 }) => [whole, sha256]),
        [[true, sha256(...body)]],
      );
      number += 1;
    }
  });
});
