import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { createRecords } from '../../src/stores/records/open.ts';
import { startGate } from '../../src/gateway/index.ts';
import { createServerFetch } from '../../src/server.ts';
import { call, keyedGate, listening, order, SECRET, until } from './support.ts';

interface Site {
  /** Where people reach it: the gate. */
  readonly origin: string;
  readonly port: number;
  readonly keysSeen: string[];
  readonly asked: { method: string; url: string; body: string; headers: IncomingMessage['headers'] }[];
}

/**
 * A server that renders pages from its own API, through the gate that stands in front of both: what Next, Remix, Astro,
 * SvelteKit and Nuxt do on a first load.
 */
async function renderingSite(t: TestContext, kind: 'bearer' | 'ed25519'): Promise<Site> {
  const asked: Site['asked'] = [];
  let ownFetch: typeof fetch = fetch;
  const api = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    asked.push({ method: request.method ?? '', url: request.url ?? '', body, headers: request.headers });
    if (request.url === '/api/moved') return void response.writeHead(307, { location: '/api/posts?from=moved' }).end();
    if (request.url === '/api/away') return void response.writeHead(302, { location: `${stranger}/taken` }).end();
    if (request.url === '/api/stream') {
      response.writeHead(200, { 'content-type': 'text/plain' }).write('first ');
      return void later.push(() => response.end('last'));
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify([{ title: 'hello' }]));
  };
  const app = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url?.startsWith('/api/')) return api(request, response, Buffer.concat(parts).toString());
      render(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
    });
  });
  // As frameworks do that hand on what the visitor sent.
  const render = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' && name !== 'connection' ? [[name, value] as [string, string]] : [],
    );
    const answer = await ownFetch('/api/posts', { headers });
    const posts = answer.ok ? await answer.text() : `refused: ${await answer.text()}`;
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<!doctype html><title>app</title><pre>${posts}</pre>`);
  };
  const keysSeen: string[] = [];
  const other = createServer((request, response) => {
    keysSeen.push(...Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`));
    response.end('taken');
  });
  const stranger = await listening(other);
  const records = await createRecords('memory', { secret: SECRET });
  const routes = ['GET /api/posts', 'POST /api/posts', 'GET /api/moved', 'GET /api/away', 'GET /api/stream'];
  const gate = await startGate(
    {
      to: await listening(app),
      listen: '127.0.0.1:0',
      mode: 'enforce',
      routes: routes.map((match) => ({ match, keys: ['ssr'] })),
    },
    { secret: SECRET, records },
  );
  const issued =
    (await gate.guard.keys?.issue(order({ account: 'own server', kind, scopes: ['ssr'] }))) ?? assert.fail();
  const origin = `http://127.0.0.1:${gate.address.port}`;
  ownFetch = createServerFetch({ key: issued.secret, gate: origin });
  sites.set(origin, ownFetch);
  await until(async () => (await ownFetch('/api/posts')).status === 200);
  asked.length = 0;
  t.after(async () => {
    await gate.close({ graceMs: 0 });
    await records.close();
    for (const server of [app, other]) {
      server.close();
      server.closeAllConnections();
    }
  });
  return { origin, port: gate.address.port, keysSeen, asked };
}

const sites = new Map<string, typeof fetch>();
const later: (() => void)[] = [];
const fetchOf = (site: Site): typeof fetch => sites.get(site.origin) ?? assert.fail();

for (const kind of ['ed25519', 'bearer'] as const) {
  describe(`P8.1 a server that renders pages, with a ${kind} key`, () => {
    test('renders from its own API through the gate, whatever its visitor’s browser sent along', async (t) => {
      const site = await renderingSite(t, kind);
      const page = await call(site.port, '/', {
        headers: {
          accept: 'text/html',
          'sec-fetch-site': 'none',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
          referer: 'https://search.example/',
          cookie: 'theme=dark',
        },
      });
      assert.equal(page.status, 200);
      assert.match(page.text, /hello/);
      assert.equal(site.asked[0]?.headers.cookie, 'theme=dark', 'what belongs to the visitor’s session goes along');
      assert.equal((await call(site.port, '/api/posts')).code, 'entry-required', 'nobody else gets in');
    });

    test('sends bodies of every make, and Request objects', async (t) => {
      const site = await renderingSite(t, kind);
      const own = fetchOf(site);
      const bodies: [NonNullable<ConstructorParameters<typeof Response>[0]>, RegExp][] = [
        ['{"a":"ä"}', /ä/],
        [new URLSearchParams({ a: 'b' }), /^a=b$/],
        [new Blob(['blob'], { type: 'text/x' }), /^blob$/],
        [new TextEncoder().encode('bytes'), /^bytes$/],
      ];
      for (const [body, wanted] of bodies) {
        const answer = await own('/api/posts', { method: 'POST', body });
        assert.equal(answer.status, 200, String(body));
        assert.match(site.asked.at(-1)?.body ?? '', wanted);
      }
      const form = new FormData();
      form.set('title', 'hello');
      assert.equal((await own(`${site.origin}/api/posts`, { method: 'POST', body: form })).status, 200);
      assert.match(site.asked.at(-1)?.body ?? '', /name="title"/);
      const request = new Request(`${site.origin}/api/posts?page=2`, { headers: { 'x-tenant': 'a' } });
      assert.equal((await own(request)).status, 200);
      assert.equal(site.asked.at(-1)?.url, '/api/posts?page=2');
      assert.equal(site.asked.at(-1)?.headers['x-tenant'], 'a');
    });

    test('answers stream', async (t) => {
      const site = await renderingSite(t, kind);
      const answer = await fetchOf(site)('/api/stream');
      const reader = (answer.body ?? assert.fail()).pipeThrough(new TextDecoderStream()).getReader();
      assert.equal((await reader.read()).value, 'first ');
      later.pop()?.();
      assert.equal((await reader.read()).value, 'last');
    });

    test('follows redirects within the gate, and takes the key nowhere else', async (t) => {
      const site = await renderingSite(t, kind);
      const own = fetchOf(site);
      const moved = await own('/api/moved');
      assert.equal(moved.status, 200);
      assert.equal(site.asked.at(-1)?.url, '/api/posts?from=moved');
      assert.equal((await own('/api/moved', { redirect: 'manual' })).status, 307);
      await assert.rejects(own('/api/moved', { redirect: 'error' }), TypeError);
      const away = await own('/api/away', { headers: { cookie: 'of=visitor' } });
      assert.equal(await away.text(), 'taken');
      assert.equal(
        site.keysSeen.some((field) => /^(?:authorization|signature|signature-input|cookie):/.test(field)),
        false,
        site.keysSeen.join('\n'),
      );
    });
  });
}

test('P8.1 one server’s requests are one visitor by its key, and mint no session', async (t) => {
  const made = await keyedGate(t);
  const { secret } = await made.desk.issue(order({ kind: 'ed25519' }));
  const own = createServerFetch({ key: secret, gate: made.origin, now: () => made.clock.wall() });
  await until(async () => (await own('/api/posts')).status === 200);
  const statuses = await Promise.all(Array.from({ length: 300 }, () => own('/api/posts')));
  assert.ok(statuses.every(({ status }) => status === 200));
  assert.ok(made.decisions.slice(-300).every(({ key, session }) => key !== null && session === ''));
});

test('P7.6 a server whose clock is off learns the gate’s, once', async (t) => {
  const made = await keyedGate(t);
  const { secret } = await made.desk.issue(order({ kind: 'ed25519' }));
  for (const skew of [-86_400_000, 86_400_000]) {
    let calls = 0;
    const own = createServerFetch({
      key: secret,
      gate: made.origin,
      now: () => made.clock.wall() + skew,
      fetch: (input, init) => {
        calls++;
        return fetch(input, init);
      },
    });
    await until(async () => (await own('/api/posts')).status === 200);
    calls = 0;
    assert.equal((await own('/api/posts')).status, 200);
    assert.equal(calls, 1);
  }
});

test('what is no key or no origin is said at once, and never printed', () => {
  const gate = 'https://app.example';
  assert.throws(() => createServerFetch({ key: 'secret-of-mine', gate }), /spk_/);
  const typo = `spk_${'A'.repeat(60)}`;
  assert.throws(
    () => createServerFetch({ key: typo, gate }),
    (error: Error) => /checksum/.test(error.message) && !error.message.includes(typo),
  );
  assert.throws(() => createServerFetch({ key: typo, gate: 'app.example' }), /origin/);
  assert.throws(() => createServerFetch({ key: typo, gate: 'https://app.example/api' }), /origin/);
});

test('what does not go to the gate is handed on as it is', async (t) => {
  const made = await keyedGate(t);
  const { secret } = await made.desk.issue(order());
  const seen: unknown[] = [];
  const other: typeof fetch = async (...args) => {
    seen.push(args);
    return new Response('other');
  };
  const own = createServerFetch({ key: secret, gate: made.origin, fetch: other });
  const init = { headers: { a: 'b' } };
  await own('https://other.example/x', init);
  assert.deepEqual(seen, [['https://other.example/x', init]]);
});
