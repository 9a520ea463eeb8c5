import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { actionOf } from '../../../src/challenges/providers/action.ts';
import { solveNatively } from '../../../src/challenges/solve.ts';
import { startGate } from '../../../src/gateway/index.ts';
import type { Config } from '../../../src/guard/config.ts';
import type { Decision } from '../../../src/guard/decision.ts';
import { createSender } from '../../../src/lab/http.ts';
import { parseTarget } from '../../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../../src/lab/wire-client.ts';
import type { ChallengeMember } from '../../../src/wire/challenge.ts';
import { API_KEY, SECRET, SITE_KEY, startProvider, type Token } from './provider-server.ts';

/** Programs at routes that ask for a provider’s challenge, and beside each the page that does what is asked. */

const HOST = '127.0.0.1';

async function place(t: TestContext, routes: NonNullable<Config['routes']>, challenge: Config['challenge'] = {}) {
  const provider = await startProvider();
  const reached: string[] = [];
  const backend = createServer((request, response) => {
    if (request.url !== '/') reached.push(`${request.method} ${request.url}`);
    response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' }).end('<title>app</title>');
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const { port } = backend.address() as AddressInfo; // bound to TCP above
  const decisions: Decision[] = [];
  const at = (path: string) => ({ siteKey: SITE_KEY, verify: `${provider.origin}${path}` });
  const gate = await startGate(
    {
      to: `http://127.0.0.1:${port}`,
      listen: '127.0.0.1:0',
      mode: 'enforce',
      routes,
      challenge: {
        cost: 100,
        turnstile: { ...at('/turnstile'), secret: SECRET },
        hcaptcha: { ...at('/hcaptcha'), secret: SECRET },
        recaptcha: { ...at('/recaptcha'), secret: SECRET },
        'recaptcha-enterprise': { ...at(''), apiKey: API_KEY, project: 'my-project' },
        ...challenge,
      },
    },
    { onDecision: (decision) => void decisions.push(decision) },
  );
  t.after(async () => {
    await gate.close({ graceMs: 0 });
    backend.closeAllConnections();
    backend.close();
    await provider.close();
  });
  async function page(): Promise<WireClient> {
    const target = parseTarget(`http://127.0.0.1:${gate.address.port}/api`);
    const sender = createSender(target);
    t.after(() => sender.close());
    const client = createWireClient(target, '/', sender);
    assert.ok((await client.open()).opened);
    return client;
  }
  const said = (): string =>
    decisions.flatMap(({ trail, note = '' }) => [...trail.map(({ evidence }) => evidence), note]).join('\n');
  return { provider, reached, page, said };
}

interface Told {
  readonly status: number;
  readonly code: string;
  readonly text: string;
  readonly challenge: ChallengeMember | undefined;
}

/** A call, with what it brings and by which counter; what the answer says. */
async function post(
  client: WireClient,
  at: string,
  bring?: { member: ChallengeMember; solution: string },
): Promise<Told> {
  const answer = await client.call({
    method: 'POST',
    at,
    body: Buffer.from('{}'),
    contentType: 'application/json',
    ...(bring && {
      nonce: bring.member.counter,
      fields: ['Sallyport-Challenge', `${bring.member.token} ${bring.solution}`],
    }),
  });
  const text = Buffer.from(answer.body).toString();
  const problem: Record<string, unknown> = text.startsWith('{') ? JSON.parse(text) : {};
  // The member is the gate's own, in a test of its own wire.
  return {
    status: answer.status,
    code: `${problem['code'] ?? ''}`,
    text,
    challenge: problem['challenge'] as ChallengeMember,
  };
}

async function challenged(client: WireClient, at: string): Promise<ChallengeMember> {
  const { code, challenge } = await post(client, at);
  assert.equal(code, 'challenge');
  assert.ok(challenge);
  return challenge;
}

const made = ({ parameters }: ChallengeMember, more: Partial<Token> = {}): Partial<Token> => ({
  hostname: HOST,
  action: `${parameters['action']}`,
  cdata: `${parameters['binding']}`,
  ...more,
});

const ROUTES: NonNullable<Config['routes']> = [
  { match: 'POST /api/a', challenge: { when: 'always', kind: 'turnstile' } },
  { match: 'POST /api/b', challenge: { when: 'always', kind: 'turnstile' } },
  { match: 'POST /api/h', challenge: { when: 'always', kind: 'hcaptcha' } },
  { match: 'POST /api/r', challenge: { when: 'always', kind: 'recaptcha', threshold: 0.7 } },
  { match: 'POST /api/e', challenge: { when: 'always', kind: 'recaptcha-enterprise', threshold: 0.7 } },
];

for (const at of ['/api/a', '/api/h', '/api/r', '/api/e']) {
  test(`${at}: what the widget gives passes, and the same call sent again does not`, async (t) => {
    const { provider, reached, page } = await place(t, ROUTES);
    const client = await page();
    const member = await challenged(client, at);
    assert.equal(member.action, `POST ${at}`);
    const bring = { member, solution: provider.mint(made(member)) };
    assert.equal((await post(client, at, bring)).status, 200);
    assert.equal((await post(client, at, bring)).code, 'replayed');
    assert.deepEqual(reached, [`POST ${at}`]);
    assert.equal(provider.asked.length, 1, 'a replay never reaches the provider');
  });

  test(`${at}: a token that was spent once is refused under a new challenge`, async (t) => {
    const { provider, reached, page } = await place(t, ROUTES);
    const client = await page();
    const first = await challenged(client, at);
    const solution = provider.mint(made(first));
    assert.equal((await post(client, at, { member: first, solution })).status, 200);
    const second = await challenged(client, at);
    assert.equal((await post(client, at, { member: second, solution })).code, 'challenge');
    assert.equal(reached.length, 1);
  });

  test(`${at}: a made-up token is refused, and so is none at all`, async (t) => {
    const { reached, page } = await place(t, ROUTES);
    const client = await page();
    for (const solution of ['made-up-token', 'x', `${'x'.repeat(5000)}`]) {
      const member = await challenged(client, at);
      assert.equal((await post(client, at, { member, solution })).code, 'challenge', solution.slice(0, 20));
    }
    assert.deepEqual(reached, []);
  });

  test(`${at}: a token of a page of another host is refused`, async (t) => {
    const { provider, reached, page, said } = await place(t, ROUTES);
    const client = await page();
    const member = await challenged(client, at);
    const solution = provider.mint(made(member, { hostname: 'evil.example' }));
    const told = await post(client, at, { member, solution });
    assert.equal(told.code, 'challenge');
    assert.match(said(), /page of another host/);
    assert.doesNotMatch(told.text, /host|score|evil/, 'the client is not told what was wrong');
    assert.deepEqual(reached, []);
  });
}

test('a token for one route is none for another, and a Turnstile token none for another session', async (t) => {
  const { provider, reached, page } = await place(t, ROUTES);
  const [one, two] = [await page(), await page()];
  const forA = await challenged(one, '/api/a');
  const forB = await challenged(one, '/api/b');
  assert.notEqual(forA.parameters['action'], forB.parameters['action']);
  assert.equal(forA.parameters['action'], actionOf('POST /api/a'));
  assert.equal((await post(one, '/api/b', { member: forB, solution: provider.mint(made(forA)) })).code, 'challenge');
  // The whole header of the other route, by its counter.
  const fresh = await challenged(one, '/api/a');
  assert.equal((await post(one, '/api/b', { member: fresh, solution: provider.mint(made(fresh)) })).code, 'challenge');
  const theirs = await challenged(two, '/api/a');
  const mine = await challenged(one, '/api/a');
  assert.equal((await post(two, '/api/a', { member: theirs, solution: provider.mint(made(mine)) })).code, 'challenge');
  assert.deepEqual(reached, []);
});

test('a challenge of another session brings nothing, whatever solved it', async (t) => {
  const { provider, reached, page } = await place(t, ROUTES);
  const [one, two] = [await page(), await page()];
  for (const at of ['/api/a', '/api/h', '/api/r']) {
    const member = await challenged(one, at);
    await challenged(two, at);
    assert.equal((await post(two, at, { member, solution: provider.mint(made(member)) })).code, 'challenge', at);
  }
  assert.equal(provider.asked.length, 0, 'nor is the provider asked');
  assert.deepEqual(reached, []);
});

test('P6.5 a score that is too low leaves the other way, which takes a full solution', async (t) => {
  const { provider, reached, page, said } = await place(t, ROUTES);
  const client = await page();
  for (const at of ['/api/r', '/api/e']) {
    const member = await challenged(client, at);
    const low = provider.mint(made(member, { score: 0.6 }));
    const told = await post(client, at, { member, solution: low });
    assert.equal(told.code, 'challenge');
    assert.doesNotMatch(told.text, /0\.[67]/, 'the client learns neither score nor threshold');
    assert.match(said(), /score 0\.6/);
    const { alternative } = await challenged(client, at);
    assert.ok(alternative?.kind === 'proof-of-work');
    const solution = await solveNatively(alternative);
    assert.ok(solution);
    assert.equal((await post(client, at, { member: alternative, solution })).status, 200);
  }
  assert.equal(reached.length, 2);
});

test('the other way is no cheaper way: half a solution, a smaller one or a token does not do', async (t) => {
  const { provider, reached, page } = await place(t, ROUTES);
  const client = await page();
  const other = async (): Promise<ChallengeMember> => {
    const { alternative } = await challenged(client, '/api/h');
    assert.ok(alternative?.kind === 'proof-of-work');
    return alternative;
  };
  const whole = await other();
  const puzzles = Number(whole.parameters['puzzles']);
  const smaller = await other();
  const few = await solveNatively({ ...smaller, parameters: { ...smaller.parameters, puzzles: puzzles / 8 } });
  assert.ok(few);
  assert.equal((await post(client, '/api/h', { member: smaller, solution: few })).code, 'challenge');
  for (const solution of ['0', Array(puzzles).fill('0').join('.'), provider.mint({ hostname: HOST })]) {
    assert.equal(
      (await post(client, '/api/h', { member: await other(), solution })).code,
      'challenge',
      solution.slice(0, 20),
    );
  }
  const member = await challenged(client, '/api/h');
  const work = await solveNatively(member.alternative ?? member);
  assert.equal(
    (await post(client, '/api/h', { member, solution: work ?? '' })).code,
    'challenge',
    'work under the token of the widget',
  );
  assert.deepEqual(reached, []);
  const last = await other();
  assert.equal(
    (await post(client, '/api/h', { member: last, solution: (await solveNatively(last)) ?? '' })).status,
    200,
  );
});

test('a provider that is away follows whenUnsure: what changes something is refused, what only reads goes on', async (t) => {
  const routes = [...ROUTES, { match: 'GET /api/a', challenge: { when: 'always', kind: 'turnstile' } } as const];
  const { provider, reached, page } = await place(t, routes);
  const client = await page();
  const down = (response: import('node:http').ServerResponse) => void response.writeHead(503).end();
  const member = await challenged(client, '/api/a');
  provider.next.push(down, down);
  assert.equal((await post(client, '/api/a', { member, solution: provider.mint(made(member)) })).code, 'unsure');
  assert.deepEqual(reached, []);
  const asked = await client.call({ method: 'GET', at: '/api/a' });
  const read: { challenge: ChallengeMember } = JSON.parse(Buffer.from(asked.body).toString());
  provider.next.push(down, down);
  const fields = ['Sallyport-Challenge', `${read.challenge.token} ${provider.mint(made(read.challenge))}`];
  const answer = await client.call({ method: 'GET', at: '/api/a', nonce: read.challenge.counter, fields });
  assert.equal(answer.status, 200);
});

test('a wrong secret and a used-up quota open nothing, and the other way is there', async (t) => {
  const { provider, reached, page } = await place(t, ROUTES);
  const client = await page();
  const quota = (response: import('node:http').ServerResponse) => void response.writeHead(429).end('{}');
  const wrong = (response: import('node:http').ServerResponse) =>
    void response.writeHead(200).end('{"success":false,"error-codes":["invalid-input-secret"]}');
  for (const trouble of [quota, wrong]) {
    const member = await challenged(client, '/api/h');
    provider.next.push(trouble);
    assert.equal((await post(client, '/api/h', { member, solution: provider.mint(made(member)) })).code, 'challenge');
  }
  assert.deepEqual(reached, []);
  const { alternative } = await challenged(client, '/api/h');
  assert.ok(alternative);
  const solution = (await solveNatively(alternative)) ?? '';
  assert.equal((await post(client, '/api/h', { member: alternative, solution })).status, 200);
});

test('no secret stands in what a page or a person is told', async (t) => {
  const { page, said } = await place(t, ROUTES);
  const client = await page();
  for (const at of ['/api/a', '/api/h', '/api/r', '/api/e']) {
    const { text } = await post(client, at);
    for (const secret of [SECRET, API_KEY]) assert.ok(!text.includes(secret) && !said().includes(secret));
    assert.ok(text.includes(SITE_KEY));
  }
});
