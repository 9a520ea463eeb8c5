import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'puppeteer-core';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { REPORT_CHANGES } from '../../src/gateway/report-mode.ts';
import type { Config } from '../../src/guard/config.ts';
import { launchBrowser } from '../browser/browsers.ts';
import { until } from '../browser/until.ts';
import { type App, BACKENDS, missing, startApp } from './backends/start.ts';
import { type Asked, type Got, multipart, openRaw, sendRaw, tokenOf, type Walk, walk } from './backends/walk.ts';

const ROUTES: Partial<Config> = {
  routes: [
    // A form that the browser itself submits cannot be signed (docs/configuration.md, routes).
    { match: 'POST /api/form', carriers: ['form'], contentTypes: ['application/x-www-form-urlencoded'] },
    { match: 'GET /api/echo/**', encoded: 'opaque' },
    { match: '/api/**' },
  ],
};

/** Targets whose bytes a proxy or framework could write otherwise. */
const TARGETS = [
  '/api/echo/caf%C3%A9%20a+b;c=d,e(f)*~!$&@:=/%3F%23%25%41%7e?q=%26%20+x&q=2&empty=&flag&[]=1&{}|',
  '/api/echo/a%2Fb%2fc%5Cd?a=%2F/%2f&b=??',
  '/api/echo/no?',
  "/api/echo/'q'?x=caf%C3%A9&y=%00",
];

/** The bytes that the page uploads. */
const FILE = Buffer.from(Uint8Array.from({ length: 5 * 1024 * 1024 }, (_, i) => i * 31 + (i >> 9)));
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

for (const backend of BACKENDS) {
  describe(`P10.1 in front of ${backend.name}`, { skip: missing(backend) }, () => {
    let app: App;
    let gate: Gate;
    let client: Walk;
    let browser: Browser;
    const authority = (): string => new URL(gate.url).host;

    before(async () => {
      app = await startApp(backend);
      gate = await startGate({ to: app.url, listen: '127.0.0.1:0', mode: 'enforce', ...ROUTES });
      client = await walk(gate.url);
      browser = await launchBrowser('chromium');
    });
    after(async () => {
      client?.close();
      await browser?.close();
      await gate?.close({ graceMs: 0 });
      await app?.stop();
    });

    async function open(): Promise<Page> {
      const page = await browser.newPage();
      await page.goto(gate.url);
      return page;
    }

    test('P1.1 its page reads, writes, uploads and follows, in Chromium', async () => {
      const page = await open();
      assert.deepEqual(await page.evaluate('use()'), {
        read: { notes: ['bread', 'café'] },
        made: [201, { made: 'café' }, '/api/notes/1'],
        put: [200, { id: '1', text: 'tea' }],
        ended: [204, ''],
        head: [200, '', JSON_TYPE],
        absent: 404,
        broken: 500,
        led: [200, `${gate.url}/api/notes?led=1`, { notes: ['bread', 'café'] }],
        form: [200, '/done', 'by code'],
        forged: 422,
        uploaded: [200, { note: 'crème', name: 'bytes é.bin', size: FILE.length, sha256: sha256(FILE) }],
        cookies: 'theme=dark',
      });
      await page.close();
    });

    test('P7.1 its form passes with session and token, and is redirected, in Chromium', async () => {
      const page = await open();
      await page.evaluate(`fetch('/api/notes').then((answer) => answer.text())`);
      await Promise.all([page.waitForNavigation(), page.click('button')]);
      assert.equal(page.url(), `${gate.url}/done`);
      assert.equal(await page.$eval('p', (each) => each.textContent), 'café & crème');
      await page.close();
    });

    test('P2.4 its events arrive one by one, and it hears when the page leaves, in Chromium', async () => {
      const page = await open();
      const gone = app.gone();
      app.hold();
      await page.evaluate('listen()');
      await page.waitForFunction(`heard.join() === 'one'`);
      app.release();
      await page.waitForFunction(`heard.join() === 'one,two'`);
      await until(() => app.gone() === gone + 1);
      await page.close();
    });

    for (const [path, type, first] of [
      ['/api/stream', 'text/plain', 'one\n'],
      ['/api/events', 'text/event-stream', 'data: one\n\n'],
    ] as const) {
      test(`R67 what ${path} has said arrives before it has said all`, async () => {
        app.hold();
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const asked = openRaw(gate.url, client.sign({ target: path }), (answer) => {
          let text = '';
          assert.equal(answer.headers['content-type']?.split(';')[0], type);
          answer.setEncoding('utf8').on('data', (chunk) => {
            text += String(chunk);
            if (text === first) app.release();
            if (text.includes('two')) resolve();
          });
          answer.on('error', () => {});
        });
        asked.on('error', reject);
        await promise;
        asked.destroy();
      });
    }

    for (const target of TARGETS) {
      test(`R20 it gets every byte of ${target}, and the Host that the browser named`, async () => {
        const { status, body } = await client.send({ target });
        assert.equal(status, 200, body);
        const heard = backend.emptyQuery ? target : target.replace(/^([^?]*)\?$/, '$1');
        assert.deepEqual(JSON.parse(body), { target: heard, host: authority(), base: gate.url });
        assert.equal(app.calls().at(-1), `GET ${heard}`);
      });
    }

    test('an address of its own in Location leads to the gate, and back', async () => {
      const { status, fields } = await client.send({ target: '/api/absolute' });
      assert.equal(status, 302);
      assert.deepEqual(fields.get('location'), [`${gate.url}/api/notes?led=1`]);
    });

    test('its cookies pass both ways as it wrote them', async () => {
      assert.match(client.cookies(), /(^|; )theme=dark(;|$)/);
      assert.match(client.cookies(), /(^|; )(app_session|PHPSESSID)=/);
      const mine = { 'X-CSRF-Token': client.token };
      const form = { method: 'POST', target: '/api/form', type: FORM_TYPE, headers: mine, body: 'text=a%26b+c' };
      assert.equal((await client.send(form)).status, 303);
    });

    test('P1.2 P1.3 P1.4 what is not signed is refused as a problem, and the app hears nothing of it', async () => {
      const count = app.calls().length;
      const page = {
        origin: gate.url,
        referer: `${gate.url}/`,
        cookie: client.cookies(),
        'x-csrf-token': client.token,
      };
      const copied = { ...page, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
      const foreign = { origin: 'https://other.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
      const spellings = ['/API/notes', '//api/notes', '/%61pi/notes', '/api/notes/', '/api/notes;a=b', '/api/%6Eotes'];
      for (const target of ['/api/notes', '/api/events', '/api/notes/1', '/api/form', '/api/upload', ...spellings]) {
        for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']) {
          for (const headers of [{}, copied, foreign]) {
            // The form's own route asks for a session, which the copied cookie has.
            if (target === '/api/form' && method === 'POST' && headers === copied) continue;
            const answer = await fetch(gate.url + target, { method, headers });
            assert.equal(answer.status, 403, `${method} ${target}`);
            assert.equal(answer.headers.get('content-type'), 'application/problem+json');
            await answer.body?.cancel();
          }
        }
      }
      assert.equal(app.calls().length, count);
    });

    test('P1.5 a captured call passes once; replayed or altered it is refused, and the app hears nothing', async () => {
      const headers = { 'X-CSRF-Token': client.token };
      const write = { method: 'POST', target: '/api/notes', type: JSON_TYPE, headers, body: '{"text":"one"}' };
      const captured = client.sign(write);
      const unused = client.sign(write);
      assert.equal((await sendRaw(gate.url, captured)).status, 201);
      const count = app.calls().length;
      const code = async (...sent: Parameters<typeof sendRaw>) => JSON.parse((await sendRaw(...sent)).body).code;
      for (let again = 0; again < 3; again++) assert.equal(await code(gate.url, captured), 'replayed');
      assert.equal(await code(gate.url, { ...unused, target: '/api/notes?all=1' }), 'signature');
      assert.equal(await code(gate.url, { ...unused, method: 'PUT' }), 'signature');
      assert.equal(await code(gate.url, { ...unused, body: Buffer.from('{"text":"two"}') }), 'digest');
      assert.equal(app.calls().length, count);
    });

    test('P3.1 R74 in report mode its answers are the same, to the byte', async (context) => {
      const report = await startGate({ to: app.url, listen: '127.0.0.1:0', mode: 'report', ...ROUTES });
      context.after(() => report.close({ graceMs: 0 }));
      const { host } = new URL(report.url);
      const first = await sendRaw(app.url, { method: 'GET', target: '/', fields: ['Host', host], body: null });
      const cookie = (first.fields.get('set-cookie') ?? []).map((each) => each.split(';')[0]).join('; ');
      for (const { target, method = 'GET', type = '', body, headers = {} } of plain(tokenOf(first.body))) {
        const fields = Object.entries({ Host: host, Cookie: cookie, Connection: 'close', ...headers }).flat();
        if (type !== '') fields.push('Content-Type', type);
        const content = body === undefined ? null : Buffer.from(body);
        if (content !== null) fields.push('Content-Length', String(content.length));
        const sent = { method, target, fields, body: content };
        const [bare, gated] = [await sendRaw(app.url, sent), await sendRaw(report.url, sent)];
        const kinds = target.startsWith('/api/') ? ['every answer', 'covered routes'] : ['every answer', 'pages'];
        const name = `${method} ${target}`;
        assert.deepEqual([gated.status, gated.message], [bare.status, bare.message], name);
        assert.equal(steady(gated.body), steady(bare.body), name);
        assert.deepEqual(differing(bare, gated, kinds, backend.volatile), [], name);
      }
    });
  });
}

/** Requests of a program that has the app's own session and token, and nothing of the gate. */
function plain(token: string): readonly Asked[] {
  const headers = { 'X-CSRF-Token': token };
  const navigation = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
  const upload = multipart('crème', 'bytes.bin', FILE);
  const form = `text=a%26b+c&authenticity_token=${encodeURIComponent(token)}`;
  return [
    { target: '/', headers: navigation },
    { target: '/done', headers: navigation },
    { target: '/absent', headers: navigation },
    { target: '/api/notes' },
    { target: '/api/notes', method: 'HEAD' },
    { target: '/api/notes', method: 'POST', type: JSON_TYPE, headers, body: '{"text":"café"}' },
    { target: '/api/notes', method: 'POST', type: JSON_TYPE, body: '{"text":"no token"}' },
    { target: '/api/notes/1', method: 'PUT', type: JSON_TYPE, headers, body: '{"text":"tea"}' },
    { target: '/api/notes/1', method: 'DELETE', headers },
    { target: '/api/form', method: 'POST', type: FORM_TYPE, body: form },
    { target: '/api/upload', method: 'POST', headers, ...upload },
    { target: '/api/stream' },
    { target: '/api/absolute' },
    { target: '/api/absent' },
    { target: '/api/broken' },
    ...TARGETS.map((target) => ({ target })),
  ];
}

const TAG = /<script [^>]*src="\/_sallyport\/[^"]+"[^>]*><\/script>/g;

/** A body without the gate's tag, and without the tokens that Rails writes anew each time. */
const steady = (body: string): string =>
  body.replace(TAG, '').replace(/(csrf-token" content|authenticity_token" value)="[^"]*"/g, '$1=""');

/** Cookies without what changes by the second: the sealed sessions of two frameworks, and times. */
const steadyCookie = (cookie: string): string =>
  cookie.replace(/^(app_session)=[^;]*/, '$1=').replace(/expires=[^;]*/i, 'expires=');

/** Names of the fields that differ though report mode does not say so. */
function differing(bare: Got, gated: Got, kinds: readonly string[], volatile: readonly string[]): string[] {
  const allowed = REPORT_CHANGES.filter(({ of }) => kinds.includes(of)).flatMap(({ fields }) => fields);
  const shown = (got: Got, name: string): string => {
    const values = got.fields.get(name);
    return values === undefined || volatile.includes(name)
      ? String(values !== undefined)
      : values.map(name === 'set-cookie' ? steadyCookie : String).join('\n');
  };
  const isAllowed = (name: string) =>
    allowed.some((field) => (field.endsWith('*') ? name.startsWith(field.slice(0, -1)) : field === name));
  return [...new Set([...bare.fields.keys(), ...gated.fields.keys()])]
    .filter((name) => shown(bare, name) !== shown(gated, name) && !isAllowed(name))
    .map((name) => `${name}: ${shown(bare, name)} became ${shown(gated, name)}`);
}
