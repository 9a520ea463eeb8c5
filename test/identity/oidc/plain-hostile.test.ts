import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, suite, test } from 'node:test';
import type { ProviderConfig } from '../../../src/guard/config-login.ts';
import type { StoredLogin } from '../../../src/identity/source.ts';
import { IDS, type PlainProvider, startPlainProvider } from './plain.ts';
import { startProvider } from './provider.ts';
import { createTestGate, GATE, type TestGate, valuesOf } from './visitor.ts';

const json = (body: string) => (_request: unknown, response: ServerResponse) => {
  response.setHeader('content-type', 'application/json');
  response.end(body);
};

suite('a provider of plain OAuth 2.0 that is down, or lies', () => {
  let provider: PlainProvider;
  let gate: TestGate;

  const gateOf = (changes: Partial<ProviderConfig> = {}): TestGate =>
    createTestGate({ providers: { hub: { ...provider.endpoints, ...changes } } });

  before(async () => {
    provider = await startPlainProvider({ gate: () => GATE, name: 'hub' });
  });
  beforeEach(() => {
    provider.persona = { sub: 'alice' };
    provider.intercept = null;
    provider.userinfo = null;
    gate = gateOf();
  });
  after(() => provider.close());

  for (const [name, status] of [
    ['cut off', 503],
    ['500', 503],
    ['429', 503],
    ['401', 401],
    ['403', 401],
    ['404', 401],
  ] as const) {
    test(`R51 userinfo that is ${name} logs nobody in, and a page says so`, async () => {
      provider.userinfo = (request, response) => {
        if (name === 'cut off') request.socket.destroy();
        else response.writeHead(Number(name), { 'content-type': 'text/html' }).end('<b>secret</b>');
      };
      const answer = await gate.visitor('session').login('hub', 'return=/posts');
      assert.equal(answer.status, status, answer.refused?.evidence);
      assert.match(String(answer.body), status === 503 ? /unsure/ : /login-failed/);
      assert.match(String(answer.body), /return=%2Fposts/, 'and how to begin anew');
      assert.doesNotMatch(String(answer.body), /secret/);
      assert.equal(gate.admitted.length, 0);
      provider.userinfo = null;
      assert.equal((await gate.visitor('session').login('hub')).status, 303, 'a moment later it works');
    });
  }

  for (const [name, body] of [
    ['no id', '{"login":"alice"}'],
    ['an id of null', '{"id":null}'],
    ['an id of 0', '{"id":0}'],
    ['a negative id', '{"id":-1}'],
    ['a broken id', '{"id":1.5}'],
    ['an id too large to be read exactly', '{"id":9007199254740993}'],
    ['an id of true', '{"id":true}'],
    ['an id that is a list', '{"id":[1]}'],
    ['an id that is an object', '{"id":{"toString":"1"}}'],
    ['an empty id', '{"id":""}'],
    ['a long id', JSON.stringify({ id: 'a'.repeat(256) })],
    ['an id with a line break', '{"id":"1\\n2"}'],
    ['an id with a space', '{"id":" "}'],
    ['an id beyond ASCII', '{"id":"а"}'],
    ['two ids', '{"id":1,"id":2}'],
    ['two ids spelt apart', '{"id":1,"\\u0069d":2}'],
    ['a list', '[{"id":1}]'],
    ['a text', '"1"'],
    ['nothing', ''],
    ['half of it', '{"id":1'],
    ['a second one', '{"id":1}{"id":2}'],
    ['an id inherited', '{"__proto__":{"id":1}}'],
    ['depth without end', `{"id":1,"a":${'['.repeat(5000)}${']'.repeat(5000)}}`],
  ] as const) {
    test(`R51 an answer with ${name} is nobody`, async () => {
      provider.userinfo = json(body);
      const answer = await gate.visitor('session').login('hub');
      assert.equal(answer.status, 401, answer.refused?.evidence);
      assert.equal(gate.admitted.length, 0);
    });
  }

  test('R51 text and numbers are ids, as they are written', async () => {
    for (const [body, id] of [
      ['{"id":1}', '1'],
      ['{"id":9007199254740991}', '9007199254740991'],
      ['{"id":"80351110224678912"}', '80351110224678912'],
      ['{"id":"auth0|5f7c"}', 'auth0|5f7c'],
    ] as const) {
      provider.userinfo = json(body);
      const own = gateOf();
      assert.equal((await own.visitor('session').login('hub')).status, 303, body);
      assert.equal(own.admitted[0]?.subject.id, id);
    }
  });

  test('R51 an answer that is huge, of another type, not UTF-8 or a redirect is nobody, and the token goes nowhere else', async () => {
    let elsewhere = 0;
    const other = await startProvider({ gate: () => GATE, name: 'hub' });
    other.intercept = (_request, response) => {
      elsewhere++;
      json('{"id":1}')(null, response);
      return true;
    };
    const hostile: ((response: ServerResponse) => void)[] = [
      (response) => json(JSON.stringify({ id: 1, filler: 'x'.repeat(300_000) }))(null, response),
      (response) => response.setHeader('content-type', 'text/html').end('{"id":1}'),
      (response) =>
        response.setHeader('content-type', 'application/json').end(Buffer.from('7b226964223a22ff227d', 'hex')),
      (response) => response.writeHead(302, { location: `${other.issuer}/user` }).end(),
      (response) => response.writeHead(307, { location: `${other.issuer}/user` }).end(),
      (response) => response.writeHead(204).end(),
      (response) => response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":1}'),
    ];
    for (const answerBy of hostile) {
      provider.userinfo = (_request, response) => void answerBy(response);
      const answer = await gate.visitor('session').login('hub');
      assert.ok([401, 503].includes(answer.status), `${answer.status}`);
      assert.equal(gate.admitted.length, 0);
    }
    assert.equal(elsewhere, 0);
    await other.close();
  });

  test('R51 an answer without end is cut off', async () => {
    let sent = 0;
    provider.userinfo = (_request, response) => {
      response.setHeader('content-type', 'application/json');
      const more = (): void => {
        while (!response.destroyed && sent < 64_000_000 && response.write(' '.repeat(65_536))) sent += 65_536;
        if (!response.destroyed && sent < 64_000_000) response.once('drain', more);
      };
      more();
    };
    assert.equal((await gate.visitor('session').login('hub')).status, 503);
    assert.ok(sent < 64_000_000);
  });

  for (const [name, body, status] of [
    ['an error in an answer 200, as GitHub has it', '{"error":"bad_verification_code"}', 401],
    ['an error beside a token', '{"error":"x","access_token":"t","token_type":"bearer"}', 401],
    ['a token of another type', '{"access_token":"t","token_type":"mac"}', 401],
    ['a token bound to a key', '{"access_token":"t","token_type":"DPoP"}', 401],
    ['a token of no type', '{"access_token":"t"}', 401],
    ['a token that is a number', '{"access_token":1,"token_type":"bearer"}', 401],
    ['a token with a line break', '{"access_token":"a\\r\\nx: y","token_type":"bearer"}', 401],
    ['two tokens', '{"access_token":"t","access_token":"u","token_type":"bearer"}', 503],
    ['a form', 'access_token=t&token_type=bearer', 503],
  ] as const) {
    test(`R51 ${name} is no login`, async () => {
      provider.userinfo = json('{"id":1}');
      provider.intercept = (request, response) => {
        if (request.url !== '/token') return false;
        json(body)(null, response);
        return true;
      };
      const answer = await gate.visitor('session').login('hub');
      assert.equal(answer.status, status, answer.refused?.evidence);
      assert.equal(gate.admitted.length, 0);
    });
  }

  test('scopes parted by commas are told apart; an ID token that comes all the same is not believed', async () => {
    provider.userinfo = json('{"id":1}');
    provider.intercept = (request, response) => {
      if (request.url !== '/token') return false;
      json('{"access_token":"t","token_type":"Bearer","scope":"repo,gist","id_token":"a.b.c"}')(null, response);
      return true;
    };
    const answer = await gate.visitor('session').login('hub');
    assert.equal(answer.status, 303, answer.refused?.evidence);
    assert.deepEqual(gate.admitted[0]?.subject.scopes, ['repo', 'gist']);
    assert.equal(gate.admitted[0]?.tokens?.id, '');
  });

  suite('R60 renewal', () => {
    async function login(own = gateOf({ relay: 'access' })): Promise<{ stored: StoredLogin; own: TestGate }> {
      const answer = await own.visitor('session').login('hub');
      assert.equal(answer.status, 303, answer.refused?.evidence);
      return { stored: own.admitted[0] ?? assert.fail(), own };
    }

    test('R60 a hundred calls at once make one request; the token is new, the person the same', async () => {
      const { stored, own } = await login();
      provider.asked.length = 0;
      const all = await Promise.all(Array.from({ length: 100 }, () => own.sources[0]?.renew?.(stored)));
      assert.equal(provider.asked.filter((line) => line === 'POST /token').length, 1);
      const [fresh = assert.fail()] = all;
      assert.notEqual(fresh?.tokens?.access, stored.tokens?.access);
      assert.deepEqual(fresh?.subject, stored.subject);
      assert.equal(fresh?.expires, stored.expires, 'renewal does not lengthen a session');
      assert.ok(fresh !== null && fresh !== undefined && (await own.sources[0]?.renew?.(fresh)) !== null, 'and again');
    });

    test('R60 an API that is down does not cost the new refresh token: the login goes on, and can be renewed again', async () => {
      const { stored, own } = await login();
      provider.userinfo = (_request, response) => response.writeHead(502).end();
      const fresh = (await own.sources[0]?.renew?.(stored)) ?? assert.fail('ended');
      assert.notEqual(fresh.tokens?.refresh, stored.tokens?.refresh);
      assert.deepEqual(fresh.subject, stored.subject);
      provider.userinfo = null;
      assert.ok(await own.sources[0]?.renew?.(fresh));
    });

    test('R60 an API that names somebody else, nobody, or refuses the token ends the login', async () => {
      for (const userinfo of [
        json(`{"id":${IDS['bob']}}`),
        json('{}'),
        (_request: unknown, response: ServerResponse) => response.writeHead(401).end(),
      ]) {
        const { stored, own } = await login();
        provider.userinfo = userinfo;
        assert.equal(await own.sources[0]?.renew?.(stored), null);
        assert.equal(own.events.at(-1)?.what, 'login.end');
        provider.userinfo = null;
      }
    });

    test('R60 GitHub’s own word for a refresh token that ended ends the login', async () => {
      const { stored, own } = await login();
      provider.intercept = (request, response) => {
        if (request.url !== '/token') return false;
        json('{"error":"bad_refresh_token"}')(null, response);
        return true;
      };
      assert.equal(await own.sources[0]?.renew?.(stored), null);
    });

    test('R60 without a refresh token a login lasts as sessions do, or as the token that is relayed', async () => {
      const short = await startPlainProvider({
        gate: () => GATE,
        name: 'hub',
        configuration: { issueRefreshToken: async () => false },
      });
      try {
        for (const relay of ['none', 'access'] as const) {
          const own = createTestGate({ providers: { hub: { ...short.endpoints, relay } } });
          const { stored } = await login(own);
          assert.equal(stored.tokens?.expires, 0, 'nobody asks for it');
          assert.equal(await own.sources[0]?.renew?.(stored), stored);
          assert.equal(stored.expires < Date.now() + 61_000, relay === 'access');
          assert.equal(stored.tokens?.access !== '', relay === 'access');
        }
        const revocation = `${short.issuer}/token/revocation`;
        const own = createTestGate({
          providers: { hub: { ...short.endpoints, oauth: { ...short.endpoints.oauth, revocation } } },
        });
        const { stored } = await login(own);
        assert.notEqual(stored.tokens?.access, '', 'kept to be ended at logout');
        assert.equal(stored.tokens?.relay, 'none');
      } finally {
        await short.close();
      }
    });
  });

  test('R53 two providers of plain OAuth 2.0: a code of one is never sent to the other', async () => {
    const attacker = await startPlainProvider({ gate: () => GATE, name: 'attacker' });
    try {
      const both = createTestGate({ providers: { hub: provider.endpoints, attacker: attacker.endpoints } });
      for (const name of ['hub', 'attacker']) assert.equal((await both.visitor(name).login(name)).status, 303, name);
      assert.deepEqual(
        both.admitted.map(({ subject }) => subject.source),
        ['hub', 'attacker'],
        'people of the same id stay apart',
      );
      const visitor = both.visitor('session');
      const own = new URL(await visitor.travel(await visitor.begin('attacker')));
      const victim = new URL(await visitor.travel(await visitor.begin('hub')));
      const code = victim.searchParams.get('code') ?? '';
      const bodies: string[] = [];
      attacker.intercept = (request, response) => {
        if (request.url !== '/token') return false;
        request.on('data', (piece) => bodies.push(String(piece)));
        request.on('end', () => json('{"error":"invalid_grant"}')(null, response));
        return true;
      };
      const mixed = new URL(own);
      mixed.searchParams.set('code', code);
      mixed.searchParams.set('iss', victim.searchParams.get('iss') ?? '');
      assert.equal((await visitor.arrive(mixed.href)).status, 401, 'iss of the honest one');
      assert.equal((await visitor.arrive(victim.href.replace('/callback/hub', '/callback/attacker'))).status, 401);
      assert.deepEqual(bodies, [], 'the code stayed here');
      assert.deepEqual(
        valuesOf(await visitor.arrive(victim.href), 'location'),
        ['/posts'],
        'the honest one is not spoilt',
      );
    } finally {
      await attacker.close();
    }
  });
});
