import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBoundedFetch } from '../../../src/identity/oidc/bounded-fetch.ts';

const OPTIONS = { method: 'GET', headers: {}, body: null, redirect: 'manual' } as const;
const OWN = 'https://login.example/token';

function bounded(answer: () => Response | Promise<Response>) {
  const asked: [string, RequestInit][] = [];
  const fetch = createBoundedFetch({
    fetch: async (url, options) => {
      asked.push([url, options]);
      return answer();
    },
    allows: (url) => url === OWN,
  });
  return { asked, ask: (url = OWN) => fetch(url, { ...OPTIONS, headers: {} }) };
}

test('R58 nothing but an endpoint of the provider is ever asked, whoever names an address', async () => {
  const { ask, asked } = bounded(() => new Response('{}'));
  for (const url of ['https://login.example/', `${OWN}?x`, 'https://evil.example/token', 'http://169.254.169.254/']) {
    await assert.rejects(ask(url), TypeError, url);
  }
  assert.equal(asked.length, 0);
  assert.equal(await (await ask()).text(), '{}');
});

test('R58 redirects are not followed, and an answer without end is cut off', async () => {
  const moved = bounded(() => new Response(null, { status: 302, headers: { location: 'https://evil.example/' } }));
  assert.equal((await moved.ask()).status, 302);
  assert.deepEqual([moved.asked.length, moved.asked[0]?.[1].redirect], [1, 'manual']);
  const piece = new Uint8Array(64 * 1024);
  const endless = new ReadableStream({ pull: (to) => to.enqueue(piece) });
  await assert.rejects(bounded(() => new Response(endless)).ask(), /too long/);
});

test('no more than 64 calls are under way to one provider', async () => {
  const held = Promise.withResolvers<Response>();
  const { ask, asked } = bounded(() => held.promise.then((response) => response.clone()));
  const calls = Array.from({ length: 64 }, () => ask());
  await assert.rejects(ask(), /too many/);
  held.resolve(new Response('{}'));
  await Promise.all(calls);
  assert.equal(asked.length, 64);
  await ask();
});
