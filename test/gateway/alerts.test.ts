import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createAlerts } from '../../src/gateway/alerts.ts';
import { shownConfig } from '../../src/gateway/shown-config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import { startBackend, until } from './support.ts';

const ALERT = {
  type: 'guard-rail.undone',
  time: '2026-11-22T12:00:00.000Z',
  text: 'site goes on',
  details: { hurt: 3 },
};

async function place(t: TestContext, statuses: readonly number[]) {
  const bodies: unknown[] = [];
  let at = 0;
  const { url } = await startBackend(t, (request, response) => {
    request.toArray().then((parts) => {
      bodies.push(JSON.parse(Buffer.concat(parts).toString()));
      const status = statuses[Math.min(at++, statuses.length - 1)] ?? 200;
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    }, assert.fail);
  });
  const warned: string[] = [];
  const webhook = `${url}/hooks/s3cret`;
  const alerts = createAlerts({
    config: () => ({ webhook }),
    fetch,
    warn: (text) => warned.push(text),
    waits: [1, 1, 1],
  });
  t.after(() => alerts.close());
  return { alerts, bodies, warned };
}

test('P3.4 a webhook gets the alert, at the fourth attempt at last', async (t) => {
  const { alerts, bodies, warned } = await place(t, [500, 503, 429, 200]);
  alerts.send(ALERT);
  await until(() => bodies.length === 4);
  assert.deepEqual(bodies[3], ALERT);
  assert.deepEqual(warned, []);
});

test('P3.4 a webhook that takes nothing is given up, and its address is in no line', async (t) => {
  for (const status of [500, 302]) {
    const { alerts, bodies, warned } = await place(t, [status]);
    alerts.send(ALERT);
    await until(() => warned.length > 0);
    assert.equal(bodies.length, 4, 'and a redirect is not followed');
    assert.ok(!warned.join().includes('s3cret'));
  }
});

test('P3.4 a webhook that hangs piles up nothing, and none at all is no error', async (t) => {
  const warned: string[] = [];
  const hanging: typeof fetch = (_input, init) =>
    new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))));
  const alerts = createAlerts({
    config: () => ({ webhook: 'https://alerts.example/x' }),
    fetch: hanging,
    warn: (text) => warned.push(text),
  });
  t.after(() => alerts.close());
  for (let i = 0; i < 20; i++) alerts.send(ALERT);
  assert.equal(warned.length, 4);
  const nobody = createAlerts({ config: () => undefined, fetch: () => assert.fail(), warn: () => assert.fail() });
  nobody.send(ALERT);
});

test('P3.4 an address that others could read along is refused, and none is shown', () => {
  const rows = ['http://alerts.example/s3cret', 'ftp://s3cret', 's3cret'];
  for (const webhook of rows)
    assert.throws(
      () => parseConfig({ alerts: { webhook } }, 'file'),
      (error: unknown) =>
        error instanceof ConfigError && /alerts\.webhook/.test(error.message) && !/s3cret/.test(error.message),
    );
  const config = parseConfig({ alerts: { webhook: 'https://alerts.example/s3cret' } }, 'file');
  assert.ok(!JSON.stringify(shownConfig(config)).includes('s3cret'));
});
