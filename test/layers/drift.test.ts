import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { createTestDoors, type Doors, type Page } from '../support/doors.ts';
import type { Sketch } from '../support/view.ts';

const chrome = (version: number): Record<string, string> => ({
  'user-agent': `Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Mobile Safari/537.36`,
  'sec-ch-ua': `"Chromium";v="${version}", "Google Chrome";v="${version}", "Not?A_Brand";v="24"`,
  'accept-language': 'de-DE,de;q=0.9,en;q=0.8',
});
const FIREFOX = {
  'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0',
  'accept-language': 'en-US,en;q=0.5',
};

const WIFI: Sketch = { peer: '198.51.100.7', headers: chrome(156) };
const ELSEWHERE: Sketch = { peer: '203.0.113.9', headers: FIREFOX };

/** What a session-level request carries besides. */
const IMAGE = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };

const CONFIG: Config = { routes: [{ match: '/api/posts' }, { match: 'GET /api/image', carriers: ['media'] }] };

const at = (sketch: Sketch, more: Sketch): Sketch => ({
  ...sketch,
  ...more,
  headers: { ...sketch.headers, ...more.headers },
});
const said = ({ code, note = '' }: Decision): string => code || note || 'passes';

const signed = async (doors: Doors, page: Page, from: Sketch): Promise<string> =>
  said(await doors.decide(page.sign(from)));
const image = async (doors: Doors, page: Page, from: Sketch): Promise<string> =>
  said(await doors.decide(at(from, { target: '/api/image', headers: { ...IMAGE, cookie: page.cookie } })));

for (const [how, ask, again] of [
  ['its calls', signed, 'stale'],
  ['its cookie alone', image, 'entry-required'],
] as const) {
  test(`R68 ${how} from another network by another browser: asked to enter again, and good where it was`, async () => {
    const doors = createTestDoors(CONFIG);
    const page = doors.enter({ from: WIFI });
    assert.equal(await ask(doors, page, ELSEWHERE), again);
    assert.equal(await ask(doors, page, WIFI), 'passes', 'nothing was used up, and nobody was locked out');
    assert.equal(
      await ask(doors, doors.enter({ from: ELSEWHERE }), ELSEWHERE),
      'passes',
      'an entry there is good there',
    );
  });

  test(`R68 P5.3 ${how} from wifi, mobile data, IPv6 and another /48, a hundred times: noted, never refused`, async () => {
    const doors = createTestDoors(CONFIG);
    const page = doors.enter({ from: WIFI });
    const peers = ['198.51.100.7', '203.0.113.80', '2001:db8:1::7', '2001:db8:2:3::7', '::ffff:198.51.100.200'];
    const seen = new Map<string, Set<string>>();
    for (let i = 0; i < 100; i++) {
      const peer = peers[i % peers.length] ?? '';
      const answer = await ask(doors, page, at(WIFI, { peer }));
      seen.set(peer, (seen.get(peer) ?? new Set()).add(answer));
    }
    const moved = ['network changed since the entry'];
    assert.deepEqual(
      peers.map((peer) => [...(seen.get(peer) ?? [])]),
      [['passes'], moved, moved, moved, ['passes']],
    );
  });

  test(`R68 ${how} by the same browser after its update, in another order of brands: nothing has changed`, async () => {
    const doors = createTestDoors({ ...CONFIG, drift: { browser: 'refuse' } });
    const page = doors.enter({ from: WIFI });
    const brands = '"Not(A:Brand";v="99", "Google Chrome";v="157", "Chromium";v="157"';
    const updated = at(WIFI, { headers: { ...chrome(157), 'sec-ch-ua': brands } });
    assert.equal(await ask(doors, page, updated), 'passes');
    const { 'sec-ch-ua': _, ...bare } = updated.headers ?? {};
    assert.equal(
      await ask(doors, page, { peer: '198.51.100.7', headers: bare }),
      'passes',
      'a handshake says no brands',
    );
    const brave = { 'sec-ch-ua': '"Chromium";v="156", "Brave";v="156", "Not?A_Brand";v="24"' };
    assert.equal(await ask(doors, page, at(WIFI, { headers: brave })), again, 'what is another one is seen');
  });
}

test('R68 each policy asks for what it says, for each kind of change', async () => {
  const moved = at(WIFI, { peer: '203.0.113.9' });
  const browser = at(WIFI, { headers: FIREFOX });
  const rows: readonly (readonly [Config['drift'], readonly string[]])[] = [
    [undefined, ['network changed since the entry', 'browser changed since the entry', 'stale']],
    [
      { both: 'note' },
      [
        'network changed since the entry',
        'browser changed since the entry',
        'network and browser changed since the entry',
      ],
    ],
    [{ network: 'entry' }, ['stale', 'browser changed since the entry', 'stale']],
    [{ browser: 'refuse' }, ['network changed since the entry', 'stale', 'stale']],
  ];
  for (const [drift, expected] of rows) {
    const doors = createTestDoors({ ...CONFIG, ...(drift && { drift }) });
    const page = doors.enter({ from: WIFI });
    const found = [];
    for (const from of [moved, browser, ELSEWHERE]) found.push(await signed(doors, page, from));
    assert.deepEqual(found, expected, JSON.stringify(drift));
  }
});

test('R68 a login that moved has to be made anew, by ticket and by cookie; who has none enters', async () => {
  const login = { accounts: true } as const;
  const doors = createTestDoors({ ...CONFIG, login, drift: { both: 'login' } });
  for (const [number, byTicket, byCookie] of [
    [7, 'step-up', 'step-up'],
    [0, 'stale', 'entry-required'],
  ] as const) {
    const page = doors.enter({ from: WIFI, login: number });
    assert.equal(await signed(doors, page, ELSEWHERE), byTicket);
    assert.equal(await image(doors, page, ELSEWHERE), byCookie);
    assert.equal(await signed(doors, page, at(WIFI, { peer: '203.0.113.9' })), 'network changed since the entry');
  }
});

test('R68 two tabs of one browser, one of them in a VPN, each go on from their own network', async () => {
  const doors = createTestDoors({ ...CONFIG, drift: { network: 'entry' } });
  const plain = doors.enter({ from: WIFI });
  const vpn = at(WIFI, { peer: '203.0.113.9' });
  const tunnelled = doors.enter({ from: vpn, cookie: plain.cookie });
  for (let i = 0; i < 5; i++) {
    assert.equal(await signed(doors, plain, WIFI), 'passes');
    assert.equal(await signed(doors, tunnelled, vpn), 'passes');
  }
});

test('R68 P6.1 a language that the page names in its calls is none of the browser’s; in an image’s request it is', async () => {
  const doors = createTestDoors(CONFIG);
  const page = doors.enter({ from: WIFI });
  const french = at(WIFI, { peer: '203.0.113.9', headers: { 'accept-language': 'fr' } });
  assert.equal(await signed(doors, page, french), 'network changed since the entry');
  assert.equal(await image(doors, page, french), 'entry-required');
});

test('R68 a browser that resists fingerprinting says the same everywhere, and is let be', async () => {
  const doors = createTestDoors({ ...CONFIG, drift: { browser: 'refuse' } });
  const resisting = { peer: '198.51.100.7', headers: FIREFOX };
  const page = doors.enter({ from: resisting });
  for (const language of ['en-US,en;q=0.5', 'en-US', 'en']) {
    const shown = at(resisting, { headers: { 'accept-language': language } });
    assert.equal(await signed(doors, page, shown), 'passes');
    assert.equal(await image(doors, page, shown), 'passes');
  }
});

test('R68 report mode records what would be asked, by name and without a value, and lets it pass', async () => {
  for (const config of [
    { ...CONFIG, mode: 'report' },
    { ...CONFIG, layers: { drift: 'report' } },
  ] as Config[]) {
    const doors = createTestDoors(config);
    const page = doors.enter({ from: WIFI });
    const decision = await doors.decide(page.sign(ELSEWHERE));
    assert.equal(decision.outcome, 'admit');
    const [step] = decision.trail;
    assert.equal(step?.layer, 'drift');
    assert.equal(step.code, 'stale');
    assert.equal(step.evidence, 'network and browser changed since the entry');
    assert.equal(step.enforced, false);
  }
});
