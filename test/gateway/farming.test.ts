import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { Agent, request } from 'undici';
import { startGate } from '../../src/gateway/index.ts';
import type { Decision } from '../../src/guard/decision.ts';

/** New visitors behind an address where somebody opens session after session. */

const FARMERS = 500;
const VISITORS = 5;

/** What the page's script posts to enter, with a key of its own. */
function entry(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const key = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return JSON.stringify({ v: 1, client: 'default', key: key.toString('base64url') });
}

test('R67 new visitors behind an address that farms sessions get in within the 20 s that a page waits', async (t) => {
  const gate = await startGate({
    to: 'http://127.0.0.1:9',
    listen: '127.0.0.1:0',
    mode: 'enforce',
    mint: { perPrefix: 10 },
    clients: { default: { origins: ['self'], stamp: 'waive' } },
  });
  t.after(() => gate.close({ graceMs: 0 }));
  const host = `127.0.0.1:${gate.address.port}`;
  const decisions: Decision[] = [];
  gate.guard.onDecision((decision) => void decisions.push(decision));
  const dispatcher = new Agent({ connections: FARMERS + VISITORS });
  const over = new AbortController();
  t.after(() => dispatcher.destroy());
  const url = `http://${host}/_sallyport/enter`;
  const headers = {
    'content-type': 'application/json',
    'x-requested-with': 'sallyport',
    origin: `http://${host}`,
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
  };
  const enter = async (signal: AbortSignal): Promise<number> => {
    const { statusCode, body } = await request(url, { method: 'POST', headers, body: entry(), dispatcher, signal });
    await body.dump();
    return statusCode;
  };
  let farmed = 0;
  const farm = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const status = await enter(over.signal).catch(() => 0);
      if (status === 200) farmed += 1;
    }
  };
  const farmers = Array.from({ length: FARMERS }, farm);
  while (farmed < 10) await Promise.race([...farmers, new Promise((done) => setTimeout(done, 10))]);
  const visits = Array.from({ length: VISITORS }, () => enter(AbortSignal.timeout(20_000)));
  assert.deepEqual(
    await Promise.all(visits),
    Array.from({ length: VISITORS }, () => 200),
  );
  over.abort();
  await Promise.all(farmers);
  const crowded = decisions.filter(({ note = '' }) => note.startsWith('more sessions than'));
  assert.ok(crowded.length > 0 && crowded.length <= FARMERS * 3 + VISITORS, `${crowded.length} in the crowd`);
});
