import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import {
  assertRefused,
  CHAT,
  call,
  configFor,
  kill,
  OPEN,
  startPaid,
  startProcess,
  visitor,
  visitors,
} from './paid.ts';

/** Budgets at gates as people run them: several processes on one PostgreSQL, some of which are killed. */

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

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
