import assert from 'node:assert/strict';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { createServer } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { createBotDirectory } from '../../src/bots/directory.ts';
import { type DirectoryAnswer, provenKeys } from '../../src/bots/proof.ts';
import { keyedGate, listening, order, until } from '../keys/support.ts';

interface Bot {
  readonly origin: string;
  readonly privateKey: KeyObject;
  readonly keyid: string;
  /** Paths that were asked of it. */
  readonly asked: string[];
}

interface OwnKey {
  readonly privateKey: KeyObject;
  readonly keyid: string;
}

/** An agent with its directory of keys. */
async function bot(
  t: TestContext,
  answer?: (path: string) => string,
  fields: (body: string, origin: string, own: OwnKey) => Record<string, string> = () => ({}),
  members: Record<string, unknown> = {},
  { publicKey, privateKey } = generateKeyPairSync('ed25519'),
): Promise<Bot> {
  const jwk = publicKey.export({ format: 'jwk' });
  const keyid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`).digest('base64url');
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const body =
      answer?.(request.url ?? '') ??
      JSON.stringify({ keys: [{ ...jwk, kid: 'another name', use: 'sig', ...members }] });
    response.writeHead(200, {
      'content-type': 'application/http-message-signatures-directory+json',
      ...fields(body, `http://${request.headers.host}`, { privateKey, keyid }),
    });
    response.end(body);
  });
  const origin = await listening(server);
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { origin, privateKey, keyid, asked };
}

interface Changes {
  readonly created?: number;
  readonly expires?: number;
  readonly agent?: string;
  readonly tag?: string;
  readonly covers?: string;
  readonly key?: KeyObject;
  /** null for none. */
  readonly nonce?: string | null;
  /** Behind the agent's name. */
  readonly type?: string;
}

function signed(from: Bot, gate: string, now: number, changes: Changes = {}): Record<string, string> {
  const created = changes.created ?? Math.floor(now / 1000);
  const { expires = created + 60, agent = from.origin, tag = 'web-bot-auth', key = from.privateKey } = changes;
  const drawn = randomBytes(32).toString('base64');
  const nonce = changes.nonce === null ? '' : `;nonce="${changes.nonce ?? drawn}"`;
  const shown = `"${agent}"${changes.type ?? ''}`;
  const covers = changes.covers ?? '"@authority" "signature-agent";key="sig1"';
  const params = `(${covers});created=${created};expires=${expires};keyid="${from.keyid}";alg="ed25519"${nonce};tag="${tag}"`;
  const values: Record<string, string> = {
    '"@authority"': new URL(gate).host,
    '"signature-agent";key="sig1"': shown,
  };
  const lines = covers.split(' ').map((component) => `${component}: ${values[component]}\n`);
  const base = `${lines.join('')}"@signature-params": ${params}`;
  return {
    'signature-agent': `sig1=${shown}`,
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

  test('R45 without a nonce a signature is good for a minute, and once for each address', async (t) => {
    const listed = await bot(t);
    const { read, fresh, clock } = await gateFor(t, listed);
    const seconds = Math.floor(clock.wall() / 1000);
    const taken = fresh({ nonce: null, expires: seconds + 3600 });
    assert.equal((await read(taken)).status, 200);
    assert.equal((await read(taken)).code, 'replayed', 'the same call again');
    assert.equal((await read({ ...taken, signature: otherSpelling(taken['signature'] ?? '') })).code, 'replayed');
    assert.equal((await read(taken, '/api/posts?page=2')).status, 200, 'a bot that asks twice in one second');
    clock.move(90_000);
    assert.equal((await read(taken, '/api/posts?page=3')).code, 'clock', 'long before it ends');
    assert.equal((await read(fresh({ nonce: null }))).status, 200, 'the bot signs anew');
  });

  test('R45 a nonce is used once by its whole text, and what was signed before the gate started is refused', async (t) => {
    const listed = await bot(t);
    const { read, fresh, clock } = await gateFor(t, listed);
    const long = 'n'.repeat(200);
    assert.equal((await read(fresh({ nonce: `${long}1` }))).status, 200);
    assert.equal((await read(fresh({ nonce: `${long}2` }))).status, 200, 'a long nonce of its own');
    assert.equal((await read(fresh({ nonce: `${long}2` }))).code, 'replayed');
    const before = Math.floor(clock.wall() / 1000) - 600;
    const old = fresh({ created: before, expires: before + 3600 });
    assert.equal((await read(old)).code, 'clock', 'used, it may be, at the process before this one');
    clock.move(700_000);
    const later = Math.floor(clock.wall() / 1000) - 600;
    const waited = fresh({ created: later, expires: later + 3600 });
    assert.equal((await read(waited)).status, 200, 'signed ten minutes ago, with a nonce');
  });

  test('`type=directory` is said or meant, and is signed with the name where it is said', async (t) => {
    const listed = await bot(t);
    const { read, fresh } = await gateFor(t, listed);
    const said = fresh({ type: ';type=directory' });
    assert.equal((await read({ ...said, 'signature-agent': `sig1="${listed.origin}"` })).code, 'key');
    assert.equal((await read(said)).status, 200);
    assert.equal((await read(fresh({ type: ';type=jwks_uri' }))).code, 'key');
  });

  test('R46 a bot that also shows a key is counted by the key', async (t) => {
    const listed = await bot(t);
    const made = await keyedGate(t, {
      bots: { agents: [listed.origin] },
      routes: [{ match: 'GET /api/posts', bots: true, keys: [] }],
    });
    const fresh = () => signed(listed, made.origin, made.clock.wall());
    await until(async () => (await made.call('/api/posts', { headers: fresh() })).status === 200);
    const { secret } = await made.desk.issue(order({ quota: { count: 2, per: 3600 } }));
    const both = () => made.call('/api/posts', { headers: { ...fresh(), authorization: `Bearer ${secret}` } });
    assert.deepEqual([(await both()).status, (await both()).status, (await both()).code], [200, 200, 'limit']);
  });

  test('floods of forged signatures in a bot’s name are not verified one by one', async (t) => {
    const listed = await bot(t);
    const { read, fresh } = await gateFor(t, listed);
    const forged = { ...fresh(), signature: `sig2=:${Buffer.alloc(64).toString('base64')}:` };
    const codes = new Set<string>();
    for (let i = 0; i < 130; i++) codes.add((await read(forged)).code);
    assert.deepEqual(codes, new Set(['key', 'limit']));
  });
});

/** The same bytes in base64 that a strict reader would refuse. */
function otherSpelling(field: string): string {
  const [, last = ''] = /(.)==:$/.exec(field) ?? [];
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return field.replace(/.==:$/, `${letters[letters.indexOf(last) + 1]}==:`);
}

/** A directory's answer, signed as the draft asks. */
function signDirectory(body: string, origin: string, { privateKey, keyid }: OwnKey, changes: DirectoryChanges = {}) {
  const now = Math.floor(Date.now() / 1000);
  const { authority = new URL(origin).host, created = now, expires = now + 300, over = body } = changes;
  const digest = `sha-256=:${createHash('sha256').update(over).digest('base64')}:`;
  const params = `("@authority";req "content-digest");created=${created};expires=${expires};keyid="${keyid}";alg="ed25519";tag="http-message-signatures-directory"`;
  const base = `"@authority";req: ${authority}\n"content-digest": ${digest}\n"@signature-params": ${params}`;
  return {
    'content-digest': digest,
    'signature-input': `binding0=${params}`,
    signature: `binding0=:${sign(null, Buffer.from(base), privateKey).toString('base64')}:`,
  };
}

interface DirectoryChanges {
  readonly authority?: string;
  readonly created?: number;
  readonly expires?: number;
  readonly over?: string;
}

describe('R38 directories of bots', () => {
  /** Whether a bot of such a directory is known by its key. */
  async function isKnown(t: TestContext, listed: Bot): Promise<boolean> {
    const bots = createBotDirectory({ agents: [listed.origin], fetch, wall: Date.now });
    t.after(() => bots.close());
    await bots.refresh();
    return bots.find(listed.origin, listed.keyid) !== null;
  }

  test('one that is signed by its keys for its own name is taken, as is one without signatures', async (t) => {
    const proven = await bot(t, undefined, signDirectory);
    assert.equal(await isKnown(t, proven), true);
    const plain = await bot(t, undefined, () => ({ 'signature-input': 'cdn=("@status");created=1;tag="a-cdn"' }));
    assert.equal(await isKnown(t, plain), true, 'with a signature of somebody else’s');
  });

  test('one whose signatures do not hold names no keys', async (t) => {
    const now = Math.floor(Date.now() / 1000);
    for (const [why, changes] of [
      ['for another name', { authority: 'other.example' }],
      ['ended', { created: now - 600, expires: now - 300 }],
      ['of tomorrow', { created: now + 86_400, expires: now + 86_700 }],
      ['over another list', { over: '{"keys":[]}' }],
    ] as const) {
      const listed = await bot(t, undefined, (body, origin, own) => signDirectory(body, origin, own, changes));
      assert.equal(await isKnown(t, listed), false, why);
    }
    const stripped = await bot(t, undefined, (body, origin, own) => ({
      ...signDirectory(body, origin, own),
      signature: '',
    }));
    assert.equal(await isKnown(t, stripped), false);
    const { privateKey } = generateKeyPairSync('ed25519');
    const another = await bot(t, undefined, (body, origin, own) => signDirectory(body, origin, { ...own, privateKey }));
    assert.equal(await isKnown(t, another), false);
  });

  test('keys that have ended, have not begun, are for something else or are everybody’s open nothing', async (t) => {
    const now = Math.floor(Date.now() / 1000);
    for (const [members, expected] of [
      [{ nbf: now - 60, exp: now + 3600 }, true],
      [{ exp: now - 60 }, false],
      [{ nbf: now + 3600 }, false],
      [{ exp: 'never' }, false],
      [{ use: 'enc' }, false],
      [{ d: 'n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU' }, false],
    ] as const) {
      const listed = await bot(t, undefined, undefined, members);
      assert.equal(await isKnown(t, listed), expected, JSON.stringify(members));
    }
    // RFC 9421 §B.1.4: its private half is printed there.
    const jwk = {
      kty: 'OKP',
      crv: 'Ed25519',
      d: 'n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU',
      x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs',
    };
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    const listed = await bot(t, undefined, undefined, {}, { privateKey, publicKey: createPublicKey(privateKey) });
    assert.equal(await isKnown(t, listed), false);
  });

  test('the vector of the draft’s authors holds, and none that differs from it', () => {
    const { body, headers, authority, key } = vector;
    const publicKey = createPublicKey({ key, format: 'jwk' });
    const keyid = 'poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U';
    const keys = new Map([
      [
        keyid,
        {
          verify: (base: string, text: string) =>
            verify(null, Buffer.from(base), publicKey, Buffer.from(text, 'base64')),
        },
      ],
    ]);
    const proven = (changes: Partial<DirectoryAnswer> = {}) => [
      ...provenKeys(
        { headers: new Headers(headers), body: Buffer.from(body), authority, now: 1735689600, ...changes },
        keys,
      ).keys(),
    ];
    assert.deepEqual(proven(), [keyid]);
    assert.deepEqual(proven({ body: Buffer.from(`${body} `) }), []);
    assert.deepEqual(proven({ authority: 'other.test' }), []);
    assert.deepEqual(proven({ now: 1735689594 }), [], 'not yet made');
    assert.deepEqual(proven({ now: 4889289600 }), [], 'ended');
    const twice = `${headers['signature-input']}, x`;
    assert.deepEqual(proven({ headers: new Headers({ ...headers, 'signature-input': twice }) }), []);
  });
});

/** web_bot_auth_directory_response_v1 of cloudflare/web-bot-auth (Apache-2.0): figures alone. */
const vector = {
  key: { kty: 'OKP', crv: 'Ed25519', x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs' },
  authority: 'signature-agent.test',
  headers: {
    'content-digest': 'sha-256=:CADMT2aBdV/rqQr/NIru64ERQkCobVvllA4V0fLFDu0=:',
    signature: 'binding0=:yiHq0TXrbpzbmlttAQMpYoAufitFJUWuNsakB7QQMoN0EHbo5o51bZRVR8az/ptTWCwllix9clrKXfGKwdPzBg==:',
    'signature-input':
      'binding0=("@authority";req "content-digest");created=1735689600;keyid="poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";alg="ed25519";expires=4889289600;tag="http-message-signatures-directory"',
  },
  body: '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs","use":"sig"}]}',
};
