import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Decision } from '../../src/guard/decision.ts';
import { createTestDoors, type Doors, type Page } from '../support/doors.ts';
import type { Sketch } from '../support/view.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
const IMAGE = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };

const says = (decision: Decision): string => decision.code || decision.outcome;

/** Signs a request, changes it, and says what became of it. */
async function altered(change: (signed: Sketch) => Sketch, original: Sketch = {}): Promise<string> {
  const doors = createTestDoors({});
  return says(await doors.decide(change(doors.enter().sign(original))));
}

const withHeaders = (sketch: Sketch, headers: Record<string, string>): Sketch => ({
  ...sketch,
  headers: { ...sketch.headers, ...headers },
});
const without = (sketch: Sketch, ...names: string[]): Sketch => ({
  ...sketch,
  headers: Object.fromEntries(Object.entries(sketch.headers ?? {}).filter(([name]) => !names.includes(name))),
});

describe('a proof over the whole request', () => {
  const post: Sketch = {
    method: 'POST',
    target: '/api/posts?draft=1',
    headers: { ...JSON_TYPE, authorization: 'Bearer a' },
    body: '{"a":1}',
  };

  test('an honest request passes, with and without its session cookie', async () => {
    const doors = createTestDoors({});
    const page = doors.enter();
    assert.equal(says(await doors.decide(page.sign(post))), 'admit');
    const decision = await doors.decide(page.sign(withHeaders(post, { cookie: page.cookie })));
    assert.deepEqual([decision.level, decision.client, decision.session.length], ['proof', 'default', 11]);
  });

  const CHANGES: [string, (signed: Sketch) => Sketch, string][] = [
    ['R35 the signature removed', (signed) => without(signed, 'signature', 'signature-input'), 'entry-required'],
    ['R39 only Signature-Input', (signed) => without(signed, 'signature'), 'target'],
    ['R39 only Signature', (signed) => without(signed, 'signature-input'), 'target'],
    ['another method', (signed) => ({ ...signed, method: 'PUT' }), 'signature'],
    ['another path', (signed) => ({ ...signed, target: '/api/users?draft=1' }), 'signature'],
    ['an alias of the path', (signed) => ({ ...signed, target: '/api/Posts?draft=1' }), 'signature'],
    ['another query', (signed) => ({ ...signed, target: '/api/posts?draft=2' }), 'signature'],
    ['R40 another body under the same digest', (signed) => ({ ...signed, body: '{"a":2}' }), 'digest'],
    [
      'R40 another body with its own digest',
      (signed) => ({
        ...withHeaders(signed, { 'content-digest': 'sha-256=:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=:' }),
        body: 'test',
      }),
      'signature',
    ],
    ['R40 the digest removed', (signed) => without(signed, 'content-digest'), 'digest'],
    [
      'R40 a digest by md5',
      (signed) => withHeaders(signed, { 'content-digest': 'md5=:AAAAAAAAAAAAAAAAAAAAAA==:' }),
      'digest',
    ],
    ['another content type', (signed) => withHeaders(signed, { 'content-type': 'text/plain' }), 'signature'],
    [
      'the app’s token swapped under the proof',
      (signed) => withHeaders(signed, { authorization: 'Bearer b' }),
      'signature',
    ],
    ['the app’s token removed', (signed) => without(signed, 'authorization'), 'signature'],
    [
      'R37 an alg parameter',
      (signed) => withHeaders(signed, { 'signature-input': `${signed.headers?.['signature-input']};alg="none"` }),
      'target',
    ],
    [
      'R37 an expires parameter',
      (signed) =>
        withHeaders(signed, { 'signature-input': `${signed.headers?.['signature-input']};expires=99999999999` }),
      'target',
    ],
    [
      'another counter under the same signature',
      (signed) =>
        withHeaders(signed, {
          'signature-input': (signed.headers?.['signature-input'] ?? '').replace('nonce="1"', 'nonce="2"'),
        }),
      'signature',
    ],
    [
      'another tag',
      (signed) =>
        withHeaders(signed, {
          'signature-input': (signed.headers?.['signature-input'] ?? '').replace(
            'tag="sallyport-1"',
            'tag="sallyport-1-beacon"',
          ),
        }),
      'signature',
    ],
    [
      'R38 a ticket of nobody',
      (signed) =>
        withHeaders(signed, {
          'signature-input': (signed.headers?.['signature-input'] ?? '').replace(/keyid="[^"]+"/, 'keyid="a.b.c.d.e"'),
        }),
      'stale',
    ],
    [
      'R39 a second member of ours',
      (signed) =>
        withHeaders(signed, { signature: `${signed.headers?.['signature']}, ${signed.headers?.['signature']}` }),
      'target',
    ],
    ['a repeated field that was signed', (signed) => ({ ...signed, repeated: ['content-type'] }), 'target'],
    ['another site’s Origin', (signed) => withHeaders(signed, { origin: 'https://evil.example' }), 'origin'],
  ];
  for (const [name, change, code] of CHANGES) {
    test(`${name}: ${code}`, async () => assert.equal(await altered(change, post), code));
  }

  test('R41 a proof for another listed authority does not fit this one', async () => {
    const doors = createTestDoors({ hosts: ['other.example'] });
    const page = doors.enter({ authority: 'other.example', origin: 'http://other.example' });
    assert.equal(says(await doors.decide(page.sign({}))), 'signature');
  });

  test('R36 a proof that covers less fails though its signature holds', async () => {
    const doors = createTestDoors({});
    const page = doors.enter();
    const components = ['@method', '@authority', '@path', '@query'];
    assert.equal(
      says(await doors.decide(page.sign({ method: 'POST', headers: JSON_TYPE, body: '{}' }, { components }))),
      'signature',
    );
  });

  test('R36 fields that policy lists have to be covered', async () => {
    const doors = createTestDoors({ routes: [{ match: '/api/posts', signed: ['x-tenant'] }] });
    const page = doors.enter();
    const headers = { 'x-tenant': 'a' };
    assert.equal(says(await doors.decide(page.sign({ headers }, { signed: ['x-tenant'] }))), 'admit');
    assert.equal(says(await doors.decide(page.sign({ headers }))), 'signature');
    const signed = page.sign({ headers }, { signed: ['x-tenant'] });
    assert.equal(says(await doors.decide(withHeaders(signed, { 'x-tenant': 'b' }))), 'signature');
  });

  test('a query that is absent and an empty one sign alike', async () => {
    const doors = createTestDoors({});
    const signed = doors.enter().sign({ target: '/api/posts' });
    assert.equal(says(await doors.decide({ ...signed, target: '/api/posts?' })), 'admit');
  });

  test('R45 P7.6 a proof from outside the server’s minute is refused, and says what would fix it', async () => {
    const doors = createTestDoors({});
    const page = doors.enter();
    const seconds = Math.floor(doors.clock.now / 1000);
    for (const created of [seconds - 3600, seconds - 66, seconds + 66, seconds + 86_400]) {
      assert.equal(says(await doors.decide(page.sign({}, { created }))), 'clock', String(created - seconds));
    }
    for (const created of [seconds - 64, seconds + 64])
      assert.equal(says(await doors.decide(page.sign({}, { created }))), 'admit');
  });

  test('a ticket of one client opens no route of another', async () => {
    const clients = { partner: { origins: ['https://partner.example'] } };
    const doors = createTestDoors({
      clients,
      routes: [{ match: '/api/partner', client: 'partner' }, { match: '/api/posts' }],
    });
    const page = doors.enter({ client: 'partner', origin: 'https://partner.example' });
    const from = { headers: { origin: 'https://partner.example', 'sec-fetch-site': 'cross-site' } };
    assert.equal(says(await doors.decide(page.sign({ target: '/api/partner', ...from }))), 'admit');
    assert.equal(says(await doors.decide(doors.enter().sign({ target: '/api/partner' }))), 'forbidden');
  });

  test('a ticket with somebody else’s session cookie is refused', async () => {
    const doors = createTestDoors({});
    const [one, other] = [doors.enter(), doors.enter()];
    assert.equal(says(await doors.decide(one.sign({ headers: { cookie: other.cookie } }))), 'session-mismatch');
  });
});

describe('one proof, one request', () => {
  test('R42 P1.5 replayed byte for byte it is refused, at once and later', async () => {
    const doors = createTestDoors({});
    const signed = doors.enter().sign({});
    assert.equal(says(await doors.decide(signed)), 'admit');
    assert.equal(says(await doors.decide(signed)), 'replayed');
    doors.clock.now += 30_000;
    assert.equal(says(await doors.decide(signed)), 'replayed');
    doors.clock.now += 3_600_000;
    assert.equal(says(await doors.decide(signed)), 'stale');
  });

  test('R43 a forged request neither advances nor marks the window', async () => {
    const doors = createTestDoors({});
    const page = doors.enter();
    const forged = withHeaders(page.sign({}, { nonce: 5000 }), {
      signature: 'sallyport=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:',
    });
    assert.equal(says(await doors.decide(forged)), 'signature');
    assert.equal(says(await doors.decide(page.sign({}, { nonce: 1 }))), 'admit');
    assert.equal(says(await doors.decide(page.sign({}, { nonce: 5000 }))), 'admit');
    assert.equal(says(await doors.decide(page.sign({}, { nonce: 2 }))), 'stale-nonce');
  });

  test('R42 a changed body does not burn the page’s counter', async () => {
    const doors = createTestDoors({});
    const signed = doors.enter().sign({ method: 'POST', headers: JSON_TYPE, body: '{"a":1}' });
    assert.equal(says(await doors.decide({ ...signed, body: '{"a":2}' })), 'digest');
    assert.equal(says(await doors.decide(signed)), 'admit');
  });

  test('R48 what state has forgotten is stale, never fresh', async () => {
    const doors = createTestDoors({});
    const page = doors.enter();
    assert.equal(says(await doors.decide(page.sign({}))), 'admit');
    const other = createTestDoors({});
    assert.equal(says(await other.decide(page.sign({}))), 'stale');
  });
});

describe('redirects inside the own authority (PROTOCOL 3.11)', () => {
  async function redirected(
    first: Sketch,
    status: number,
    location: string,
    second: (signed: Sketch) => Sketch,
  ): Promise<[string, string]> {
    const doors = createTestDoors({});
    const signed = doors.enter().sign(first);
    const decision = await doors.decide(signed);
    doors.redirect(signed, decision, status, location);
    const again = second(signed);
    return [says(await doors.decide(again)), says(await doors.decide(again))];
  }

  test('the browser’s second request passes once', async () => {
    assert.deepEqual(
      await redirected({}, 302, '/api/other?x=1', (signed) => ({ ...signed, target: '/api/other?x=1' })),
      ['admit', 'signature'],
    );
  });

  test('a POST that becomes a GET loses body and content type, not our fields', async () => {
    const post: Sketch = { method: 'POST', headers: JSON_TYPE, body: '{}' };
    const after = (signed: Sketch): Sketch => {
      const { body: _body, ...rest } = without(signed, 'content-type');
      return { ...rest, method: 'GET', target: '/api/list' };
    };
    assert.deepEqual(await redirected(post, 303, '/api/list', after), ['admit', 'signature']);
  });

  test('under 307 the body goes along and has to be the same', async () => {
    const post: Sketch = { method: 'POST', headers: JSON_TYPE, body: '{"a":1}' };
    assert.deepEqual(await redirected(post, 307, '/api/new', (signed) => ({ ...signed, target: '/api/new' })), [
      'admit',
      'signature',
    ]);
    const [changed] = await redirected(post, 307, '/api/new', (signed) => ({
      ...signed,
      target: '/api/new',
      body: '{"a":2}',
    }));
    assert.equal(changed, 'digest');
  });

  test('another target, another method or a tampered signature finds no grant', async () => {
    const [target] = await redirected({}, 302, '/api/other', (signed) => ({ ...signed, target: '/api/admin' }));
    const [method] = await redirected({}, 302, '/api/other', (signed) => ({
      ...signed,
      method: 'DELETE',
      target: '/api/other',
    }));
    const [tampered] = await redirected({}, 302, '/api/other', (signed) =>
      withHeaders(
        { ...signed, target: '/api/other' },
        { signature: 'sallyport=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:' },
      ),
    );
    assert.deepEqual([target, method, tampered], ['signature', 'signature', 'signature']);
  });

  const JWT = { authorization: 'Bearer a' };
  const SWAPPED: [string, Record<string, string>, Record<string, string>][] = [
    ['the app’s token swapped', JWT, { authorization: 'Bearer b' }],
    ['a token where there was none', {}, JWT],
    ['another content type', JWT, { 'content-type': 'application/xml' }],
  ];
  for (const [name, had, has] of SWAPPED) {
    test(`R36 under a proof that is owed a redirect: ${name}`, async () => {
      const post: Sketch = { method: 'POST', headers: { ...JSON_TYPE, ...had }, body: '{"a":1}' };
      const target = '/api/new';
      const to = (change: Record<string, string>) => (signed: Sketch) => ({ ...withHeaders(signed, change), target });
      assert.deepEqual(await redirected(post, 307, target, to(has)), ['signature', 'signature']);
      assert.deepEqual(await redirected(post, 307, target, to({})), ['admit', 'signature']);
    });
  }

  test('R36 fields that a route has signed go along with a redirect as they were signed, or not at all', async () => {
    const config = {
      routes: [
        { match: '/api/a', signed: ['x-tenant'] },
        { match: '/api/b', signed: ['x-tenant'] },
      ],
    };
    const hop = async (match: string, first: Record<string, string>, change: Record<string, string>) => {
      const doors = createTestDoors({ ...config, routes: [...config.routes, { match: '/api/c' }] });
      const signed = doors.enter().sign({ target: match, headers: first }, { signed: Object.keys(first) });
      const decision = await doors.decide(signed);
      doors.redirect(signed, decision, 302, '/api/b');
      return [says(decision), says(await doors.decide({ ...withHeaders(signed, change), target: '/api/b' }))];
    };
    assert.deepEqual(await hop('/api/a', { 'x-tenant': 'acme' }, {}), ['admit', 'admit']);
    assert.deepEqual(await hop('/api/a', { 'x-tenant': 'acme' }, { 'x-tenant': 'other' }), ['admit', 'signature']);
    assert.deepEqual(await hop('/api/c', {}, {}), ['admit', 'admit']);
    assert.deepEqual(await hop('/api/c', {}, { 'x-tenant': 'other' }), ['admit', 'signature']);
  });

  test('a frame without cookies is redirected to a route at level session, and nobody else is', async () => {
    const doors = createTestDoors({
      routes: [{ match: 'GET /api/pictures', level: 'session' }, { match: '/api/posts' }],
    });
    const page = doors.enter();
    const signed = page.sign({});
    const there = { ...signed, target: '/api/pictures' };
    assert.equal(
      says(await doors.decide({ target: '/api/pictures', headers: { ...SAME_ORIGIN, 'x-requested-with': 'x' } })),
      'entry-required',
    );
    assert.equal(says(await doors.decide(there)), 'signature', 'before it was redirected');
    doors.redirect(signed, await doors.decide(signed), 302, '/api/pictures');
    const other = withHeaders(there, { cookie: doors.enter().cookie });
    assert.equal(says(await doors.decide(other)), 'session-mismatch');
    const decision = await doors.decide(there);
    assert.deepEqual([decision.outcome, decision.level], ['admit', 'proof']);
    assert.equal(says(await doors.decide(withHeaders(there, { cookie: page.cookie }))), 'signature', 'a second time');
  });

  test('where proofs are only reported, a forged one is no way round the session', async () => {
    const routes = [{ match: 'GET /api/pictures', level: 'session' as const }, { match: '/api/posts' }];
    const doors = createTestDoors({ layers: { proof: 'report' }, routes });
    const forged = { ...doors.enter().sign({}), target: '/api/pictures' };
    assert.equal(says(await doors.decide(forged)), 'entry-required');
  });

  test('a second redirect works as the first did', async () => {
    const doors = createTestDoors({});
    const signed = doors.enter().sign({});
    doors.redirect(signed, await doors.decide(signed), 302, '/api/b');
    const second = { ...signed, target: '/api/b' };
    doors.redirect(second, await doors.decide(second), 302, '/api/c');
    const decision = await doors.decide({ ...signed, target: '/api/c' });
    assert.deepEqual([decision.outcome, decision.level], ['admit', 'proof']);
  });
});

describe('routes at level session', () => {
  const config = {
    routes: [{ match: 'GET /api/posts/:id/image', carriers: ['media' as const] }, { match: '/api/posts' }],
  };
  const image: Sketch = { target: '/api/posts/1/image', headers: IMAGE };
  let doors: Doors;
  let page: Page;
  const fresh = (): void => {
    doors = createTestDoors(config);
    page = doors.enter();
  };

  test('the cookie of a session whose page entered opens them', async () => {
    fresh();
    const decision = await doors.decide(withHeaders(image, { cookie: page.cookie }));
    assert.deepEqual([decision.outcome, decision.level], ['admit', 'session']);
  });

  test('the cookie of a page of one client opens nothing of another, and two clients in two tabs work', async () => {
    const route = (client: string) => ({ match: `GET /api/${client}/image`, carriers: ['media' as const], client });
    const routes = [route('shop'), route('admin'), { match: 'GET /api/image', carriers: ['media' as const] }];
    const doors = createTestDoors({ clients: { default: {}, shop: {}, admin: {} }, routes });
    const page = doors.enter({ client: 'shop' });
    const ask = async (client: string): Promise<string> => {
      const headers = { ...IMAGE, cookie: page.cookie };
      return says(await doors.decide({ target: `/api/${client}image`, headers }));
    };
    assert.deepEqual(
      [await ask('shop/'), await ask('admin/'), await ask('')],
      ['admit', 'entry-required', 'entry-required'],
    );
    doors.enter({ client: 'admin', cookie: page.cookie });
    assert.deepEqual([await ask('shop/'), await ask('admin/'), await ask('')], ['admit', 'admit', 'entry-required']);
  });

  test('a refusal before anybody asked for the session is still one of the same visitor', async () => {
    fresh();
    const { cookie } = page;
    const { session } = await doors.decide(withHeaders(image, { cookie }));
    const early = await doors.decide({ target: '/api/posts', headers: { origin: 'https://evil.example', cookie } });
    assert.deepEqual([early.code, early.session, session.length], ['origin', session, 11]);
    const forged = withHeaders(
      { target: '/api/posts', headers: { origin: 'https://evil.example' } },
      { cookie: `${cookie}x` },
    );
    assert.equal((await doors.decide(forged)).session, '');
  });

  test('an hour after the last entry it does not', async () => {
    fresh();
    doors.clock.now += 3_700_000;
    assert.equal(says(await doors.decide(withHeaders(image, { cookie: page.cookie }))), 'entry-required');
  });

  const WITHOUT: [string, Sketch][] = [
    ['nothing', image],
    ['a cookie that is not ours', withHeaders(image, { cookie: '__Host-sallyport=abc' })],
    [
      'a signature of somebody else’s label',
      withHeaders(image, { 'signature-input': 'other=("@method");created=1', signature: 'other=:AAAA:' }),
    ],
    ['the name of our parameter in the query', { ...image, target: '/api/posts/1/image?x=sallyport-proof' }],
    ['our parameter without a proof', { ...image, target: '/api/posts/1/image?sallyport-proof=' }],
    [
      'our parameter with a broken proof',
      { ...image, target: '/api/posts/1/image?sallyport-proof=sallyport-1-url.1.1.x.y' },
    ],
    [
      'a claim to be a socket with our tag',
      withHeaders(image, {
        upgrade: 'websocket',
        'sec-websocket-protocol': 'sallyport-1',
        origin: 'http://localhost:4000',
      }),
    ],
    ['an empty member of ours', withHeaders(image, { 'signature-input': 'sallyport', signature: 'sallyport' })],
  ];
  for (const [name, sketch] of WITHOUT) {
    test(`with ${name} nobody gets in, whichever layer only reports`, async () => {
      for (const layers of [{}, { proof: 'report' as const }, { replay: 'report' as const }]) {
        const strange = createTestDoors({ ...config, layers });
        assert.notEqual((await strange.decide(sketch)).outcome, 'admit', JSON.stringify(layers));
      }
    });
  }

  test('a signed call passes without a cookie', async () => {
    fresh();
    const { target } = image;
    assert.equal(says(await doors.decide(page.sign(target === undefined ? {} : { target }))), 'admit');
  });
});

describe('proofs that headers cannot carry', () => {
  const SOCKET = { upgrade: 'websocket', origin: 'http://localhost:4000' };

  test('P7.2 a WebSocket passes by subprotocol or by parameter, once', async () => {
    const doors = createTestDoors({});
    const page = doors.enter();
    const byProtocol = {
      target: '/api/chat',
      headers: { ...SOCKET, 'sec-websocket-protocol': `chat, ${page.compact('/api/chat')}` },
    };
    assert.equal(says(await doors.decide(byProtocol)), 'admit');
    assert.equal(says(await doors.decide(byProtocol)), 'replayed');
    const byParameter = {
      target: `/api/chat?room=1&sallyport-proof=${page.compact('/api/chat?room=1')}`,
      headers: SOCKET,
    };
    assert.equal(says(await doors.decide(byParameter)), 'admit');
  });

  test('P7.2 from a foreign Origin it is refused, cookie or not', async () => {
    const doors = createTestDoors({});
    const page = doors.enter();
    const headers = { ...SOCKET, origin: 'https://evil.example', cookie: page.cookie };
    assert.equal(says(await doors.decide({ target: '/api/chat', headers })), 'origin');
  });

  const SIGNED = {
    routes: [{ match: '/api/film', signed: ['x-tenant'], sync: ['url' as const] }, { match: '/api/chat' }],
  };
  const film = (page: Page): string =>
    `/api/film?sallyport-proof=${page.compact('/api/film', { tag: 'sallyport-1-url' })}`;

  test('R36 whoever holds a compact proof adds no credentials to it, and no field that the route has signed', async () => {
    const doors = createTestDoors(SIGNED);
    const page = doors.enter();
    const chat = (headers: Record<string, string>): Sketch => ({
      target: '/api/chat',
      headers: { ...SOCKET, 'sec-websocket-protocol': `chat, ${page.compact('/api/chat')}`, ...headers },
    });
    for (const authorization of ['Bearer mine', 'DPoP mine', 'Basic', 'mine'])
      assert.equal(says(await doors.decide(chat({ authorization }))), 'signature', authorization);
    const video = { ...IMAGE, 'sec-fetch-dest': 'video' };
    const other = { target: film(page), headers: { ...video, 'x-tenant': 'other' } };
    assert.equal(says(await doors.decide(other)), 'signature');
    assert.equal(
      says(await doors.decide({ target: film(page), headers: { ...video, authorization: 'Bearer a' } })),
      'signature',
    );
  });

  test('honest: what a browser knows of a server that asked for a password goes along by itself', async () => {
    const doors = createTestDoors(SIGNED);
    const page = doors.enter();
    const headers = { ...SOCKET, 'sec-websocket-protocol': page.compact('/api/chat') };
    assert.equal(
      says(await doors.decide({ target: '/api/chat', headers: { ...headers, authorization: 'Basic YTpi' } })),
      'admit',
    );
    const video = { ...IMAGE, 'sec-fetch-dest': 'video', authorization: 'Negotiate YTpi' };
    assert.equal(says(await doors.decide({ target: film(page), headers: video })), 'admit');
  });

  test('R36 unless the app’s own hook says by it who is calling', async () => {
    const doors = createTestDoors({ login: { identify: () => null } });
    const page = doors.enter();
    const chat = (): Record<string, string> => ({ ...SOCKET, 'sec-websocket-protocol': page.compact('/api/chat') });
    const headers = { ...chat(), authorization: 'Basic YTpi' };
    assert.equal(says(await doors.decide({ target: '/api/chat', headers })), 'signature');
    assert.equal(says(await doors.decide({ target: '/api/chat', headers: chat() })), 'admit');
  });

  test('the compact form opens no call', async () => {
    const doors = createTestDoors({});
    const target = `/api/posts?sallyport-proof=${doors.enter().compact('/api/posts')}`;
    assert.equal(says(await doors.decide({ target, headers: SAME_ORIGIN })), 'signature');
  });

  test('synchronous and URL proofs pass only on routes that policy marks', async () => {
    const routes = [
      { match: 'POST /api/log', sync: ['beacon' as const] },
      { match: 'GET /api/film', sync: ['url' as const] },
      { match: '/api/posts' },
    ];
    const doors = createTestDoors({ routes });
    const page = doors.enter();
    assert.equal(
      says(
        await doors.decide(page.sign({ method: 'POST', target: '/api/log', body: 'x' }, { tag: 'sallyport-1-beacon' })),
      ),
      'admit',
    );
    assert.equal(
      says(
        await doors.decide(
          page.sign({ method: 'POST', target: '/api/posts', body: 'x' }, { tag: 'sallyport-1-beacon' }),
        ),
      ),
      'signature',
    );
    assert.equal(
      says(
        await doors.decide(page.sign({ method: 'POST', target: '/api/log', body: 'x' }, { tag: 'sallyport-1-sync' })),
      ),
      'signature',
    );
    const proof = page.compact('/api/film', { tag: 'sallyport-1-url' });
    const film = {
      target: `/api/film?sallyport-proof=${proof}`,
      headers: { ...IMAGE, 'sec-fetch-dest': 'video', range: 'bytes=0-', cookie: page.cookie },
    };
    assert.equal(says(await doors.decide(film)), 'admit');
    assert.equal(says(await doors.decide(film)), 'admit');
    assert.equal(says(await doors.decide(without(film, 'cookie'))), 'replayed');
    assert.equal(says(await doors.decide(without(film, 'range'))), 'replayed');
    doors.clock.now += 70_000;
    assert.equal(says(await doors.decide(film)), 'clock');
  });
});

test('a site behind a password prompt is open to its own page: what the browser adds by itself need not be signed', async () => {
  const doors = createTestDoors({});
  const basic = { authorization: 'Basic YTpi' };
  assert.equal(says(await doors.decide(withHeaders(doors.enter().sign({}), basic))), 'admit');
  assert.equal(says(await doors.decide(doors.enter().sign({ headers: basic }))), 'admit', 'signed by the app itself');
  const swapped = withHeaders(doors.enter().sign({ headers: basic }), { authorization: 'Basic Yzpk' });
  assert.equal(says(await doors.decide(swapped)), 'signature', 'what was signed stays as it was');
  for (const authorization of ['Bearer a', 'basic', 'DPoP a', 'Basicx a']) {
    const added = withHeaders(doors.enter().sign({}), { authorization });
    assert.equal(says(await doors.decide(added)), 'signature', authorization);
  }
  const asking = createTestDoors({ login: { identify: () => null } });
  const added = withHeaders(asking.enter().sign({}), basic);
  assert.equal(says(await asking.decide(added)), 'signature', 'unless the app’s own hook reads it');
});

test('an insecure context is told what to do, a local one is asked to enter', async () => {
  const doors = createTestDoors({ hosts: ['192.168.1.7:4000'] });
  assert.equal(says(await doors.decide({ headers: { host: '192.168.1.7:4000' } })), 'insecure-context');
  assert.equal(says(await doors.decide({})), 'entry-required');
  assert.equal(says(await doors.decide({ secure: true, headers: { host: '192.168.1.7:4000' } })), 'entry-required');
});
