import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { actionOf } from '../../../src/challenges/providers/action.ts';
import { createHCaptcha } from '../../../src/challenges/providers/hcaptcha.ts';
import type { Expected } from '../../../src/challenges/providers/outcome.ts';
import { createRecaptchaEnterprise } from '../../../src/challenges/providers/recaptcha-enterprise.ts';
import { createRecaptcha } from '../../../src/challenges/providers/recaptcha.ts';
import { createTurnstile } from '../../../src/challenges/providers/turnstile.ts';
import type { Verifier } from '../../../src/challenges/providers/verifier.ts';
import { API_KEY, type ProviderServer, SECRET, SITE_KEY, startProvider, type Token } from './provider-server.ts';

/** The four providers against servers that answer as they document it. */

const ACTION = actionOf('POST /api/posts');
let provider: ProviderServer;
let kinds: Readonly<Record<string, (secret?: string, timeout?: number) => Verifier>>;

before(async () => {
  provider = await startProvider();
  const at = (path: string) => ({ fetch, address: `${provider.origin}${path}` });
  kinds = {
    turnstile: (secret = SECRET, timeout = 3000) => createTurnstile({ ...at('/turnstile'), secret, timeout }),
    hcaptcha: (secret = SECRET, timeout = 3000) =>
      createHCaptcha({ ...at('/hcaptcha'), secret, timeout, siteKey: SITE_KEY }),
    'recaptcha-v3': (secret = SECRET, timeout = 3000) => createRecaptcha({ ...at('/recaptcha'), secret, timeout }),
    'recaptcha-enterprise': (secret = API_KEY, timeout = 3000) =>
      createRecaptchaEnterprise({ ...at(''), apiKey: secret, timeout, siteKey: SITE_KEY, project: 'my-project' }),
  };
});
after(() => provider.close());
beforeEach(() => {
  provider.asked.length = 0;
  provider.next.length = 0;
  provider.skew = 0;
});

const expected = (more: Partial<Expected> = {}): Expected => ({
  action: ACTION,
  hostname: 'app.example',
  binding: 'challenge-1',
  issued: Date.now() - 1000,
  threshold: 0.5,
  ...more,
});
const GOOD: Partial<Token> = { action: ACTION, cdata: 'challenge-1' };
const verifierOf = (kind: string, ...given: [secret?: string, timeout?: number]): Verifier => {
  const make = kinds[kind];
  assert.ok(make);
  return make(...given);
};
const all = ['turnstile', 'hcaptcha', 'recaptcha-v3', 'recaptcha-enterprise'];
/** What a verifier says without its reason. */
const kindOf = async (kind: string, token: string, more: Partial<Expected> = {}) =>
  (await verifierOf(kind)(token, expected(more), Date.now())).kind;

for (const kind of all) {
  describe(kind, () => {
    test('a token made for this host, action and challenge passes once and never again', async () => {
      const token = provider.mint(GOOD);
      assert.equal(await kindOf(kind, token), 'passed');
      assert.equal(await kindOf(kind, token), 'refused');
    });

    test('a token of another site, or made on another host, is refused', async () => {
      assert.equal(await kindOf(kind, provider.mint({ ...GOOD, hostname: 'evil.example' })), 'refused');
      assert.equal(await kindOf(kind, provider.mint({ ...GOOD, hostname: '' })), 'refused');
      assert.equal(await kindOf(kind, provider.mint({ ...GOOD, siteKey: 'another' })), 'refused');
      assert.equal(await kindOf(kind, provider.mint({ ...GOOD, hostname: 'APP.example' })), 'passed');
    });

    test('a made-up token is refused, and one that can be none is never asked about', async () => {
      assert.equal(await kindOf(kind, 'made-up-token'), 'refused');
      provider.asked.length = 0;
      for (const token of [
        '',
        'short',
        'x'.repeat(4097),
        'a b c d e f g h',
        'line\nbreak-in-a-token',
        'ümlaut-token',
      ]) {
        assert.equal(await kindOf(kind, token), 'refused', token.slice(0, 20));
      }
      assert.equal(provider.asked.length, 0);
    });

    test('a token that is too old or of time to come is refused, by the provider’s clock', async () => {
      const old = provider.mint({ ...GOOD, made: Date.now() - 3_600_000 });
      assert.equal(await kindOf(kind, old), 'refused');
      assert.equal(await kindOf(kind, provider.mint({ ...GOOD, made: Date.now() + 120_000 })), 'refused');
    });

    test('a gate or a provider whose clock is an hour off refuses nobody', async () => {
      for (const skew of [-3_600_000, 3_600_000]) {
        provider.skew = skew;
        assert.equal(await kindOf(kind, provider.mint(GOOD)), 'passed', `${skew}`);
      }
    });

    test('a wrong secret is the owner’s to mend, and no reason says it', async () => {
      const secret = 'wrong-secret-value';
      const outcome = await verifierOf(kind, secret)(provider.mint(GOOD), expected(), Date.now());
      assert.equal(outcome.kind, 'misconfigured');
      assert.ok(!JSON.stringify(outcome).includes(secret));
    });

    test('a quota that is used up is the owner’s to mend, and no pass', async () => {
      provider.next.push((response) => response.writeHead(429).end('{}'));
      assert.equal(await kindOf(kind, provider.mint(GOOD)), 'misconfigured');
    });

    const troubles: readonly [string, (response: import('node:http').ServerResponse) => void][] = [
      ['an error of the server', (response) => response.writeHead(500).end('{"success":true}')],
      ['a redirect', (response) => response.writeHead(302, { location: provider.origin }).end()],
      ['a redirect that keeps the method', (response) => response.writeHead(307, { location: provider.origin }).end()],
      ['a page', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>success: true</p>')],
      ['nothing', (response) => response.writeHead(200).end()],
      ['a list', (response) => response.writeHead(200).end('[{"success":true}]')],
      ['bytes that are no UTF-8', (response) => response.writeHead(200).end(Buffer.from([0x22, 0xff, 0x22]))],
      [
        'more than an answer holds',
        (response) => response.writeHead(200).end(JSON.stringify({ x: 'x'.repeat(20_000) })),
      ],
      [
        'an answer that breaks off',
        (response) => response.writeHead(200, { 'content-length': 100 }).write('{"succ', () => response.destroy()),
      ],
      ['a reset', (response) => response.destroy()],
    ];
    for (const [what, trouble] of troubles) {
      test(`${what} says nothing about the visitor: unreachable, never passed`, async () => {
        provider.next.push(trouble, trouble);
        assert.equal(await kindOf(kind, provider.mint(GOOD)), 'unreachable');
      });
    }

    test('an answer that does not come is waited for no longer than was said', async () => {
      const silent = (): void => {};
      provider.next.push(silent, silent, silent);
      const outcome = await verifierOf(kind, undefined, 50)(provider.mint(GOOD), expected(), Date.now());
      assert.deepEqual(outcome, { kind: 'unreachable', reason: 'no answer within 50 ms' });
    });

    test('an answer that drips is waited for no longer either', async () => {
      const drips = (response: import('node:http').ServerResponse): void => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 10);
        response.on('close', () => clearInterval(drip));
      };
      // One for a question of the test before that comes late, too.
      provider.next.push(drips, drips, drips);
      const outcome = await verifierOf(kind, undefined, 80)(provider.mint(GOOD), expected(), Date.now());
      assert.equal(outcome.kind, 'unreachable');
    });

    test('neither the address nor any reason carries a secret or the token', async () => {
      const token = provider.mint({ ...GOOD, hostname: 'evil.example' });
      const outcome = await verifierOf(kind)(token, expected(), Date.now());
      const said = JSON.stringify([outcome, provider.asked.map(({ path }) => path)]);
      for (const secret of [SECRET, API_KEY, token]) assert.ok(!said.includes(secret));
    });
  });
}

test('Turnstile: a token of another action or another challenge is refused', async () => {
  assert.equal(await kindOf('turnstile', provider.mint({ ...GOOD, action: actionOf('GET /api/posts') })), 'refused');
  assert.equal(await kindOf('turnstile', provider.mint({ ...GOOD, cdata: 'challenge-2' })), 'refused');
  assert.equal(await kindOf('turnstile', provider.mint({ ...GOOD, cdata: '' })), 'refused');
});

test('Turnstile: an answer that was lost is asked for again by the same key, and is no second use', async () => {
  const token = provider.mint(GOOD);
  provider.next.push((response, answer) => {
    answer(false);
    response.destroy();
  });
  assert.equal(await kindOf('turnstile', token), 'passed');
  assert.equal(provider.asked.length, 2);
  assert.equal(provider.asked[0]?.fields['idempotency_key'], provider.asked[1]?.fields['idempotency_key']);
  assert.equal(await kindOf('turnstile', token), 'refused', 'another key, another use');
});

test('the others are asked once: their second answer would be no', async () => {
  for (const kind of all.slice(1)) {
    provider.asked.length = 0;
    provider.next.push((response) => response.destroy());
    assert.equal(await kindOf(kind, provider.mint(GOOD)), 'unreachable');
    assert.equal(provider.asked.length, 1, kind);
  }
});

test('Turnstile and Enterprise: a token that was made before the challenge is refused', async () => {
  const made = Date.now() - 100_000;
  for (const kind of ['turnstile', 'recaptcha-enterprise']) {
    assert.equal(await kindOf(kind, provider.mint({ ...GOOD, made })), 'refused', kind);
    const waited = { issued: Date.now() - 110_000 };
    assert.equal(await kindOf(kind, provider.mint({ ...GOOD, made }), waited), 'passed', `${kind}, a slow person`);
  }
});

test('a provider’s own fault is not the visitor’s', async () => {
  provider.next.push((response) => response.writeHead(200).end('{"success":false,"error-codes":["internal-error"]}'));
  assert.equal(await kindOf('recaptcha-v3', provider.mint(GOOD)), 'unreachable');
});

test('success beside error codes is no success', async () => {
  provider.next.push((response) =>
    response.writeHead(200).end('{"success":true,"hostname":"app.example","error-codes":["bad-request"]}'),
  );
  assert.equal(await kindOf('hcaptcha', provider.mint(GOOD)), 'refused');
});

test('only true is true', async () => {
  for (const success of ['"true"', '1', '{}', '[true]']) {
    provider.next.push((response) => response.writeHead(200).end(`{"success":${success},"hostname":"app.example"}`));
    assert.equal(await kindOf('hcaptcha', provider.mint(GOOD)), 'refused', success);
  }
});

describe('scores', () => {
  for (const kind of ['recaptcha-v3', 'recaptcha-enterprise']) {
    test(`${kind}: the threshold itself passes, what is below it is doubt about the visitor`, async () => {
      const judge = async (score: number, threshold: number) =>
        verifierOf(kind)(provider.mint({ ...GOOD, score }), expected({ threshold }), Date.now());
      assert.deepEqual(await judge(0.7, 0.7), { kind: 'passed', note: 'score 0.7' });
      const low = await judge(0.3, 0.5);
      assert.equal(low.kind, 'refused');
      assert.match(low.reason, /^score 0\.3(?:, AUTOMATION)?; 0\.5 or more passes$/);
      assert.equal((await judge(0, 0)).kind, 'passed');
    });

    test(`${kind}: a token of another action is refused whatever its score`, async () => {
      const outcome = await verifierOf(kind)(provider.mint({ action: 'login', score: 1 }), expected(), Date.now());
      assert.equal(outcome.kind, 'refused');
    });

    test(`${kind}: an answer without a score is a key of another kind`, async () => {
      for (const score of [Number.NaN, -0.1, 1.1, Number.POSITIVE_INFINITY]) {
        assert.equal(await kindOf(kind, provider.mint({ ...GOOD, score })), 'misconfigured', `${score}`);
      }
    });
  }

  test('Enterprise: what Google cannot read is the visitor’s fault, a wrong key the owner’s', async () => {
    provider.next.push((response) => response.writeHead(400).end('{"error":{"status":"INVALID_ARGUMENT"}}'));
    assert.equal(await kindOf('recaptcha-enterprise', provider.mint(GOOD)), 'refused');
    for (const status of [401, 403, 404]) {
      provider.next.push((response) => response.writeHead(status).end('{}'));
      assert.equal(await kindOf('recaptcha-enterprise', provider.mint(GOOD)), 'misconfigured', `${status}`);
    }
  });

  test('Enterprise: the API key travels in a field and never in the address', async () => {
    assert.equal(await kindOf('recaptcha-enterprise', provider.mint(GOOD)), 'passed');
    assert.equal(provider.asked[0]?.path, '/v1/projects/my-project/assessments');
    assert.equal(provider.asked[0]?.headers['x-goog-api-key'], API_KEY);
    assert.deepEqual(Object.keys(provider.asked[0]?.fields ?? {}).sort(), ['expectedAction', 'siteKey', 'token']);
  });
});

test('what is sent: nothing of the visitor but the token', async () => {
  for (const kind of all.slice(0, 3)) {
    provider.asked.length = 0;
    assert.equal(await kindOf(kind, provider.mint(GOOD)), 'passed');
    const { fields = {}, headers = {} } = provider.asked[0] ?? {};
    for (const name of Object.keys(fields)) {
      assert.ok(['secret', 'response', 'sitekey', 'idempotency_key'].includes(name), name);
    }
    assert.equal(headers['cookie'] ?? headers['referer'] ?? headers['x-forwarded-for'], undefined);
  }
});

test('a flood is not handed on: beyond sixty-four calls at once the provider counts as unreachable', async () => {
  const verify = verifierOf('hcaptcha');
  const waiting: (() => void)[] = [];
  for (let i = 0; i < 64; i++) provider.next.push((_, answer) => void waiting.push(answer));
  const calls = Array.from({ length: 64 }, () => verify(provider.mint(GOOD), expected(), Date.now()));
  const extra = await verify(provider.mint(GOOD), expected(), Date.now());
  assert.deepEqual(extra, { kind: 'unreachable', reason: 'too many calls to the provider at once' });
  while (waiting.length < 64) await new Promise((resolve) => setImmediate(resolve));
  for (const answer of waiting) answer();
  for (const { kind } of await Promise.all(calls)) assert.equal(kind, 'passed');
  assert.equal((await verify(provider.mint(GOOD), expected(), Date.now())).kind, 'passed');
});

test('an action’s name fits every provider, and two routes never share one', () => {
  const routes = ['GET /api/posts', 'POST /api/posts', 'POST /api/posts/:id', '* /**', 'GET /ü', 'A'.repeat(300)];
  const actions = routes.map(actionOf);
  for (const action of actions) assert.match(action, /^[a-z0-9_]{1,32}$/);
  assert.equal(new Set(actions).size, routes.length);
  assert.match(actionOf('POST /api/posts/:id'), /^post_api_posts_id_[0-9a-f]{8}$/);
});
