import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../src/guard/config.ts';
import { createSender, field, type RawAnswer } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';

/** Budgets at gates as people run them: several processes on one PostgreSQL, some of which are killed. */

const SECRET = 'a secret of at least thirty-two characters';
const PROGRAM = fileURLToPath(new URL('../gateway/programs/budget.ts', import.meta.url));

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

/** An API that costs a cent a call, and counts. */
interface Paid {
  readonly url: string;
  calls: number;
  /** Called for each call, before it is answered. */
  onCall: () => Promise<void> | void;
}

async function startPaid(context: TestContext): Promise<Paid> {
  const server: Server = createServer((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    paid.calls += 1;
    void Promise.resolve(paid.onCall()).then(() => response.writeHead(200).end('{"said":"hello"}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo; // bound to TCP above
  const paid: Paid = { url: `http://127.0.0.1:${port}`, calls: 0, onCall: () => {} };
  return paid;
}

const PAGE = '<!doctype html><html><head><title>chat</title></head><body></body></html>';

interface Process {
  readonly child: ChildProcess;
  readonly url: string;
}

async function startProcess(context: TestContext, config: Config, records: string): Promise<Process> {
  const child = spawn(
    process.execPath,
    ['--conditions=@sallyport/source', PROGRAM, JSON.stringify(config), records, SECRET],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  context.after(() => child.kill('SIGKILL'));
  let said = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    said += String(text);
    const url = /^ready (\S+)$/m.exec(said)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`the gate did not start: ${said}`);
}

async function kill({ child }: Process): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const configFor = (paid: Paid, budget: Config['budget'], listen = '127.0.0.1:0'): Config => ({
  to: paid.url,
  listen,
  mode: 'enforce',
  mint: { perPrefix: 100_000, total: 100_000 },
  trustedProxies: [],
  routes: [{ match: 'POST /api/chat', cost: '0.01 USD' }],
  ...(budget === undefined ? {} : { budget }),
});

const OPEN = { share: 1, keep: 0, release: 'at-once' } as const;

/** A browser of its own that has come through both doors. */
async function visitor(context: TestContext, url: string): Promise<WireClient> {
  const target = { ...parseTarget(url), path: '/api/chat', query: '' };
  const sender = createSender(target);
  context.after(() => sender.close());
  const client = createWireClient(target, '/', sender);
  const { opened, why } = await client.open();
  assert.ok(opened, why);
  return client;
}

/** So many visitors, a few at a time, so that none of their entries times out. */
async function visitors(context: TestContext, urls: readonly string[], count: number): Promise<WireClient[]> {
  const all: WireClient[] = [];
  while (all.length < count) {
    const batch = Array.from({ length: Math.min(20, count - all.length) }, (_, at) =>
      visitor(context, urls[(all.length + at) % urls.length] ?? ''),
    );
    all.push(...(await Promise.all(batch)));
  }
  return all;
}

const CHAT = {
  method: 'POST',
  body: Buffer.from('{"messages":[{"role":"user","content":"hello"}]}'),
  contentType: 'application/json',
};

const call = (client: WireClient): Promise<RawAnswer> => client.call(CHAT);

function assertRefused(answer: RawAnswer): void {
  assert.equal(answer.status, 429);
  assert.ok(Number(field(answer.fields, 'retry-after')) > 0);
  assert.equal(JSON.parse(Buffer.from(answer.body).toString()).code, 'budget');
}

test('P2.1 five hundred fresh sessions at once over four gates: as many calls as there is money for, no more after a restart', async (context) => {
  const paid = await startPaid(context);
  const records = postgres.database();
  const config = configFor(paid, { amount: '1 USD/day', ...OPEN });
  const gates = await Promise.all([1, 2, 3, 4].map(() => startProcess(context, config, records)));
  const clients = await visitors(
    context,
    gates.map(({ url }) => url),
    500,
  );
  const answers = await Promise.all(clients.map(call));
  assert.equal(paid.calls, 100);
  assert.equal(answers.filter(({ status }) => status === 200).length, 100);
  for (const answer of answers.filter(({ status }) => status !== 200)) assertRefused(answer);

  await Promise.all(gates.map(kill));
  const again = await startProcess(context, config, records);
  assertRefused(await call(await visitor(context, again.url)));
  assert.equal(paid.calls, 100);
});

test('P2.1 gates that are killed under load open nothing: what was in flight stays spent', async (context) => {
  const paid = await startPaid(context);
  const records = postgres.database();
  const config = configFor(paid, { amount: '1 USD/day', ...OPEN });
  const gates = await Promise.all([1, 2, 3, 4].map(() => startProcess(context, config, records)));
  const urls = gates.map(({ url }) => url);
  const killed: Promise<void>[] = [];
  paid.onCall = async () => {
    // In the middle of the rush: with calls at the backend, in the ledger, and on their way to it.
    const victim = paid.calls === 15 ? gates[0] : paid.calls === 40 ? gates[1] : undefined;
    if (victim !== undefined) killed.push(kill(victim));
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const rush = await visitors(context, urls, 120);
  const answers = await Promise.all(rush.map(call));
  await Promise.all(killed);
  assert.equal(killed.length, 2);
  assert.ok(
    answers.some(({ failed }) => failed !== ''),
    'calls were under way where a gate was killed',
  );
  // The killed ones come back, and everybody tries again with new sessions.
  const restarted = await Promise.all([1, 2].map(() => startProcess(context, config, records)));
  const second = await visitors(context, [...urls.slice(2), ...restarted.map(({ url }) => url)], 120);
  const later = await Promise.all(second.map(call));
  assert.ok(later.some(({ status }) => status === 429));
  assert.ok(paid.calls <= 100, `${paid.calls} calls`);
  // Thirty of the first rush were on their way at each of the two: so many a kill may cost, and no more.
  assert.ok(paid.calls >= 100 - 2 * 30, `${paid.calls} calls: a kill costs what was in flight, not the budget`);
});

test('P2.2 rotating sessions and forged forwarding headers raise nobody’s share, on whichever gate', async (context) => {
  const paid = await startPaid(context);
  const records = postgres.database();
  const config = configFor(paid, { amount: '1 USD/day', keep: 0 });
  const gates = await Promise.all([1, 2].map(() => startProcess(context, config, records)));
  const urls = gates.map(({ url }) => url);
  const spoofs = ['203.0.113.7', '203.0.113.8, 203.0.113.9', '::ffff:203.0.113.10', '2001:db8::1'];
  const clients = await visitors(context, urls, 60);
  await Promise.all(
    clients.map((client, at) => {
      const signed = client.sign(CHAT);
      const forged = ['X-Forwarded-For', spoofs[at % spoofs.length] ?? '', 'Forwarded', `for=${spoofs[at % 4] ?? ''}`];
      return client.sender.send({ ...signed, fields: [...signed.fields, ...forged] });
    }),
  );
  assert.equal(paid.calls, 10, 'a tenth of the whole');
});
