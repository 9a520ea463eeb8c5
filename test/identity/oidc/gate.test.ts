import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { request } from 'undici';
import { type Gate, startGate } from '../../../src/gateway/index.ts';
import type { Config } from '../../../src/guard/config.ts';
import { createLog } from '../../../src/gateway/log.ts';
import type { Decision } from '../../../src/guard/decision.ts';
import type { Records } from '../../../src/guard/records.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createRecords } from '../../../src/stores/records/open.ts';
import { CLIENT, startProvider, type TestProvider } from './provider.ts';

/** The addresses of a login at the real gate, over HTTP; the pages are tried in test/browser/oidc.test.ts. */
suite('a login through the gate', () => {
  let backend: Server;
  let gate: Gate;
  let provider: TestProvider;
  let records: Records;
  const seen: string[] = [];
  const lines: string[] = [];
  const decisions: Decision[] = [];
  /** Whatever must stand nowhere: tokens as the provider gave them, codes, states. */
  const secrets = new Set<string>([CLIENT.secret]);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-oidc-'));

  /** Asks as the gate does, and notes the tokens that come. */
  const watching: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).endsWith('/token')) return response;
    const tokens = (await response.clone().json()) as Record<string, unknown>;
    for (const name of ['access_token', 'refresh_token', 'id_token']) secrets.add(String(tokens[name]));
    return response;
  };

  before(async () => {
    backend = createServer((request, response) => {
      seen.push(`${request.url} ${request.headers.cookie ?? ''}`);
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>app</title>');
    });
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    provider = await startProvider({ gate: () => gate.url, name: 'one' });
    const secret = 'a secret for the records of a test alone';
    records = await createRecords(`sqlite:${join(folder, 'records.sqlite')}`, { secret, clock: systemClock });
    const log = createLog({ destination: { write: (line) => void lines.push(line) }, readable: false });
    const onDecision = (decision: Decision, view: Parameters<typeof log.decided>[1]): void => {
      decisions.push(decision);
      log.decided(decision, view);
    };
    const config: Config = {
      to: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
      listen: '127.0.0.1:0',
      mode: 'enforce',
      login: {
        providers: {
          one: { issuer: provider.issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret, relay: 'access' },
        },
      },
    };
    gate = await startGate(config, { records, fetch: watching, onDecision });
  });
  after(async () => {
    await gate.close({ graceMs: 50 });
    await provider.close();
    await records.close();
    backend.closeAllConnections();
    await new Promise((resolve) => backend.close(resolve));
    rmSync(folder, { recursive: true });
  });

  /** Cookies by origin: browsers keep them by host, and both servers are 127.0.0.1. */
  class Jar {
    readonly #cookies = new Map<string, Map<string, string>>();

    of(origin: string): Map<string, string> {
      const known = this.#cookies.get(origin) ?? new Map<string, string>();
      this.#cookies.set(origin, known);
      return known;
    }

    /** As a navigation: `fetch` would say that it is none. */
    async go(url: URL, form?: URLSearchParams): Promise<Arrived> {
      const jar = this.of(url.origin);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
      for (const name of ['code', 'state', 'logout_token']) secrets.add(url.searchParams.get(name) ?? CLIENT.secret);
      const { statusCode, headers, body } = await request(url, {
        method: form === undefined ? 'GET' : 'POST',
        headers: { cookie, ...type },
        ...(form === undefined ? {} : { body: form.toString() }),
      });
      for (const line of [headers['set-cookie'] ?? []].flat()) {
        const pair = line.split(';')[0] ?? '';
        const name = pair.slice(0, pair.indexOf('='));
        if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
        else jar.set(name, pair.slice(name.length + 1));
      }
      return { status: statusCode, location: String(headers['location'] ?? ''), text: await body.text() };
    }

    /** Follows redirects until one leads to the gate again, or an answer has none. */
    async follow(from: string): Promise<Arrived> {
      let url = new URL(from);
      for (let hop = 0; hop < 12; hop++) {
        const arrived = await this.go(url);
        if (arrived.location === '') return arrived;
        url = new URL(arrived.location, url);
      }
      throw new Error('in circles');
    }
  }

  test('R52 R22 a browser’s way there and back ends with a grant, and the backend sees none of the gate’s cookies', async () => {
    const jar = new Jar();
    const response = await jar.follow(`${gate.url}/_sallyport/login/one?return=/posts?x=1`);
    assert.equal(response.status, 200, response.text);
    assert.ok(jar.of(gate.url).has('__Host-sallyport-login'));
    assert.equal([...jar.of(gate.url).keys()].filter((name) => name.includes('-t-')).length, 0);
    const again = new Jar();
    await again.go(new URL(`${gate.url}/_sallyport/login/one`));
    assert.equal([...again.of(gate.url).keys()].filter((name) => name.includes('-t-')).length, 1);
    await again.go(new URL(`${gate.url}/page`));
    assert.ok(seen.some((line) => line.startsWith('/page')));
    assert.ok(!seen.some((line) => line.includes('sallyport')), seen.join('\n'));
  });

  test('R61 the provider’s own back-channel call reaches the gate', async () => {
    const jar = new Jar();
    await jar.follow(`${gate.url}/_sallyport/login/one`);
    const told = new Promise<string>((resolve) => {
      provider.provider.once('backchannel.success', () => resolve('success'));
      provider.provider.once('backchannel.error', (_ctx, error) => resolve(`error: ${error.message}`));
    });
    const asked = await jar.go(new URL(`${provider.issuer}/session/end?client_id=${CLIENT.id}`));
    const form = /action="([^"]+)"[\s\S]*?name="xsrf" value="([^"]+)"/.exec(asked.text);
    const body = new URLSearchParams({ xsrf: form?.[2] ?? '', logout: 'yes' });
    const confirmed = await jar.go(new URL(form?.[1] ?? '', provider.issuer), body);
    assert.ok(confirmed.status < 400, `${confirmed.status}`);
    assert.equal(await told, 'success');
  });

  test('R61 a forged logout token is refused at the gate', async () => {
    const body = new URLSearchParams({ logout_token: 'a.b.c' });
    const response = await fetch(`${gate.url}/_sallyport/backchannel/one`, { method: 'POST', body });
    assert.equal(response.status, 400);
    assert.deepEqual(await response.json(), { error: 'invalid_request' });
    const long = new URLSearchParams({ logout_token: 'a'.repeat(30_000) });
    assert.equal((await fetch(`${gate.url}/_sallyport/backchannel/one`, { method: 'POST', body: long })).status, 413);
  });

  test('R34 GET logs nobody out, nor does a page of another site', async () => {
    assert.equal((await fetch(`${gate.url}/_sallyport/logout`)).status, 405);
    const cross = {
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
      'content-type': 'application/json',
    };
    const response = await fetch(`${gate.url}/_sallyport/logout`, { method: 'POST', body: '{}', headers: cross });
    assert.equal(response.status, 403);
    const form = { origin: gate.url, 'sec-fetch-site': 'same-origin', 'content-type': 'text/plain' };
    assert.equal(
      (await fetch(`${gate.url}/_sallyport/logout`, { method: 'POST', body: '{}', headers: form })).status,
      403,
    );
  });

  test('R71 a login that fails is in the record by the id that its page shows', async () => {
    const arrived = await new Jar().go(
      new URL(`${gate.url}/_sallyport/callback/one?code=stolen-code&state=${'s'.repeat(43)}`),
    );
    assert.equal(arrived.status, 401);
    const id = /id <code>([\w-]{16})<\/code>/.exec(arrived.text)?.[1];
    const decision = decisions.find((one) => one.id === id) ?? assert.fail('no decision of this id');
    assert.equal(decision.outcome, 'refuse');
    assert.equal(decision.code, 'login-failed');
    assert.equal(decision.trail.at(-1)?.evidence, 'no attempt of this browser');
  });

  test('R22 R71 no token, code, state or secret is in the log, the records or the audit log', async () => {
    await new Jar().follow(`${gate.url}/_sallyport/login/one`);
    assert.ok(secrets.size > 5, 'tokens were given');
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString('latin1'));
    const audit = await records.audit.list();
    assert.ok(audit.some(({ action, target }) => action === 'login' && target === 'one:alice'));
    assert.ok(lines.length > 0 && files.join('').length > 1000);
    const kept = [...lines, ...files, JSON.stringify(audit)].join('\n');
    for (const secret of secrets) assert.ok(!kept.includes(secret), secret);
  });

  test('R34 a login and its answer are GET alone', async () => {
    for (const path of ['login', 'callback']) {
      const response = await fetch(`${gate.url}/_sallyport/${path}/one`, { method: 'POST', body: 'x' });
      assert.ok(response.status >= 400, path);
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
  });
});

interface Arrived {
  readonly status: number;
  readonly location: string;
  readonly text: string;
}
