import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { startGate } from '../../src/gateway/index.ts';
import { ATTACKERS, formatReport, type LabOptions, type LabReport } from '../../src/lab/index.ts';
import { runAttackers } from '../../src/lab/run.ts';

/** The rows about use, at a backend that serves whatever reaches it, and counts. */

const ROWS = [
  'order',
  'enumerate',
  'challenge',
  'challenge-replay',
  'slow',
  'flood-one',
  'flood-many',
  'farm',
  'forwarding',
  'drain',
];

const WITH_RULES: Config = {
  budget: { amount: '1 USD/day', release: 'at-once', keep: 0 },
  records: 'memory',
  routes: [
    { match: 'GET /api/posts', limit: '30/minute' },
    { match: 'GET /api/posts/:id', served: { from: 'GET /api/posts', at: '$[*].id', linked: 5 } },
    { match: 'POST /api/quote' },
    { match: 'POST /api/order', after: 'POST /api/quote', notBefore: 1, once: true },
    { match: 'POST /api/ask', cost: '0.01 USD' },
    { match: 'GET /api/search', challenge: 'always' },
  ],
};

/** The same addresses, and no rule of any of them. */
const WITHOUT_RULES: Config = {
  mint: { perPrefix: 100_000, total: 100_000 },
  routes: (WITH_RULES.routes ?? []).map(({ match }) => ({ match })),
};

const MAY: LabOptions = {
  spend: { method: 'POST', path: '/api/ask', body: { question: 'Why?' } },
  inOrder: {
    first: { method: 'POST', path: '/api/quote', body: { what: 'print' } },
    next: { method: 'POST', path: '/api/order', body: { what: 'print' } },
  },
};

interface Attacked {
  readonly report: LabReport;
  /** Calls that reached the backend, by attacker. */
  readonly reached: ReadonlyMap<string, number>;
}

async function attacked(context: TestContext, config: Config, options: LabOptions): Promise<Attacked> {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume();
    const api = request.url?.startsWith('/api/') === true;
    if (api) calls += 1;
    response.writeHead(200, { 'content-type': api ? 'application/json' : 'text/html', 'cache-control': 'no-store' });
    response.end(api ? '[{"id":1},{"id":2},{"id":3}]' : '<!doctype html><html><head></head><body>Posts</body></html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's address is one
  const gate = await startGate({ to: `http://127.0.0.1:${port}`, listen: '127.0.0.1:0', mode: 'enforce', ...config });
  context.after(async () => {
    await gate.close({ graceMs: 0 });
    server.close();
    server.closeAllConnections();
  });
  const reached = new Map<string, number>();
  let before = 0;
  const url = `http://127.0.0.1:${gate.address.port}/api/posts`;
  const attackers = ATTACKERS.filter(({ name }) => ROWS.includes(name));
  const onRung: LabOptions['onRung'] = (name, when) => {
    if (when === 'start') before = calls;
    else reached.set(name, calls - before);
  };
  const report = await runAttackers(url, { calls: 80, seconds: 240, chromium: null, onRung, ...options }, attackers);
  context.diagnostic(formatReport(report));
  return { report, reached };
}

/** What the lab counts is what the backend saw. */
function holdToTruth({ report, reached }: Attacked): void {
  for (const one of report.rungs)
    assert.equal(reached.get(one.name), one.admitted + one.honest, `${one.name}: ${one.admitted}, ${one.honest}`);
}

const verdictsOf = ({ report }: Attacked): object =>
  Object.fromEntries(report.rungs.map(({ name, verdict }) => [name, verdict]));

test('P2.1 P2.2 R40 the rows about use at a gate that has every rule: held up where a program is no more than a person, stopped where it is', async (context) => {
  const run = await attacked(context, WITH_RULES, { ...MAY, policy: WITH_RULES });
  holdToTruth(run);
  assert.deepEqual(verdictsOf(run), {
    order: 'stopped',
    enumerate: 'slowed',
    challenge: 'slowed',
    'challenge-replay': 'stopped',
    // Nobody of it does more than a person: no rule by session or network can tell.
    slow: 'gets in',
    'flood-one': 'slowed',
    'flood-many': 'slowed',
    farm: 'slowed',
    forwarding: 'stopped',
    drain: 'slowed',
  });
  const row = (name: string) => run.report.rungs.find((rung) => rung.name === name) ?? assert.fail(name);
  assert.equal(row('enumerate').admitted, 5, 'as many as the page’s address may name in a minute');
  assert.equal(row('enumerate').honest, 3, 'the list twice, and what it gave');
  assert.ok(row('order').honest >= 4, 'whoever keeps the order gets through, each time');
  assert.ok(row('flood-one').admitted < 3 * 50, 'three sessions have what three sessions have');
  assert.ok(row('flood-many').admitted > row('flood-one').admitted);
  assert.ok(row('farm').held > 0 && row('farm').admitted > 60, 'who waits gets in, and finds less than he waited for');
  assert.equal(row('slow').admitted, row('slow').tried);
  assert.match(row('slow').notes.join(), /^27 addresses at once/);
  assert.ok((row('slow').cost?.bill?.addresses ?? 0) > 0, 'they are paid for as long as the calls take');
  assert.equal(row('challenge').admitted, row('challenge').tried / 2, 'each call is asked first, and let in then');
  assert.match(row('challenge').notes.join(), /solved at \d+ a second/);
  assert.equal(row('challenge-replay').honest, 2, 'each solution is good once');
  assert.equal(row('forwarding').tried, 10);
  // A tenth of what others have left for each of ten networks.
  assert.ok(row('drain').admitted > 20 && row('drain').admitted <= 100, String(row('drain').admitted));
});

test('the same rows where nothing has a rule: everything gets in, and the lab says so', async (context) => {
  const run = await attacked(context, WITHOUT_RULES, {
    ...MAY,
    policy: { routes: (WITH_RULES.routes ?? []).map(({ cost, ...route }) => route) },
  });
  holdToTruth(run);
  const verdicts = { ...verdictsOf(run) };
  assert.deepEqual(verdicts, {
    order: 'gets in',
    enumerate: 'gets in',
    // Nobody asked for anything.
    challenge: 'gets in',
    'challenge-replay': 'not run',
    slow: 'gets in',
    'flood-one': 'gets in',
    'flood-many': 'gets in',
    farm: 'gets in',
    // Nothing is used up by which it could be told.
    forwarding: 'not run',
    drain: 'gets in',
  });
});

test('R40 where forwarding headers of anybody are believed, the lab says that it cannot tell, and makes no call that nobody allowed', async (context) => {
  const config: Config = { trustedProxies: ['127.0.0.0/8'] };
  const run = await attacked(context, config, { policy: config, calls: 4 });
  holdToTruth(run);
  const why = Object.fromEntries(run.report.rungs.map((rung) => [rung.name, rung.why]));
  for (const name of ['order', 'enumerate', 'forwarding', 'drain']) assert.notEqual(why[name], '', name);
  assert.match(why['forwarding'] ?? '', /trustedProxies/);
  assert.match(why['drain'] ?? '', /spend/);
});
