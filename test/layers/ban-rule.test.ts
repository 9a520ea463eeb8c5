import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { createTestDoors, type Doors, type Page } from '../support/doors.ts';
import type { Sketch } from '../support/view.ts';

/** Orders of a shop: nobody pays before there is something in the cart. */
const SHOP: Config = {
  bans: { after: 3 },
  routes: [
    { match: 'POST /api/cart' },
    { match: 'POST /api/pay', after: 'POST /api/cart', once: true },
    { match: 'GET /api/posts', carriers: ['media'] },
  ],
};
const PAY = { method: 'POST', target: '/api/pay' };
const CART = { method: 'POST', target: '/api/cart' };

const codeOf = async (doors: Doors, sketch: Sketch): Promise<string> => (await doors.decide(sketch)).code;

async function slip(doors: Doors, page: Page, times: number): Promise<void> {
  for (let i = 0; i < times; i++) assert.equal(await codeOf(doors, page.sign(PAY)), 'order');
}

test('P6.5 three slips cost 60 s at most, of this session alone', async () => {
  const doors = createTestDoors(SHOP);
  const [page, neighbour] = [doors.enter(), doors.enter()];
  await slip(doors, page, 2);
  assert.equal(await codeOf(doors, page.sign(CART)), '', 'two are nothing');
  await slip(doors, page, 1);
  assert.equal(await codeOf(doors, page.sign(CART)), 'banned');
  assert.equal(await codeOf(doors, neighbour.sign(CART)), '');
  doors.clock.now += 60_000;
  assert.equal(await codeOf(doors, page.sign(CART)), '');
  assert.deepEqual(
    doors.banned.map(({ kind, by }) => [kind, by]),
    [['session', 'rule: bans']],
  );
});

test('nobody is banned where no rule says so', async () => {
  const { bans: _, ...without } = SHOP;
  const doors = createTestDoors(without);
  await slip(doors, doors.enter(), 20);
  assert.deepEqual(doors.banned, []);
});

test('nobody is banned for what report mode only notes', async () => {
  const doors = createTestDoors({ ...SHOP, layers: { order: 'report' } });
  const page = doors.enter();
  for (let i = 0; i < 20; i++) assert.equal(await codeOf(doors, page.sign(PAY)), '');
  assert.deepEqual(doors.banned, []);
});

/** What somebody may send who has seen a page’s calls, its ticket and its cookie, and has not its key. */
const FORGERIES: readonly {
  readonly what: string;
  readonly make: (page: Page, captured: Sketch, doors: Doors, round: number) => Sketch;
  readonly codes: readonly string[];
}[] = [
  {
    what: 'a captured slip, sent again and again',
    make: (_page, captured) => captured,
    codes: ['order'],
  },
  {
    what: 'its proof over another call',
    make: (_page, captured) => ({ ...captured, target: '/api/cart' }),
    codes: ['signature'],
  },
  {
    what: 'its ticket with counters of one’s own',
    make: (_page, captured, _doors, round) => ({
      ...captured,
      headers: {
        ...captured.headers,
        'signature-input': (captured.headers?.['signature-input'] ?? '').replace(
          /nonce="\d+"/,
          `nonce="${900 + round}"`,
        ),
      },
    }),
    codes: ['signature', 'target'],
  },
  {
    what: 'its cookie alone, where a proof is asked for',
    make: (page) => ({
      ...PAY,
      headers: { cookie: page.cookie, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
    }),
    codes: ['entry-required'],
  },
  {
    what: 'its cookie under a stranger’s proof',
    make: (page, _captured, doors) => {
      const own = doors.enter().sign(CART);
      return { ...own, headers: { ...own.headers, cookie: page.cookie } };
    },
    codes: ['session-mismatch'],
  },
  {
    what: 'its cookie from another site',
    make: (page) => ({
      ...PAY,
      headers: { cookie: page.cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    }),
    codes: ['origin', 'site'],
  },
  {
    what: 'no proof at all, from its network',
    make: () => PAY,
    codes: ['entry-required', 'site'],
  },
];

for (const { what, make, codes } of FORGERIES) {
  test(`nobody gets a neighbour banned by ${what}`, async () => {
    const doors = createTestDoors(SHOP);
    const victim = doors.enter();
    const captured = victim.sign(PAY);
    assert.equal(await codeOf(doors, captured), 'order');
    for (let round = 0; round < 20; round++) {
      const code = await codeOf(doors, make(victim, captured, doors, round));
      assert.ok(codes.includes(code), code);
    }
    assert.deepEqual(doors.banned, []);
    assert.equal(await codeOf(doors, victim.sign(CART)), '');
  });
}

test('calls that were admitted once are replays, not slips, when somebody else sends them', async () => {
  const doors = createTestDoors(SHOP);
  const victim = doors.enter();
  const captured: Sketch[] = [];
  for (let i = 0; i < 6; i++) {
    const cart = victim.sign(CART);
    await doors.answered(cart, await doors.decide(cart), 200);
    doors.clock.now += 1;
    const pay = victim.sign(PAY);
    const decision = await doors.decide(pay);
    assert.equal(decision.code, '');
    await doors.answered(pay, decision, 200);
    captured.push(pay);
    doors.clock.now += 1;
  }
  for (const call of captured) assert.equal(await codeOf(doors, call), 'replayed');
  assert.deepEqual(doors.banned, []);
});

test('a prefix of which three sessions were banned opens no new one; a neighbour’s session goes on', async () => {
  const doors = createTestDoors({ ...SHOP, bans: { after: 3, prefix: 600 } });
  const neighbour = doors.enter();
  for (let i = 0; i < 3; i++) await slip(doors, doors.enter(), 3);
  assert.deepEqual(
    doors.banned.map(({ kind, value, until }) => [kind, value.length, (until - doors.clock.now) / 1000]).at(-1),
    ['prefix', '127.0.0.1'.length, 600],
  );
  assert.equal(await codeOf(doors, neighbour.sign(CART)), '');
  const image = {
    cookie: neighbour.cookie,
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'no-cors',
    'sec-fetch-dest': 'image',
  };
  assert.equal(await codeOf(doors, { target: '/api/posts', headers: image }), '');
});
