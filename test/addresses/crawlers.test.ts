import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { createCrawlers, type KeptCrawlers } from '../../src/addresses/crawlers.ts';
import type { Resolver } from '../../src/guard/bots.ts';
import { startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { crawlersOf } from '../../src/guard/config-bots.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import { createDecoy } from '../../src/layers/decoy.ts';
import { createTestDoors } from '../support/doors.ts';
import { judgeLater } from '../support/layer.ts';
import { listening } from '../keys/support.ts';

const GOOGLE = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const CRAWLER = '66.249.66.1';
const CRAWLER6 = '2001:4860:4801:2::1';

/** Name servers of a small internet. */
function internet(
  names: Readonly<Record<string, readonly string[]>>,
  addresses: Readonly<Record<string, readonly string[]>>,
): Resolver & { readonly asked: string[] } {
  const asked: string[] = [];
  const found = async (table: typeof names, key: string): Promise<readonly string[]> => {
    asked.push(key);
    return table[key] ?? Promise.reject(Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' }));
  };
  return { asked, namesOf: (address) => found(names, address), addressesOf: (name) => found(addresses, name) };
}

const REAL = internet(
  { [CRAWLER]: ['crawl-66-249-66-1.googlebot.com'], [CRAWLER6]: ['crawl6.googlebot.com.'] },
  { 'crawl-66-249-66-1.googlebot.com': [CRAWLER], 'crawl6.googlebot.com': ['2001:4860:4801:0002:0:0:0:1'] },
);

interface Wanted {
  readonly resolver?: Resolver;
  readonly bots?: Config['bots'];
  readonly clock?: { now: number };
}

function crawlers(
  t: TestContext,
  { resolver = REAL, bots = { crawlers: ['google'] }, clock = { now: 0 } }: Wanted = {},
): KeptCrawlers {
  const kept = createCrawlers({
    crawlers: crawlersOf({ bots }),
    resolver,
    fetch,
    wall: () => 1_750_000_000_000 + clock.now,
    monotonic: () => clock.now,
  });
  t.after(() => kept.close());
  return kept;
}

describe('P8.2 who says that it is a crawler', () => {
  test('is one where its address leads to a name of the operator’s, and the name back to it', async (t) => {
    const found = crawlers(t);
    assert.equal(await found.find(GOOGLE, CRAWLER, CRAWLER), 'google');
    assert.equal(await found.find(GOOGLE, CRAWLER6, '2001:4860:4801::/56'), 'google', 'however the address is spelt');
  });

  const impostors: readonly (readonly [string, Resolver, string])[] = [
    ['whose address leads nowhere', internet({}, {}), '192.0.2.7'],
    [
      'who named its address after the crawler',
      internet({ '192.0.2.7': ['a.googlebot.com'] }, { 'a.googlebot.com': [CRAWLER] }),
      '192.0.2.7',
    ],
    [
      'whose name only begins like it',
      internet({ '192.0.2.7': ['googlebot.com.evil.example'] }, { 'googlebot.com.evil.example': ['192.0.2.7'] }),
      '192.0.2.7',
    ],
    [
      'whose name only ends like it',
      internet({ '192.0.2.7': ['evilgooglebot.com'] }, { 'evilgooglebot.com': ['192.0.2.7'] }),
      '192.0.2.7',
    ],
    [
      'on the operator’s machines for everybody',
      internet(
        { '192.0.2.7': ['7.2.0.192.bc.googleusercontent.com'] },
        { '7.2.0.192.bc.googleusercontent.com': ['192.0.2.7'] },
      ),
      '192.0.2.7',
    ],
    [
      'whose name is hidden behind many',
      internet({ '192.0.2.7': ['a.x', 'b.x', 'c.x', 'd.x', 'e.googlebot.com'] }, { 'e.googlebot.com': ['192.0.2.7'] }),
      '192.0.2.7',
    ],
    ['without an address', REAL, ''],
  ];
  for (const [who, resolver, address] of impostors) {
    test(`is none ${who}`, async (t) => {
      assert.equal(await crawlers(t, { resolver }).find(GOOGLE, address, address), '');
    });
  }

  test('is none where name servers do not answer, and nobody waits longer than two seconds', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const silent = crawlers(t, { resolver: { namesOf: () => new Promise(() => {}), addressesOf: async () => [] } });
    const found = silent.find(GOOGLE, CRAWLER, CRAWLER);
    t.mock.timers.tick(2000);
    assert.equal(await found, '');
  });

  test('who says nothing of the kind is not looked up', (t) => {
    const resolver = internet({}, {});
    const found = crawlers(t, { resolver });
    assert.equal(found.find('Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0', '192.0.2.7', '192.0.2.7'), '');
    assert.equal(found.find(`${'x'.repeat(600)}Googlebot`, '192.0.2.7', '192.0.2.7'), '');
    assert.deepEqual(resolver.asked, []);
  });

  test('is asked for once, however many requests come, and again when that is old', async (t) => {
    const resolver = internet({ [CRAWLER]: ['a.googlebot.com'] }, { 'a.googlebot.com': [CRAWLER] });
    const clock = { now: 0 };
    const found = crawlers(t, { resolver, clock });
    const all = await Promise.all(Array.from({ length: 50 }, async () => found.find(GOOGLE, CRAWLER, CRAWLER)));
    assert.deepEqual([new Set(all).size, resolver.asked.length], [1, 2]);
    assert.equal(found.find(GOOGLE, CRAWLER, CRAWLER), 'google', 'at once');
    clock.now += 25 * 3_600_000;
    assert.equal(await found.find(GOOGLE, CRAWLER, CRAWLER), 'google');
    assert.equal(resolver.asked.length, 4);
  });

  test('whoever only says so makes name servers busy once in ten minutes, with all of its network', async (t) => {
    const resolver = internet({}, {});
    const clock = { now: 0 };
    const found = crawlers(t, { resolver, clock });
    for (let host = 1; host <= 100; host++) await found.find(GOOGLE, `2001:db8::${host.toString(16)}`, '2001:db8::/56');
    assert.equal(resolver.asked.length, 1);
    clock.now += 600_001;
    await found.find(GOOGLE, '2001:db8::1', '2001:db8::/56');
    assert.equal(resolver.asked.length, 2);
  });

  test('a thousand networks that say so at once ask 32 at a time, and a crawler that was known before goes on', async (t) => {
    let open = 0;
    const resolver: Resolver = {
      namesOf: (address) => {
        if (address === CRAWLER) return REAL.namesOf(address);
        open++;
        return new Promise(() => {});
      },
      addressesOf: REAL.addressesOf,
    };
    const found = crawlers(t, { resolver });
    assert.equal(await found.find(GOOGLE, CRAWLER, CRAWLER), 'google');
    for (let network = 0; network < 1000; network++) {
      const address = `198.51.${network >> 8}.${network & 255}`;
      void found.find(GOOGLE, address, address);
    }
    assert.equal(open, 32);
    assert.equal(found.find(GOOGLE, CRAWLER, CRAWLER), 'google');
  });

  test('is one where its operator publishes the network', async (t) => {
    const server = createServer((_, response) => {
      const prefixes = [
        { ipv4Prefix: '192.178.5.0/27' },
        { ipv6Prefix: '2001:4860:4801:10::/64' },
        { ipv4Prefix: 'nonsense' },
      ];
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ prefixes }));
    });
    const ranges = `${await listening(server)}/ranges.json`;
    t.after(() => server.close());
    const bots = { crawlers: [{ name: 'example', agent: 'ExampleBot', ranges }] };
    const found = crawlers(t, { bots, resolver: internet({}, {}) });
    await found.refresh();
    assert.equal(found.find('examplebot/1.0', '192.178.5.31', '192.178.5.31'), 'example');
    assert.equal(found.find('examplebot/1.0', '192.178.5.32', '192.178.5.32'), '');
    assert.equal(found.find(GOOGLE, '192.178.5.31', '192.178.5.31'), '', 'nor for another crawler');
  });
});

const SITE: Config = {
  mode: 'enforce',
  listen: '127.0.0.1:0',
  trustedProxies: ['127.0.0.0/8'],
  bots: { crawlers: ['google'] },
  routes: [{ match: 'GET /api/posts', bots: true }, { match: 'POST /api/posts' }, { match: 'GET /api/own' }],
};

test('P8.2 a whole gate: the crawler reads what a page shows, and nothing else; its name alone opens nothing', async (t) => {
  const backend = createServer((_, response) => response.writeHead(200).end('{"posts":[]}'));
  const to = await listening(backend);
  const gate = await startGate({ ...SITE, to }, { resolver: REAL });
  t.after(async () => {
    await gate.close({ graceMs: 0 });
    backend.close();
    backend.closeAllConnections();
  });
  const status = async (from: string, path: string, userAgent = GOOGLE, method = 'GET'): Promise<number> => {
    const headers = { 'user-agent': userAgent, 'x-forwarded-for': from, connection: 'close' };
    const answer = await fetch(gate.url + path, { method, headers });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await status(CRAWLER, '/api/posts'), 200);
  assert.equal(await status(CRAWLER, '/api/posts', GOOGLE, 'HEAD'), 200);
  assert.equal(await status('192.0.2.7', '/api/posts'), 403, 'the same name from elsewhere');
  assert.equal(await status(`${CRAWLER}, 192.0.2.7`, '/api/posts'), 403, 'an address that it put there itself');
  assert.equal(await status(CRAWLER, '/api/posts', 'curl/8'), 403, 'another program from there');
  assert.equal(await status(CRAWLER, '/api/own'), 403);
  assert.equal(await status(CRAWLER, '/api/posts', GOOGLE, 'POST'), 403);
  assert.equal(await status(CRAWLER, '/api/posts?_method=POST'), 403);
});

test('a crawler that runs a page may touch a decoy; whoever only says it is one is noted', async () => {
  const doors = createTestDoors({ decoys: ['GET /api/admin/export'], bans: { after: 3 } });
  const page = doors.enter();
  const touched: string[] = [];
  const layer = createDecoy({
    tickets: doors.tickets,
    alarm: ({ where }) => void touched.push(where),
    failed: () => {},
    crawlers: {
      find: (userAgent) => Promise.resolve(userAgent === GOOGLE ? 'google' : ''),
    },
  });
  const config: Config = { mode: 'enforce', decoys: ['GET /api/admin/export'], bans: { after: 3 } };
  const ask = async (userAgent: string) => {
    const sketch = page.sign({ method: 'GET', target: '/api/admin/export', headers: { 'user-agent': userAgent } });
    await judgeLater(layer, config, sketch, doors.clock.now);
  };
  await ask(GOOGLE);
  assert.deepEqual(touched, []);
  await ask('Mozilla/5.0 Googlebot-like');
  assert.deepEqual(touched, ['decoy']);
});

const WRONG: readonly (readonly [string, unknown, RegExp])[] = [
  ['a crawler nobody knows', { crawlers: ['altavista'] }, /bots\.crawlers\[0\]/],
  ['only its own word', { crawlers: [{ name: 'x', agent: 'ExampleBot' }] }, /write hosts or ranges/],
  ['every browser', { crawlers: [{ name: 'x', agent: 'Mozilla', hosts: ['a.example'] }] }, /own name/],
  ['a whole top level domain', { crawlers: [{ name: 'x', agent: 'ExampleBot', hosts: ['com'] }] }, /name of a host/],
  ['one twice', { crawlers: ['google', 'google'] }, /is listed before/],
  ['ranges on plain HTTP', { crawlers: [{ name: 'x', agent: 'ExampleBot', ranges: 'http://a.example/x' }] }, /https/],
];
for (const [what, bots, message] of WRONG) {
  test(`a configuration that lists ${what} is refused`, () => {
    const given = { bots, routes: [{ match: 'GET /api/posts', bots: true }] };
    assert.throws(
      () => parseConfig(given, 'file'),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  });
}
