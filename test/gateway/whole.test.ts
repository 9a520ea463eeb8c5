import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { createLog } from '../../src/gateway/log.ts';
import { createMetrics } from '../../src/gateway/metrics.ts';
import { createRecords } from '../../src/gateway/records.ts';
import { createSender, field, type RawAnswer, type Sender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';

/** The gate as people run it, in front of a backend that knows nothing of it. */

const PAGE = '<!doctype html><html><head><title>app</title></head><body>hello</body></html>';
const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';

const backend: RequestListener = (request, response) => {
  const path = (request.url ?? '').split('?')[0];
  const html = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' };
  switch (path) {
    case '/':
      if (request.headers['if-none-match'] === '"v1"')
        return void response.writeHead(304, { etag: '"v1"', ...html }).end();
      return void response.writeHead(200, { ...html, etag: '"v1"', 'content-length': PAGE.length }).end(PAGE);
    case '/dated':
      if (request.headers['if-modified-since'] === MODIFIED) return void response.writeHead(304, html).end();
      return void response.writeHead(200, { ...html, 'last-modified': MODIFIED }).end(PAGE);
    case '/coded':
      return void response
        .writeHead(200, { ...html, 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
        .end(gzipSync(PAGE));
    case '/slow':
      response.writeHead(200, html).write('<!doctype html><html><head>');
      return void continues.push(() => response.end('<title>later</title>'));
    case '/file':
      return void response
        .writeHead(200, {
          'content-type': 'text/html',
          'content-disposition': 'attachment',
          etag: '"f"',
          'accept-ranges': 'bytes',
        })
        .end(PAGE);
    case '/image':
      return void response
        .writeHead(200, { 'content-type': 'image/png', etag: '"i"', 'set-cookie': ['a=1', 'b=2'], 'x-own': 'é' })
        .end('png');
    case '/teapot':
      return void response.writeHead(418, "I'm a teapot", { 'content-type': 'text/plain' }).end('short');
    default:
      response.writeHead(200, { 'content-type': 'application/json' });
      return void response.end('{"ok":true}');
  }
};
const continues: (() => void)[] = [];

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Told {
  readonly lines: string[];
  readonly records: ReturnType<typeof createRecords>;
  readonly metrics: ReturnType<typeof createMetrics>;
}

async function start(to: string, mode: 'report' | 'enforce', told: Told): Promise<Gate> {
  const log = createLog({
    readable: false,
    level: 'debug',
    destination: { write: (line) => void told.lines.push(line) },
  });
  return startGate(
    { to, mode, listen: '127.0.0.1:0' },
    {
      onDecision(decision, view) {
        told.records.add(decision, view);
        told.metrics.decided(decision);
        log.decided(decision, view);
      },
    },
  );
}

const toldFresh = (): Told => ({
  lines: [],
  records: createRecords({ now: Date.now }),
  metrics: createMetrics(() => ({ entries: 0, sessions: 0, bytes: 0, capacity: 0 })),
});

function get(sender: Sender, authority: string, target: string, fields: readonly string[] = []): Promise<RawAnswer> {
  return sender.send({ method: 'GET', target, fields: ['Host', authority, ...fields], body: null });
}

const NAVIGATION = [
  'Accept',
  'text/html,application/xhtml+xml,*/*;q=0.8',
  'Accept-Encoding',
  'gzip, br',
  'Sec-Fetch-Dest',
  'document',
  'Sec-Fetch-Mode',
  'navigate',
  'Sec-Fetch-Site',
  'none',
];
const FETCH = ['Accept', '*/*', 'Sec-Fetch-Dest', 'empty', 'Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Site', 'same-origin'];

/** Pieces of an answer's body as they come. */
async function* openStream(port: number, path: string): AsyncGenerator<string, string> {
  const headers = { accept: 'text/html', 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' };
  const [answer] = await once(request({ port, host: '127.0.0.1', path, headers }).end(), 'response');
  for await (const piece of answer) yield String(piece);
  return '';
}

for (const mode of ['report', 'enforce'] as const) {
  describe(`a whole gate in ${mode} mode`, () => {
    const server = createServer(backend);
    const told = toldFresh();
    let gate: Gate;
    let direct: Sender;
    let through: Sender;
    let backendAt: ReturnType<typeof parseTarget>;
    let gateAt: ReturnType<typeof parseTarget>;

    before(async () => {
      const to = await listening(server);
      gate = await start(to, mode, told);
      backendAt = parseTarget(to);
      gateAt = parseTarget(`http://127.0.0.1:${gate.address.port}`);
      direct = createSender(backendAt);
      through = createSender(gateAt);
    });
    after(async () => {
      direct.close();
      through.close();
      await gate.close({ graceMs: 0 });
      server.close();
      server.closeAllConnections();
    });

    const page = (target: string, fields: readonly string[] = []): Promise<RawAnswer> =>
      get(through, gateAt.authority, target, [...NAVIGATION, ...fields]);
    const text = (answer: RawAnswer): string => Buffer.from(answer.body).toString();
    const tag = (): string => gate.guard.scriptTag('');
    const changed = (): string => PAGE.replace('<head>', `<head>${tag()}`);

    test('a page has its tag, a stamp, and no length that is wrong', async () => {
      const answer = await page('/');
      assert.equal(answer.status, 200);
      assert.equal(text(answer), changed());
      assert.match(field(answer.fields, 'set-cookie'), /^__Host-sallyport-stamp=/);
      assert.equal(field(answer.fields, 'cache-control'), 'private, no-cache');
      const length = field(answer.fields, 'content-length');
      assert.ok(length === '' || Number(length) === answer.body.length);
      const head = await through.send({
        method: 'HEAD',
        target: '/',
        fields: ['Host', gateAt.authority, ...NAVIGATION],
        body: null,
      });
      assert.equal(field(head.fields, 'etag'), field(answer.fields, 'etag'));
      assert.notEqual(field(head.fields, 'content-length'), String(PAGE.length));
    });

    test('a page in gzip stays in gzip', async () => {
      const answer = await page('/coded');
      assert.equal(field(answer.fields, 'content-encoding'), 'gzip');
      assert.equal(gunzipSync(answer.body).toString(), changed());
    });

    test('P7.5 what the browser has is 304, by tag and by date, and comes with a fresh stamp', async () => {
      for (const target of ['/', '/dated']) {
        const first = await page(target);
        const again = await page(target, ['If-None-Match', field(first.fields, 'etag')]);
        assert.equal(again.status, 304, target);
        assert.match(field(again.fields, 'set-cookie'), /^__Host-sallyport-stamp=/);
      }
      assert.equal((await page('/', ['If-None-Match', '"v1"'])).status, 200, 'a page from before the gate');
      assert.equal((await page('/dated', ['If-Modified-Since', MODIFIED])).status, 200, 'a page from before the gate');
    });

    test('a page that is streamed leaves piece by piece, its tag with the first', async () => {
      let seen = '';
      const pieces = openStream(gateAt.port, '/slow');
      while (!seen.includes('</script>')) seen += (await pieces.next()).value;
      assert.equal(seen, `<!doctype html><html><head>${tag()}`);
      continues.pop()?.();
      for await (const piece of pieces) seen += piece;
      assert.equal(seen, `<!doctype html><html><head>${tag()}<title>later</title>`);
    });

    /** What the gate may change in an answer that is not a page: nothing of it reaches the app. */
    const OF_THE_HOP = ['date', 'connection', 'keep-alive', 'transfer-encoding', 'content-length'];
    const OURS = ['sallyport-decision', 'vary', 'access-control-expose-headers', 'strict-transport-security'];
    const essential = (answer: RawAnswer): string[] => {
      const kept: string[] = [];
      for (let at = 0; at + 1 < answer.fields.length; at += 2) {
        const name = (answer.fields[at] ?? '').toLowerCase();
        if (!OF_THE_HOP.includes(name) && !OURS.includes(name)) kept.push(`${name}: ${answer.fields[at + 1]}`);
      }
      return kept.sort();
    };

    const same = ['/image', '/teapot', '/file', '/other.json', ...(mode === 'report' ? ['/api/posts'] : [])];
    for (const target of same) {
      test(`P3.1 ${target} is what the backend sent: status, body, fields`, async () => {
        const there = await get(direct, backendAt.authority, target, FETCH);
        const here = await get(through, gateAt.authority, target, FETCH);
        assert.equal(here.status, there.status);
        assert.deepEqual(Buffer.from(here.body), Buffer.from(there.body));
        assert.deepEqual(essential(here), essential(there));
      });
    }

    test('P9.1 R71 R22 of a real exchange nothing secret is in log, records or metrics, and ids agree', async () => {
      const client = createWireClient({ ...gateAt, path: '/api/posts', query: '' }, '/', through);
      const opening = await client.open();
      assert.equal(opening.opened, true, opening.why);
      const signed = client.sign({ method: 'GET' });
      assert.equal((await through.send(signed)).status, 200);
      const replayed = await through.send(signed);
      const altered = await through.send({
        ...client.sign({ method: 'GET' }),
        target: '/api/posts?changed=QUERYSECRET',
      });
      const bare = await get(through, gateAt.authority, '/api/posts?sallyport-proof=PROOFSECRET', [
        'Authorization',
        'Bearer TOKENSECRET',
      ]);
      const all = [replayed, altered, bare];
      assert.ok(all.every(({ status }) => (mode === 'enforce' ? status >= 400 && status < 500 : status === 200)));

      const said = [told.lines.join(''), JSON.stringify(told.records.latest(1000)), await told.metrics.text()];
      const secrets = [
        ...client
          .cookies()
          .split('; ')
          .map((pair) => pair.slice(pair.indexOf('=') + 1)),
        /keyid="([^"]+)"/.exec(field(signed.fields, 'signature-input'))?.[1] ?? 'no ticket',
        /:(.+):/.exec(field(signed.fields, 'signature'))?.[1] ?? 'no signature',
        'QUERYSECRET',
        'PROOFSECRET',
        'TOKENSECRET',
      ];
      assert.ok(secrets.length >= 7 && secrets.every((secret) => secret.length > 8));
      for (const secret of secrets) {
        for (const place of said) assert.equal(place.includes(secret), false);
      }
      for (const answer of all) {
        const id = field(answer.fields, 'sallyport-decision') || String(JSON.parse(text(answer)).id);
        assert.match(id, /^[\w-]{16}$/);
        assert.ok(
          told.lines.some((line) => JSON.parse(line).id === id),
          'in the log',
        );
        assert.equal(told.records.get(id)?.wouldRefuse, mode === 'report');
      }
      assert.match(said[2] ?? '', /code="replayed"/);
    });

    test('R9 R72 what passed carries an assertion that verifies by the published keys; what would be refused carries none', async () => {
      const seen: string[] = [];
      const listen: RequestListener = (request) => seen.push(String(request.headers['sallyport-assertion'] ?? ''));
      server.on('request', listen);
      const client = createWireClient({ ...gateAt, path: '/api/posts', query: '' }, '/', through);
      await client.open();
      seen.length = 0;
      await client.call({ method: 'GET' });
      await get(through, gateAt.authority, '/api/posts', FETCH);
      server.off('request', listen);
      assert.deepEqual(seen.slice(1), mode === 'report' ? [''] : []);
      const keys = createRemoteJWKSet(new URL(`${gateAt.origin}/_sallyport/jwks.json`));
      const { payload } = await jwtVerify(seen[0] ?? '', keys, { audience: backendAt.origin, algorithms: ['EdDSA'] });
      assert.equal(payload['level'], 'proof');
      assert.equal(payload['client'], 'default');
      assert.match(String(payload['session']), /^[\w-]{8,}$/);
    });
  });
}
