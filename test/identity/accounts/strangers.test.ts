import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAccounts, retryAfter } from './people.ts';

test('R67 a stranger who hammers an account locks out neither its owner’s browser nor its home', async (t) => {
  const bench = await openAccounts(t, { config: { checksPerMinute: 100_000 } });
  await bench.addAccount('anna');
  const owner = bench.person({ prefix: '203.0.113.1' });
  assert.equal((await owner.logIn('anna')).status, 200);
  for (let tries = 0; tries < 150; tries++) {
    await bench.person({ prefix: `198.51.100.${tries}` }).logIn('anna', `guess number ${tries}`);
  }
  const stranger = await bench.person({ prefix: '198.51.100.200' }).logIn('anna');
  assert.equal(stranger.status, 429, 'even with the right password: strangers have used their day up');
  assert.equal((await owner.logIn('anna')).status, 200, 'the browser that logged in before');
  assert.equal((await bench.person({ prefix: '203.0.113.1' }).logIn('anna')).status, 200, 'another browser at home');
  const away = bench.person({ prefix: '192.0.2.77', cookies: new Map(owner.cookies) });
  assert.equal((await away.logIn('anna')).status, 200, 'the known browser on another network');
});

test('R67 the guard is audited once, is over after a day, and is lifted by a reset', async (t) => {
  const bench = await openAccounts(t, { config: { checksPerMinute: 100_000 } });
  const id = await bench.addAccount('anna', { email: 'anna@example.org' });
  const hammer = async (): Promise<void> => {
    for (let tries = 0; tries < 110; tries++) {
      await bench.person({ prefix: `198.51.100.${tries}` }).logIn('anna', 'a guess');
    }
  };
  await hammer();
  const rows = await bench.records.audit.list({ action: 'login.guarded' });
  assert.equal(rows.length, 1);
  assert.equal(rows[0]?.target, `accounts:${id}`);
  assert.equal(rows[0]?.actor, 'rule:strangers');
  assert.equal((await bench.person({ prefix: '203.0.113.9' }).logIn('anna')).status, 429);
  bench.pass(25 * 3600_000);
  assert.equal((await bench.person({ prefix: '203.0.113.9' }).logIn('anna')).status, 200);
  await hammer();
  await bench.person().ask('POST', '/password/reset', { name: 'anna' });
  const token = /#reset=([\w-]+)$/.exec((await bench.mail()).url)?.[1];
  const password = 'another battery staple';
  await bench.person({ prefix: '203.0.113.77' }).ask('POST', '/password/reset', { token, password });
  assert.equal((await bench.person({ prefix: '203.0.113.78' }).logIn('anna', password)).status, 200);
});

test('R67 names that nobody has are counted and closed like the others', async (t) => {
  const bench = await openAccounts(t, { config: { checksPerMinute: 100_000 } });
  await bench.addAccount('anna');
  const answers: Record<string, number[]> = { anna: [], nobody: [] };
  for (const [name, statuses] of Object.entries(answers)) {
    for (let tries = 0; tries < 120; tries++) {
      const answer = await bench.person({ prefix: `198.51.100.${tries % 40}` }).logIn(name, 'a guess');
      statuses.push(answer.status === 429 ? retryAfter(answer) : 0);
    }
  }
  assert.deepEqual(answers['nobody'], answers['anna']);
});

test('a neighbour at home has a budget there, and the owner’s browser one of its own', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna');
  const owner = bench.person();
  await owner.logIn('anna');
  for (let tries = 0; tries < 80; tries++) {
    await bench.person().logIn('anna', 'a guess');
    bench.pass(1000);
  }
  assert.equal((await owner.logIn('anna')).status, 200);
});

test('a device cookie that was altered, or is another gate’s, is a stranger’s', async (t) => {
  const [bench, elsewhere] = [await openAccounts(t), await openAccounts(t)];
  await bench.addAccount('anna');
  await elsewhere.addAccount('anna');
  const owner = bench.person();
  await owner.logIn('anna');
  const name = '__Host-sallyport-device';
  const value = owner.cookies.get(name) ?? '';
  const altered = `${value.slice(0, -2)}${value.endsWith('AA') ? 'BB' : 'AA'}`;
  for (const [bad, at] of [
    [altered, bench],
    [value, elsewhere],
    ['x', bench],
    ['A'.repeat(2000), bench],
  ] as const) {
    const thief = at.person({ prefix: '198.51.100.3', cookies: new Map([[name, bad]]) });
    for (let tries = 0; tries < 5; tries++) await thief.logIn('anna', 'a guess');
    assert.equal((await thief.logIn('anna', 'a guess')).status, 429);
    at.pass(24 * 3600_000);
  }
});

test('a browser remembers five accounts, the latest', async (t) => {
  const bench = await openAccounts(t);
  const person = bench.person();
  for (let index = 0; index < 7; index++) {
    await bench.addAccount(`user${index}`);
    await person.logIn(`user${index}`);
  }
  const cookie = person.cookies.get('__Host-sallyport-device') ?? '';
  assert.ok(cookie.length < 400, `${cookie.length} characters`);
  assert.equal((await person.logIn('user6')).status, 200);
});

test('R67 stuffing is told in the audit, once', async (t) => {
  const bench = await openAccounts(t, { config: { checksPerMinute: 100_000 } });
  for (let tries = 0; tries < 60; tries++) await bench.person().logIn(`victim${tries}`, 'leaked password');
  const rows = await bench.records.audit.list({ action: 'login.stuffing' });
  assert.equal(rows.length, 1);
  assert.equal(rows[0]?.target, 'prefix:192.0.2.1');
});

test('two hundred people behind one address log in at once', async (t) => {
  const bench = await openAccounts(t);
  const names = Array.from({ length: 200 }, (_, index) => `person${index}`);
  for (const name of names) await bench.addAccount(name);
  const answers = await Promise.all(names.map((name) => bench.person().logIn(name)));
  assert.deepEqual(
    answers.filter(({ status }) => status !== 200).map(({ status }) => status),
    [],
  );
});

test('a flood from one network is refused before anything is looked up, and a known browser behind it is not', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna');
  const owner = bench.person();
  await owner.logIn('anna');
  let looked = 0;
  const { find } = bench.source.context.directory;
  Object.assign(bench.source.context.directory, {
    find: (name: string) => {
      looked++;
      return find(name);
    },
  });
  for (let tries = 0; tries < 1000; tries++) await bench.person().logIn(`victim${tries}`, 'leaked password');
  assert.ok(looked <= 300, `${looked} looked up`);
  assert.equal((await owner.logIn('anna')).status, 200);
  assert.equal((await bench.person({ prefix: '203.0.113.4' }).logIn('anna')).status, 200);
  bench.pass(70_000);
  assert.notEqual((await bench.person().logIn('anna')).status, 429, 'the flood is over');
});

test('R67 guesses that come all at once are no more than the hundred of a day, and the owner gets in beside them', async (t) => {
  const bench = await openAccounts(t, { config: { checksPerMinute: 100_000 } });
  await bench.addAccount('anna');
  const owner = bench.person({ prefix: '203.0.113.1' });
  assert.equal((await owner.logIn('anna')).status, 200);
  const before = bench.hashes.count;
  const guesses = Array.from({ length: 400 }, (_, at) =>
    bench.person({ prefix: `198.51.${at >> 8}.${at & 255}` }).logIn('anna', `guess number ${at}`),
  );
  assert.equal((await owner.logIn('anna')).status, 200);
  await Promise.all(guesses);
  assert.equal(bench.hashes.count - before, 101, 'a hundred of strangers, and the owner’s');
});
