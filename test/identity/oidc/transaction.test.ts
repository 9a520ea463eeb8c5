import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createRandom } from '../../../src/doors/random.ts';
import { createKeyRing } from '../../../src/doors/seal.ts';
import {
  createTransactions,
  type NewTransaction,
  shortHash,
  TRANSACTION_COOKIE,
  type Transactions,
} from '../../../src/identity/oidc/transaction.ts';
import { createHandClock } from '../../doors/support.ts';

const CONTENT: NewTransaction = {
  returnTo: '/posts',
  origin: 'http://localhost:4000',
  issuer: shortHash('https://login.example'),
  session: shortHash('session'),
  acr: [],
  maxAge: -1,
};

suite('transactions', () => {
  const clock = createHandClock();
  const ring = createKeyRing({ secret: Buffer.alloc(32, 5), clock });
  const make = (provider: string): Transactions =>
    createTransactions({ provider, ring, clock, random: createRandom() });
  const transactions = make('one');

  /** A browser's Cookie field after these answers. */
  function jarOf(lines: readonly string[], before: readonly string[] = []): string[] {
    const jar = new Map(before.map((pair) => [pair.slice(0, pair.indexOf('=')), pair]));
    for (const line of lines) {
      const pair = line.split(';')[0] ?? '';
      const name = pair.slice(0, pair.indexOf('='));
      if (line.includes('Max-Age=0;')) jar.delete(name);
      else jar.set(name, pair);
    }
    return [...jar.values()];
  }

  test('R52 each attempt has a cookie, a state, a nonce and a verifier of its own', () => {
    const made = [1, 2].map(() => transactions.begin('', CONTENT));
    const [a = assert.fail(), b = assert.fail()] = made;
    for (const field of ['state', 'nonce', 'verifier'] as const) {
      assert.match(a.transaction[field], /^[\w-]{43}$/);
      assert.notEqual(a.transaction[field], b.transaction[field]);
    }
    const [line = ''] = a.cookies;
    assert.ok(line.startsWith(`${TRANSACTION_COOKIE}${a.transaction.state.slice(0, 9)}=`));
    for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax']) assert.ok(line.includes(attribute));
    assert.ok(!line.includes(a.transaction.verifier), 'sealed');
  });

  test('R52 an attempt is found by its state, in the browser that has it, by its provider', () => {
    const { transaction, cookies } = transactions.begin('', CONTENT);
    const field = jarOf(cookies).join('; ');
    assert.deepEqual(transactions.find(field, transaction.state), transaction);
    const sameStart = `${transaction.state.slice(0, 9)}${'A'.repeat(34)}`;
    for (const state of [sameStart, '', transaction.state.slice(0, 42), `${transaction.state}A`]) {
      assert.equal(transactions.find(field, state), null, state);
    }
    assert.equal(transactions.find('', transaction.state), null);
    assert.equal(make('two').find(field, transaction.state), null, 'of another provider');
    assert.equal(transactions.find(`${field}; ${field}`, transaction.state), null, 'twice');
  });

  test('R20 what was sealed for something else, or altered, is no attempt', () => {
    const { transaction, cookies } = transactions.begin('', CONTENT);
    const [pair = ''] = jarOf(cookies);
    const name = pair.slice(0, pair.indexOf('='));
    const json = Buffer.from(JSON.stringify(transaction));
    const others = [
      ring.seal('session', json),
      ring.seal('login', json),
      `${pair.slice(name.length + 1, -3)}AAA`,
      'x',
      '',
    ];
    for (const value of others) assert.equal(transactions.find(`${name}=${value}`, transaction.state), null);
    const shapes = [
      '{}',
      'null',
      '[]',
      JSON.stringify({ ...transaction, acr: 7 }),
      JSON.stringify({ ...transaction, created: null }),
    ];
    for (const shape of shapes) {
      const value = ring.seal('transaction', Buffer.from(shape));
      assert.equal(transactions.find(`${name}=${value}`, transaction.state), null, shape);
    }
  });

  test('R52 an attempt is used once, and lives ten minutes', () => {
    const { transaction } = transactions.begin('', CONTENT);
    clock.advance(600);
    assert.ok(transactions.isLive(transaction));
    assert.ok(transactions.use(transaction));
    assert.ok(!transactions.use(transaction));
    assert.ok(!transactions.isLive(transaction));
    const late = transactions.begin('', CONTENT).transaction;
    clock.advance(601);
    assert.ok(!transactions.isLive(late));
  });

  test('a browser keeps eight attempts; the oldest goes first, and what is not ours as well', () => {
    let jar = [`${TRANSACTION_COOKIE}AAAAAAAAA=forged`, 'theme=dark'];
    const states: string[] = [];
    for (let attempt = 0; attempt < 12; attempt++) {
      clock.advance(1);
      const { transaction, cookies } = transactions.begin(jar.join('; '), CONTENT);
      states.push(transaction.state);
      jar = jarOf(cookies, jar);
    }
    assert.ok(jar.includes('theme=dark'));
    assert.ok(!jar.some((pair) => pair.endsWith('=forged')));
    const left = states.filter((state) => transactions.find(jar.join('; '), state) !== null);
    assert.deepEqual(left, states.slice(-8));
  });

  test('R14 the largest cookie fits, and all of them leave room in a request’s head', () => {
    const largest: NewTransaction = {
      ...CONTENT,
      returnTo: `/${'a'.repeat(1023)}`,
      origin: `https://${'a'.repeat(253)}:65535`,
      acr: ['b'.repeat(255)],
      maxAge: 999_999_999,
    };
    let jar: string[] = [];
    for (let attempt = 0; attempt < 10; attempt++) {
      clock.advance(1);
      const { transaction, cookies } = transactions.begin(jar.join('; '), largest);
      for (const line of cookies) assert.ok((line.split(';')[0] ?? '').length <= 4096);
      jar = jarOf(cookies, jar);
      assert.notEqual(transactions.find(jar.join('; '), transaction.state), null, 'the newest always stays');
    }
    assert.ok(jar.join('; ').length <= 6400, String(jar.join('; ').length));
  });
});
