import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';
import { createTestKey, createTestPass, passFixtures } from '../../src/testing.ts';
import { parsePass } from '../../src/wire/test-pass.ts';
import { keyedGate } from '../keys/support.ts';

const KEY = createTestKey();
const FIELD = 'sallyport-test-pass';
const trusting = { testPasses: { publicKey: KEY.publicKey } };
const passOf = (now: () => number, more = {}) => createTestPass({ key: KEY.privateKey, now, ...more });

describe('P4.5 a pass for tests', () => {
  test('lets a test call the API of a gate that trusts its key, and shows it to no backend', async (t) => {
    const { call, clock, seen, decisions } = await keyedGate(t, trusting);
    const reply = await call('/api/posts', { headers: { [FIELD]: passOf(clock.wall) } });
    assert.equal(reply.status, 200);
    assert.equal(seen.at(-1)?.headers[FIELD], undefined);
    assert.equal(decisions.at(-1)?.key?.account, 'tests');
    assert.equal((await call('/api/posts')).code, 'entry-required', 'others need a page as ever');
    assert.equal((await call('/api/none', { headers: { [FIELD]: passOf(clock.wall) } })).code, 'forbidden');
  });

  for (const environment of ['test', 'development', 'production']) {
    test(`opens nothing at a gate that does not trust it, NODE_ENV being ${environment}: its own code, and an alarm`, async (t) => {
      const before = process.env['NODE_ENV'];
      process.env['NODE_ENV'] = environment;
      t.after(() => {
        if (before === undefined) delete process.env['NODE_ENV'];
        else process.env['NODE_ENV'] = before;
      });
      const { call, clock, alarms, seen } = await keyedGate(t);
      for (const path of ['/api/posts', '/', '/_sallyport/enter']) {
        const reply = await call(path, { headers: { [FIELD]: passOf(clock.wall) } });
        assert.deepEqual([reply.status, /test-pass/.test(reply.text)], [403, true], path);
      }
      assert.equal(seen.length, 0);
      assert.equal(alarms.length, 3);
      assert.ok(alarms.every(({ where }) => where === 'test-pass'));
    });
  }

  test('one that has ended, is for another gate, of too long a life, altered or by another key opens nothing', async (t) => {
    const { call, clock } = await keyedGate(t, trusting);
    const good = passOf(clock.wall);
    const other = generateKeyPairSync('ed25519').privateKey;
    const ended = passOf(() => clock.wall() - 3_601_000);
    const early = passOf(() => clock.wall() + 60_000);
    const bad = [ended, early, passOf(clock.wall, { authority: 'other.example' }), createTestPass({ key: other })];
    const altered = `${good.slice(0, -9)}${good.at(-9) === 'A' ? 'B' : 'A'}${good.slice(-8)}`;
    bad.push(altered, good.replace('stp_e', 'stp_f'), 'stp_', good.slice(4), '1');
    for (const pass of bad)
      assert.equal((await call('/api/posts', { headers: { [FIELD]: pass } })).code, 'test-pass', pass);
    assert.equal((await call('/api/posts', { headers: { [FIELD]: [good, good] } })).code, 'test-pass', 'twice');
    assert.throws(() => createTestPass({ key: KEY.privateKey, life: 86_401 }), RangeError);
    assert.throws(
      () => createTestPass({ key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }),
      TypeError,
    );
  });

  test('what a page has signed is judged as ever, so that tests find what would break', async (t) => {
    const { gate, clock } = await keyedGate(t, trusting);
    const target = parseTarget(`http://127.0.0.1:${gate.address.port}/api/posts`);
    const sender = createSender(target);
    t.after(() => sender.close());
    const page = createWireClient(target, '/', sender);
    assert.equal((await page.open()).opened, true);
    const signed = page.sign({ method: 'GET' });
    const withPass = { ...signed, fields: [...signed.fields, FIELD, passOf(clock.wall)] };
    assert.equal((await sender.send(withPass)).status, 200);
    assert.equal((await sender.send(withPass)).status, 403, 'a replay is one');
  });

  test('R57 a fixture’s pass is for the app under test, and goes to nobody else', async (t) => {
    const { call, origin, clock } = await keyedGate(t, trusting);
    const calls: { url: string; pass: string }[] = [];
    const context = {
      base: '',
      async get(url: string, options: { headers?: Record<string, string> } = {}) {
        calls.push({ url, pass: options.headers?.[FIELD] ?? '' });
        return this.base;
      },
      async dispose() {},
    };
    const newContext = async () => context;
    const { request } = passFixtures({ key: KEY.privateKey, now: clock.wall });
    await request({ playwright: { request: { newContext } }, baseURL: `${origin}/app/` }, async (made) => {
      for (const url of ['/api/posts', 'api', `${origin}/api`, 'https://other.example/api', '//other.example/api'])
        assert.equal(await made.get(url, { headers: { accept: 'x' } }), '');
    });
    assert.deepEqual(
      calls.map(({ pass }) => pass !== ''),
      [true, true, true, false, false],
    );
    const [own] = calls;
    assert.equal((await call('/api/posts', { headers: { [FIELD]: own?.pass ?? '' } })).status, 200);
    assert.equal(parsePass(own?.pass ?? '')?.authority, new URL(origin).host);
    const another = await keyedGate(t, trusting);
    const reply = await another.call('/api/posts', { headers: { [FIELD]: own?.pass ?? '' } });
    assert.equal(reply.code, 'test-pass', 'at another gate that trusts the same key');
  });

  test('P4.4 pages of tests enter past every limit on new sessions, and those of others do not', async (t) => {
    const { call, clock, decisions } = await keyedGate(t, {
      ...trusting,
      mint: { perPrefix: 2, total: 1000 },
      clients: { default: { stamp: 'waive' } },
    });
    const { createECDH } = await import('node:crypto');
    const enter = (headers: Record<string, string>) => {
      const key = createECDH('prime256v1').generateKeys('base64url');
      return call('/_sallyport/enter', {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          'x-requested-with': 'sallyport',
          'sec-fetch-site': 'same-origin',
        },
        body: JSON.stringify({ v: 1, client: 'default', key }),
      });
    };
    const statuses: number[] = [];
    for (let at = 0; at < 40; at++) statuses.push((await enter({ [FIELD]: passOf(clock.wall) })).status);
    assert.deepEqual(statuses, Array(40).fill(200));
    const crowded = (): number => decisions.filter(({ note = '' }) => note.startsWith('more sessions than')).length;
    assert.equal(crowded(), 0);
    await Promise.all([1, 2, 3, 4].map(() => enter({})));
    assert.equal(crowded(), 2, 'others have waited, and count as one');
  });

  test('any text is parsed or is none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `stp_${text}.${'A'.repeat(86)}`),
        ),
        (text) => {
          assert.equal(parsePass(text), null);
        },
      ),
    );
  });
});
