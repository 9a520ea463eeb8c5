import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import { type App, BACKENDS, missing, startApp } from './backends/start.ts';
import { type Got, sendRaw, tokenOf, type Walk, walk } from './backends/walk.ts';

/** `_method` in bodies, before frameworks that obey it: nobody deletes by a form what they may not delete. */

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data; boundary=b';
const TYPES = [FORM, 'multipart/form-data'];

const CONFIG: Config = {
  mode: 'enforce',
  listen: '127.0.0.1:0',
  login: { identify: ({ header }) => (header('x-user') === '' ? null : { id: header('x-user') }) },
  open: ['/api/open/**'],
  routes: [
    { match: 'GET /api/notes', level: 'open' },
    { match: 'POST /api/notes/:id', level: 'open' },
    { match: 'PUT /api/notes/:id', level: 'site', carriers: ['form'], contentTypes: TYPES, user: true },
    { match: 'PATCH /api/notes/:id', level: 'site', carriers: ['form'], contentTypes: TYPES, user: true },
    {
      match: 'DELETE /api/notes/:id',
      level: 'site',
      carriers: ['form'],
      contentTypes: TYPES,
      can: ({ id }) => id === 'ann',
    },
  ],
};

const part = (head: string, value: string): string => `--b\r\n${head}\r\n\r\n${value}\r\n`;
const field = (name: string, value: string): string => part(`Content-Disposition: form-data; name="${name}"`, value);
const END = '--b--\r\n';
const DELETE = field('_method', 'DELETE');
const LONG = 'x'.repeat(1024 * 1024);

/** Ways to name a method, of which each backend takes some. */
const WAYS: readonly (readonly [string, string, string])[] = [
  ...[
    ...[
      '_method=DELETE',
      '_method=delete&a=1',
      'a=1&_method=DELETE',
      '_method=POST&_method=DELETE',
      '%5Fmethod=%44ELETE',
    ],
    ...[
      '+_method=DELETE',
      '%20.method=DELETE',
      '.method=DELETE',
      '_method%00x=DELETE',
      '[method=DELETE',
      '+[method=DELETE',
    ],
    ...[
      '[_method]=DELETE',
      ']_method=DELETE',
      '[[_method=DELETE',
      '_method[]=DELETE',
      '_method]=DELETE',
      '_method[=DELETE',
    ],
    ...['a=1;_method=DELETE', 'a=1;+_method=DELETE', 'a=%&_method=DELETE', 'a=%4&_method=DELETE', '&&_method=DELETE'],
    ...['_method=+DELETE', '_method=DELETE%00', '_method=DELETE%0a', '%0a_method=DELETE', `a=${LONG}&_method=DELETE`],
  ].map((body) => [FORM, body.slice(0, 40), body] as const),
  [`${FORM}; charset=utf-16`, 'another charset', '_method=DELETE'],
  [`${FORM}, text/plain`, 'two types', '_method=DELETE'],
  [`${FORM} x`, 'more behind the type', '_method=DELETE'],
  ['Application/X-WWW-Form-Urlencoded', 'upper case', '_method=DELETE'],
  ['', 'no type', '_method=DELETE'],
  ['application/json', 'JSON', '{"_method":"DELETE"}'],
  ['application/json', 'JSON with escapes', '{"\\u005fmethod":"D\\u0045LETE"}'],
  ['text/x+json', 'JSON of another type', '{"_method":"DELETE"}'],
  [MULTIPART, 'parts', DELETE + END],
  [MULTIPART, 'parts, a long one first', field('a', LONG) + DELETE + END],
  ['multipart/mixed; boundary=b', 'mixed parts', DELETE + END],
  ['multipart/related; boundary=b', 'related parts', DELETE + END],
  ['multipart/form-data; xboundary=c; boundary=b', 'a parameter whose name ends in boundary', DELETE + END],
  ['multipart/form-data; boundary="b"; boundary=c', 'two boundaries', DELETE + END],
  ['multipart/form-data; boundary=b,c', 'a boundary with a comma', DELETE + END],
  ['multipart/form-data; boundary=b x', 'a boundary with a space', `${DELETE}${END}`],
  [MULTIPART, 'text in front', `x\r\n${DELETE}${END}`],
  [MULTIPART, 'an empty line in front', `\r\n${DELETE}${END}`],
  [MULTIPART, 'a second form behind the first', `${field('a', '1')}${END}${DELETE}${END}`],
  [MULTIPART, 'no end', `${DELETE}--b`],
  [MULTIPART, 'no end at all', part('Content-Disposition: form-data; name="_method"', 'DELETE').slice(0, -2)],
  [MULTIPART, 'bare line feeds', (DELETE + END).replaceAll('\r', '')],
  [MULTIPART, 'a delimiter behind a bare line feed', field('a', `1\n${DELETE.trimEnd()}`) + END],
  [MULTIPART, 'a delimiter with spaces', (field('a', '1') + DELETE + END).replaceAll('--b\r', '--b \r')],
  [MULTIPART, 'no quotes', part('Content-Disposition: form-data; name=_method', 'DELETE') + END],
  [MULTIPART, 'single quotes', part("Content-Disposition: form-data; name='_method'", 'DELETE') + END],
  [MULTIPART, 'escapes', field('_\\method', 'DELETE') + END],
  [MULTIPART, 'two names', part('Content-Disposition: form-data; name="a"; name="_method"', 'DELETE') + END],
  [
    MULTIPART,
    'two names, the first counts',
    part('Content-Disposition: form-data; name="_method"; name="a"', 'DELETE') + END,
  ],
  [MULTIPART, 'extended name', part("Content-Disposition: form-data; name*=UTF-8''_method", 'DELETE') + END],
  [MULTIPART, 'another disposition', part('Content-Disposition: attachment; name="_method"', 'DELETE') + END],
  [MULTIPART, 'spaces and case', part('content-DISPOSITION:   form-data  ;   NAME="_method"', 'DELETE') + END],
  [MULTIPART, 'space before the colon', part('Content-Disposition : form-data; name="_method"', 'DELETE') + END],
  [MULTIPART, 'folded', part('Content-Disposition: form-data;\r\n name="_method"', 'DELETE') + END],
  [
    MULTIPART,
    'a name in another field',
    part('X: Content-Disposition:a; name="_method"\r\nContent-Disposition: form-data; name="a"', 'DELETE') + END,
  ],
  [
    MULTIPART,
    'two dispositions',
    part('Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="_method"', 'DELETE') + END,
  ],
  [MULTIPART, 'Content-ID', part('Content-ID: _method', 'DELETE') + END],
  [MULTIPART, 'dots and spaces', field(' .method', 'DELETE') + END],
  [MULTIPART, 'brackets', field('[_method]', 'DELETE') + END],
  [MULTIPART, 'a zero byte', field('_method\0x', 'DELETE') + END],
  [
    MULTIPART,
    'an empty file name',
    part('Content-Disposition: form-data; name="_method"; filename=""', 'DELETE') + END,
  ],
  [
    MULTIPART,
    'a quote in a file name',
    part('Content-Disposition: form-data; filename="a\\"; name=_method; y="b"', 'DELETE') + END,
  ],
];

for (const backend of BACKENDS.filter(({ name }) => name === 'Rails' || name === 'PHP')) {
  suite(`P8.1 a form before ${backend.name}`, { skip: missing(backend) }, () => {
    let app: App;
    let gate: Gate;
    let token = '';
    let cookie = '';

    before(async () => {
      app = await startApp(backend);
      gate = await startGate({ ...CONFIG, to: app.url });
      const page = await sendRaw(gate.url, {
        method: 'GET',
        target: '/',
        fields: ['Host', new URL(gate.url).host],
        body: null,
      });
      token = tokenOf(page.body);
      cookie = (page.fields.get('set-cookie') ?? []).map((each) => each.split(';')[0]).join('; ');
    });
    after(async () => {
      await gate?.close({ graceMs: 0 });
      await app?.stop();
    });

    function send(url: string, user: string, type: string, body: string, more: readonly string[] = []): Promise<Got> {
      const { host } = new URL(gate.url);
      const content = Buffer.from(body, 'latin1');
      const fields = [
        ...['Host', host, 'Cookie', cookie, 'X-CSRF-Token', token, 'Origin', gate.url, 'Connection', 'keep-alive'],
        ...[
          'Sec-Fetch-Site',
          'same-origin',
          'Sec-Fetch-Mode',
          'navigate',
          'Sec-Fetch-Dest',
          'document',
          'Accept',
          'text/html',
        ],
        ...['Content-Length', String(content.length), ...more],
        ...(type === '' ? [] : ['Content-Type', type]),
        ...(user === '' ? [] : ['X-User', user]),
      ];
      return sendRaw(url, { method: 'POST', target: '/api/notes/1', fields, body: content });
    }

    test('whatever it takes for a DELETE passes for nobody who may not', async () => {
      const obeyed: string[] = [];
      for (const [type, name, body] of WAYS) {
        const what = `${type}: ${name}`;
        if ((await send(app.url, '', type, body)).status === 204) obeyed.push(what);
        for (const user of ['', 'ben']) {
          const { status } = await send(gate.url, user, type, body);
          assert.notEqual(status, 204, `${user} by ${what}`);
        }
      }
      assert.ok(obeyed.length >= 12, `it obeyed ${obeyed.join('\n')}`);
    });

    test('honest: its own forms pass, for whoever may', async () => {
      const mine = `authenticity_token=${encodeURIComponent(token)}`;
      const form = `utf8=%E2%9C%93&_method=delete&${mine}&commit=Delete`;
      assert.equal((await send(gate.url, 'ann', FORM, form)).status, 204);
      assert.equal((await send(gate.url, 'ben', FORM, form)).status, 403);
      assert.equal((await send(gate.url, '', FORM, form)).status, 401);
      const update = `_method=put&${mine}&text=_method%3Ddelete`;
      assert.equal((await send(gate.url, 'ben', FORM, update)).status, 200);
      assert.equal((await send(gate.url, '', FORM, update)).status, 401);
      const parts = field('_method', 'delete') + field('authenticity_token', token) + END;
      assert.equal((await send(gate.url, 'ann', MULTIPART, parts)).status, 204);
      assert.equal((await send(gate.url, 'ann', MULTIPART, field('a', LONG) + parts)).status, 204);
    });
  });
}

suite('P8.1 R20 a signed form that names another method', () => {
  const PHP = BACKENDS.find(({ name }) => name === 'PHP');
  assert.ok(PHP !== undefined);

  test('short or long, its counter is used up once', { skip: missing(PHP) }, async (context) => {
    const app = await startApp(PHP);
    context.after(() => app.stop());
    let may = false;
    const gate = await startGate({
      ...CONFIG,
      to: app.url,
      routes: [{ match: 'DELETE /api/notes/:id', can: () => may }, { match: '/api/**' }],
      login: { identify: () => ({ id: 'ann' }) },
    });
    context.after(() => gate.close({ graceMs: 0 }));
    const client: Walk = await walk(gate.url);
    context.after(() => client.close());
    for (const filler of ['', `a=${LONG}&`]) {
      const headers = { 'X-CSRF-Token': client.token };
      const asked = { method: 'POST', target: '/api/notes/1', type: FORM, headers, body: `${filler}_method=delete` };
      may = true;
      const captured = client.sign(asked);
      assert.equal((await sendRaw(gate.url, captured)).status, 204);
      assert.equal(JSON.parse((await sendRaw(gate.url, captured)).body).code, 'replayed');
      may = false;
      assert.equal(JSON.parse((await client.send(asked)).body).code, 'forbidden');
    }
  });
});
