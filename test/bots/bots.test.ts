import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { keyedGate, listening, until } from '../keys/support.ts';

interface Bot {
  readonly origin: string;
  readonly privateKey: KeyObject;
  readonly keyid: string;
  /** Paths that were asked of it. */
  readonly asked: string[];
}

/** An agent with its directory of keys. */
async function bot(t: TestContext, answer?: (path: string) => string): Promise<Bot> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' });
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200, { 'content-type': 'application/http-message-signatures-directory+json' });
    response.end(
      answer?.(request.url ?? '') ?? JSON.stringify({ keys: [{ ...jwk, kid: 'another name', use: 'sig' }] }),
    );
  });
  const origin = await listening(server);
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const keyid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`).digest('base64url');
  return { origin, privateKey, keyid, asked };
}

interface Changes {
  readonly created?: number;
  readonly expires?: number;
  readonly agent?: string;
  readonly tag?: string;
  readonly covers?: string;
  readonly key?: KeyObject;
  readonly nonce?: string;
}

function signed(from: Bot, gate: string, now: number, changes: Changes = {}): Record<string, string> {
  const created = changes.created ?? Math.floor(now / 1000);
  const { expires = created + 60, agent = from.origin, tag = 'web-bot-auth', key = from.privateKey } = changes;
  const nonce = changes.nonce ?? randomBytes(32).toString('base64');
  const covers = changes.covers ?? '"@authority" "signature-agent";key="sig1"';
  const params = `(${covers});created=${created};expires=${expires};keyid="${from.keyid}";alg="ed25519";nonce="${nonce}";tag="${tag}"`;
  const values: Record<string, string> = {
    '"@authority"': new URL(gate).host,
    '"signature-agent";key="sig1"': `"${agent}"`,
  };
  const lines = covers.split(' ').map((component) => `${component}: ${values[component]}\n`);
  const base = `${lines.join('')}"@signature-params": ${params}`;
  return {
    'signature-agent': `sig1="${agent}"`,
    'signature-input': `sig2=${params}`,
    signature: `sig2=:${sign(null, Buffer.from(base), key).toString('base64')}:`,
  };
}

async function gateFor(t: TestContext, listed: Bot) {
  const made = await keyedGate(t, {
    keys: {},
    bots: { agents: [listed.origin] },
    routes: [{ match: 'GET /api/posts', bots: true }, { match: 'POST /api/posts' }, { match: 'GET /api/own' }],
  });
  const read = (headers: Record<string, string>, path = '/api/posts', method = 'GET') =>
    made.call(path, { headers, method });
  await until(async () => (await read(signed(listed, made.origin, made.clock.wall()))).status === 200);
  return { ...made, read, fresh: (changes?: Changes) => signed(listed, made.origin, made.clock.wall(), changes) };
}

describe('P8.2 declared bots', () => {
  test('one that is listed reads where the route says so, and nowhere else', async (t) => {
    const listed = await bot(t);
    const { read, fresh, decisions } = await gateFor(t, listed);
    assert.equal((await read(fresh())).status, 200);
    assert.equal(decisions.at(-1)?.key?.id, `bot:${new URL(listed.origin).host}`);
    assert.equal((await read(fresh(), '/api/posts', 'HEAD')).status, 200);
    assert.notEqual((await read(fresh(), '/api/posts', 'POST')).status, 200, 'it writes nothing');
    assert.notEqual((await read(fresh(), '/api/own')).status, 200);
    assert.notEqual((await read(fresh(), '/api/posts?_method=DELETE')).status, 200);
    assert.equal((await read({})).code, 'entry-required');
    assert.deepEqual(new Set(listed.asked), new Set(['/.well-known/http-message-signatures-directory']));
  });

  test('R38 R58 one that is not listed is nobody, and no URL of a request is ever fetched', async (t) => {
    const listed = await bot(t);
    const stranger = await bot(t);
    const { read, origin, clock } = await gateFor(t, listed);
    const asked = stranger.asked.length;
    assert.equal((await read(signed(stranger, origin, clock.wall()))).code, 'key');
    assert.equal((await read(signed(stranger, origin, clock.wall(), { agent: listed.origin }))).code, 'key');
    assert.equal(stranger.asked.length, asked);
  });

  test('R36 R37 R45 signatures that cover less, ended, last too long, or were used before are refused', async (t) => {
    const listed = await bot(t);
    const { read, fresh, seen, clock } = await gateFor(t, listed);
    const before = seen.length;
    const seconds = Math.floor(clock.wall() / 1000);
    const other = generateKeyPairSync('ed25519').privateKey;
    for (const [why, code, changes] of [
      ['no authority', 'key', { covers: '"signature-agent";key="sig1"' }],
      ['no agent', 'key', { covers: '"@authority"' }],
      ['another key', 'key', { key: other }],
      ['ended', 'clock', { created: seconds - 120, expires: seconds - 60 }],
      ['of tomorrow', 'clock', { created: seconds + 3600, expires: seconds + 3660 }],
      ['for a day', 'clock', { expires: seconds + 86_400 }],
    ] as const) {
      assert.equal((await read(fresh(changes))).code, code, why);
    }
    const altered = fresh();
    assert.equal((await read({ ...altered, 'signature-agent': 'sig1="https://other.example"' })).code, 'key');
    assert.equal((await read({ ...altered, host: `localhost:${0}` })).code, 'host');
    assert.equal(seen.length, before);
    assert.equal((await read(altered)).status, 200);
    assert.equal((await read(altered)).code, 'replayed');
  });

  test('a directory that is huge, broken or leads elsewhere opens nothing, and breaks nothing', async (t) => {
    for (const text of ['x'.repeat(100_000), '{}', '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"short"},null,1]}', '']) {
      const listed = await bot(t, () => text);
      const made = await keyedGate(t, {
        bots: { agents: [listed.origin] },
        routes: [{ match: 'GET /api/posts', bots: true, keys: [] }],
      });
      await until(() => listed.asked.length > 0);
      const reply = await made.call('/api/posts', { headers: signed(listed, made.origin, made.clock.wall()) });
      assert.equal(reply.code, 'key');
    }
  });
});
