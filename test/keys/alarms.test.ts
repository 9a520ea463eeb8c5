import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSigner } from '../../src/keys/signer.ts';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';
import { bearer, type KeyedGate, keyedGate, order, until } from './support.ts';

async function gateWithKey(t: Parameters<typeof keyedGate>[0], config: Parameters<typeof keyedGate>[1] = {}) {
  const made = await keyedGate(t, config);
  const issued = await made.desk.issue(order());
  await until(async () => (await made.call('/api/posts', bearer(issued.secret))).status === 200);
  return { ...made, ...issued };
}

const opens = async ({ call, secret }: KeyedGate & { readonly secret: string }): Promise<boolean> =>
  (await call('/api/posts', bearer(secret))).status === 200;

describe('a key where none may be', () => {
  for (const [name, value] of [
    ['origin', 'http://localhost:4000'],
    ['origin', 'null'],
    ['referer', 'https://other.example/'],
    ['sec-fetch-site', 'same-origin'],
    ['sec-fetch-dest', 'empty'],
  ] as const) {
    test(`P11.2 ${name}: ${value} says that a page sent it: refused, and its owner told`, async (t) => {
      const made = await gateWithKey(t);
      const { call, secret, row, seen, alarms } = made;
      const before = seen.length;
      for (const path of ['/api/posts', '/api/own']) {
        const reply = await call(path, { headers: { authorization: `Bearer ${secret}`, [name]: value } });
        assert.deepEqual([reply.status, reply.code], [403, 'key-in-browser'], path);
      }
      assert.equal(seen.length, before);
      assert.deepEqual(
        alarms.map(({ key, account, where }) => [key, account, where]),
        [
          [row.id, 'partner', 'browser'],
          [row.id, 'partner', 'browser'],
        ],
      );
      assert.equal(await opens(made), true, 'it is not revoked unless the configuration says so');
    });
  }

  test('P11.2 Node’s fetch, which says Sec-Fetch-Mode, is no page', async (t) => {
    const { origin, secret, alarms } = await gateWithKey(t);
    const reply = await fetch(`${origin}/api/posts`, { headers: { authorization: `Bearer ${secret}` } });
    assert.equal(reply.status, 200);
    assert.deepEqual(alarms, []);
  });

  test('a key in a URL is refused and alarmed, wherever it stands and whatever else is shown', async (t) => {
    const { call, secret, alarms, seen } = await gateWithKey(t);
    const before = seen.length;
    for (const path of [`/api/posts?key=${secret}`, `/files/${secret}/posts`, `/page?access_token=${secret}&x`]) {
      assert.equal((await call(path, bearer(secret))).code, 'key-in-browser', path);
      assert.equal((await call(path)).code, 'key-in-browser', path);
    }
    assert.equal(alarms.length, 6);
    assert.ok(alarms.every(({ where }) => where === 'url'));
    assert.equal(seen.length, before);
  });

  test('what only looks like a key troubles nobody: another’s text, or one that is not ours', async (t) => {
    const { call, alarms, secret } = await gateWithKey(t);
    const other = `${secret.slice(0, 20)}${'0'.repeat(44)}`;
    assert.equal((await call(`/page?x=${other}&spk_`)).status, 200);
    assert.equal((await call('/page', bearer('spk_live_somebody-elses'))).status, 200, 'nothing is asked there');
    assert.deepEqual(alarms, []);
  });

  test('the secret of a signing key that is sent as if it were a bearer key is refused and alarmed', async (t) => {
    const { desk, call, alarms } = await gateWithKey(t);
    for (const kind of ['ed25519', 'hmac'] as const) {
      const { secret, row } = await desk.issue(order({ kind }));
      await until(
        async () => (await call('/api/posts', bearer(secret))).code === 'key' && alarms.at(-1)?.key === row.id,
      );
      assert.equal(alarms.at(-1)?.where, 'secret');
    }
    const guess = await desk.issue(order({ kind: 'ed25519' }));
    assert.ok(createSigner(guess.secret));
  });

  test('`leaked: revoke` ends it at once', async (t) => {
    const made = await gateWithKey(t, { keys: { leaked: 'revoke' } });
    await made.call('/api/posts', { headers: { ...bearer(made.secret).headers, origin: 'https://page.example' } });
    await until(async () => !(await opens(made)));
    assert.notEqual((await made.records.keys.get(made.row.id))?.revoked, 0);
  });

  test('report mode tells its owner, too, and lets the request pass without the key', async (t) => {
    const { call, secret, alarms, seen } = await gateWithKey(t, { mode: 'report' });
    const reply = await call('/api/posts', { headers: { ...bearer(secret).headers, origin: 'https://page.example' } });
    assert.equal(reply.status, 200);
    assert.equal(alarms.length, 1);
    assert.equal(seen.at(-1)?.headers.authorization, undefined);
  });
});

describe('a page and a key together', () => {
  test('whoever brings a key is judged by it alone: a bad one is refused beside a good proof', async (t) => {
    const { gate, secret, seen } = await gateWithKey(t);
    const target = parseTarget(`http://127.0.0.1:${gate.address.port}/api/posts`);
    const sender = createSender(target);
    t.after(() => sender.close());
    const page = createWireClient(target, '/', sender);
    const opening = await page.open();
    assert.equal(opening.opened, true, opening.why);
    assert.equal((await page.call({ method: 'GET' })).status, 200, 'the page alone');
    const before = seen.length;
    for (const key of [secret, `${secret.slice(0, -1)}${secret.endsWith('0') ? 1 : 0}`]) {
      const signed = page.sign({ method: 'GET' });
      const answer = await sender.send({ ...signed, fields: [...signed.fields, 'Authorization', `Bearer ${key}`] });
      assert.ok([401, 403].includes(answer.status), String(answer.status));
    }
    assert.equal(seen.length, before);
  });

  test('two keys in one request are refused, as is one beside another Authorization', async (t) => {
    const { call, secret, seen } = await gateWithKey(t);
    const before = seen.length;
    for (const authorization of [
      [`Bearer ${secret}`, `Bearer ${secret}`],
      [`Bearer ${secret}`, 'Bearer of-a-user'],
    ]) {
      const reply = await call('/api/posts', { headers: { authorization } });
      assert.equal(reply.status, 401);
    }
    assert.equal(seen.length, before);
  });

  test('a query that names another method is not opened by a key: its scopes are those of one', async (t) => {
    const { call, secret } = await gateWithKey(t);
    for (const query of ['?_method=POST', '?_method=DELETE', '?x&_METHOD=put']) {
      assert.notEqual((await call(`/api/posts${query}`, bearer(secret))).status, 200, query);
    }
    assert.equal((await call('/api/posts?method=POST', bearer(secret))).status, 200);
  });

  test('other spellings of a route are not opened by a key', async (t) => {
    const { call, secret, seen } = await gateWithKey(t);
    const before = seen.length;
    for (const path of ['/API/posts', '/api//posts', '/api/posts;x', '/%61pi/posts', '/api/posts/']) {
      assert.notEqual((await call(path, bearer(secret))).status, 200, path);
    }
    assert.equal(seen.length, before);
  });
});
