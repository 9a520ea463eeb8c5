import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { site } from '../../src/layers/site.ts';
import { judge } from '../support/layer.ts';
import type { Sketch } from '../support/view.ts';

const OWN = 'http://localhost:4000';
const PARTNER = 'https://app.example';
const CONFIG: Config = {
  protect: ['/api/**'],
  clients: { default: { origins: ['self', PARTNER, 'https://*-team.example.app'] } },
};
const BELOW: Config = { ...CONFIG, routes: [{ match: '/api/**', level: 'session' }] };
const SITE: Config = { ...CONFIG, routes: [{ match: '/api/**', level: 'site' }] };

interface Row {
  readonly name: string;
  readonly config?: Config;
  readonly sketch: Sketch;
  readonly code: string;
}

const fetchMode = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
const sameOrigin = { 'sec-fetch-site': 'same-origin', ...fetchMode };
const crossSite = { 'sec-fetch-site': 'cross-site', ...fetchMode };

const ROWS: Row[] = [
  { name: 'a same-origin GET has no Origin and passes', sketch: { headers: sameOrigin }, code: '' },
  { name: 'a same-origin POST passes', sketch: { method: 'POST', headers: { ...sameOrigin, origin: OWN } }, code: '' },
  {
    name: 'R23 a cross-site POST is refused',
    sketch: { method: 'POST', headers: { ...crossSite, origin: 'https://evil.example' } },
    code: 'origin',
  },
  {
    name: 'R23 a cross-site GET without Origin (no-cors image or script) is refused',
    sketch: { headers: crossSite },
    code: 'site',
  },
  {
    name: 'R23 a sibling that is not listed is refused',
    sketch: { headers: { 'sec-fetch-site': 'same-site', ...fetchMode } },
    code: 'site',
  },
  {
    name: 'R23 R31 a page on the visitor’s own machine is none of ours where people come by a public name',
    config: { ...CONFIG, public: 'https://shop.example' },
    sketch: { method: 'POST', headers: { ...crossSite, host: 'shop.example', origin: OWN } },
    code: 'origin',
  },
  {
    name: 'R23 nor is the public name itself on plain HTTP',
    config: { ...CONFIG, public: 'https://shop.example' },
    sketch: { method: 'POST', headers: { host: 'shop.example', origin: 'http://shop.example' } },
    code: 'origin',
  },
  {
    name: 'R24 whoever asks for the gate by a name of this machine is served there beside the public name',
    config: { ...CONFIG, public: 'https://shop.example' },
    sketch: { method: 'POST', headers: { ...sameOrigin, host: '127.0.0.1:4000', origin: 'http://127.0.0.1:4000' } },
    code: '',
  },
  {
    name: 'R24 a page of this machine that is listed by name may call the public name',
    config: { public: 'https://shop.example', clients: { default: { origins: ['self', OWN] } } },
    sketch: { method: 'POST', headers: { ...crossSite, host: 'shop.example', origin: OWN } },
    code: '',
  },
  { name: 'R23 a listed origin may be cross-site', sketch: { headers: { ...crossSite, origin: PARTNER } }, code: '' },
  {
    name: 'R24 without Fetch Metadata an exact Origin suffices',
    sketch: { method: 'POST', headers: { origin: OWN } },
    code: '',
  },
  { name: 'R24 a state change with neither is refused', sketch: { method: 'POST' }, code: 'site' },
  { name: 'R24 a read with neither is left to the proof', sketch: {}, code: '' },
  {
    name: 'R24 a read with neither is refused where only the site is asked',
    config: SITE,
    sketch: { headers: { 'x-requested-with': 'x' } },
    code: 'site',
  },
  {
    name: 'P1.1 an old browser’s read with our Referer passes there',
    config: SITE,
    sketch: { headers: { referer: `${OWN}/page`, 'x-requested-with': 'x' } },
    code: '',
  },
  {
    name: 'R25 a value outside the standard counts as absent',
    sketch: { method: 'POST', headers: { 'sec-fetch-site': 'friendly' } },
    code: 'site',
  },
  {
    name: 'R26 Origin null is refused',
    sketch: { method: 'POST', headers: { ...sameOrigin, origin: 'null' } },
    code: 'origin',
  },
  {
    name: 'R26 userinfo in Origin is refused',
    sketch: { headers: { ...sameOrigin, origin: 'http://evil@localhost:4000' } },
    code: 'origin',
  },
  {
    name: 'R26 an upper-case look-alike is refused',
    sketch: { headers: { ...sameOrigin, origin: 'http://LOCALHOST:4000' } },
    code: 'origin',
  },
  {
    name: 'R26 our own origin with another port is refused',
    sketch: { headers: { ...sameOrigin, origin: 'http://localhost:4001' } },
    code: 'origin',
  },
  {
    name: 'P4.3 a preview’s origin fits its pattern',
    sketch: { headers: { ...crossSite, origin: 'https://pr-7-team.example.app' } },
    code: '',
  },
  {
    name: 'P4.3 a look-alike of the pattern is refused',
    sketch: { headers: { ...crossSite, origin: 'https://evil-team.example.app.attacker.tld' } },
    code: 'origin',
  },
  {
    name: 'P4.3 the star does not cross a dot',
    sketch: { headers: { ...crossSite, origin: 'https://a.b-team.example.app' } },
    code: 'origin',
  },
  {
    name: 'R27 cross-site from our very own origin is a contradiction',
    sketch: { method: 'POST', headers: { ...crossSite, origin: OWN } },
    code: 'site',
  },
  {
    name: 'R27 same-origin from a listed other origin is a contradiction',
    sketch: { headers: { ...sameOrigin, origin: PARTNER } },
    code: 'site',
  },
  {
    name: 'R27 a call that says none is a contradiction',
    sketch: { headers: { 'sec-fetch-site': 'none', ...fetchMode } },
    code: 'site',
  },
  { name: 'a WebSocket always has an Origin', sketch: { headers: { upgrade: 'websocket' } }, code: 'site' },
  {
    name: 'Chromium’s WebSocket has an Origin and no metadata',
    sketch: { headers: { upgrade: 'websocket', origin: OWN } },
    code: '',
  },
  {
    name: 'R28 a body-less POST without a custom header is refused below proof',
    config: BELOW,
    sketch: { method: 'POST', headers: { ...sameOrigin, origin: OWN } },
    code: 'site',
  },
  {
    name: 'R28 X-Requested-With is one',
    config: BELOW,
    sketch: { method: 'POST', headers: { ...sameOrigin, origin: OWN, 'x-requested-with': 'XMLHttpRequest' } },
    code: '',
  },
  { name: 'R28 a GET needs one too', config: BELOW, sketch: { headers: sameOrigin }, code: 'site' },
  {
    name: 'R29 text/plain is refused below proof',
    config: BELOW,
    sketch: { method: 'POST', headers: { ...sameOrigin, origin: OWN, 'content-type': 'text/plain' }, body: 'x' },
    code: 'content-type',
  },
  {
    name: 'R29 multipart is refused whatever its case and parameters',
    config: BELOW,
    sketch: {
      method: 'POST',
      headers: {
        ...sameOrigin,
        origin: OWN,
        'x-requested-with': 'x',
        'content-type': 'Multipart/Form-Data; boundary=x',
      },
      body: 'x',
    },
    code: 'content-type',
  },
  {
    name: 'R29 JSON passes',
    config: BELOW,
    sketch: { method: 'POST', headers: { ...sameOrigin, origin: OWN, 'content-type': 'application/json' }, body: '{}' },
    code: '',
  },
  {
    name: 'R29 a signed multipart upload is the page’s own and passes at proof',
    sketch: {
      method: 'POST',
      headers: { ...sameOrigin, origin: OWN, 'content-type': 'multipart/form-data; boundary=x' },
      body: 'x',
    },
    code: '',
  },
  {
    name: 'documents are not asked',
    sketch: { target: '/index.html', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } },
    code: '-',
  },
];

for (const row of ROWS) {
  test(row.name, () => assert.equal(judge(site, row.config ?? CONFIG, row.sketch).code, row.code));
}

test('a form of our own page under no-referrer passes where forms are listed', () => {
  const config: Config = { ...CONFIG, routes: [{ match: 'POST /api/form', carriers: ['form'] }] };
  const headers = {
    origin: 'null',
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    'content-type': 'application/x-www-form-urlencoded',
  };
  assert.equal(judge(site, config, { method: 'POST', target: '/api/form', headers, body: 'a=1' }).code, '');
  assert.equal(
    judge(site, config, {
      method: 'POST',
      target: '/api/form',
      headers: { ...headers, 'sec-fetch-site': 'cross-site' },
      body: 'a=1',
    }).code,
    'origin',
  );
});

test('a call whose page was loaded under another login is refused before its cookie counts', () => {
  for (const [header, code] of [
    ['sallyport login-changed', 'login-changed'],
    ['sallyport login-required', 'login-required'],
    ['XMLHttpRequest, sallyport login-changed', 'login-changed'],
    ['sallyport', ''],
    ['XMLHttpRequest', ''],
  ] as const) {
    const headers = { 'sec-fetch-site': 'same-origin', 'x-requested-with': header };
    const judged = judge(site, { routes: [{ match: '/api/**', level: 'session' }] }, { target: '/api/posts', headers });
    assert.equal(judged.code, code, header);
  }
});
