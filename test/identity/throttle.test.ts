import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLoginThrottle, type LoginAttempt } from '../../src/identity/throttle.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

function open() {
  let now = 0;
  const throttle = createLoginThrottle({ monotonic: () => now });
  const attempt = (given: Partial<LoginAttempt> = {}): LoginAttempt => ({
    account: 'anna',
    prefix: '192.0.2.1',
    device: '',
    home: false,
    guarded: false,
    ...given,
  });
  /** Seconds to wait; 0 where it was tried, and failed. */
  const fail = (given?: Partial<LoginAttempt>): number => {
    const permission = throttle.ask(attempt(given));
    if (!permission.ok) return permission.retryAfter;
    permission.failed();
    return 0;
  };
  /** Seconds to wait; 0 where it was tried, and right. */
  const pass = (given?: Partial<LoginAttempt>): number => {
    const permission = throttle.ask(attempt(given));
    if (!permission.ok) return permission.retryAfter;
    permission.succeeded();
    return 0;
  };
  return { throttle, attempt, fail, pass, wait: (ms: number) => (now += ms) };
}

test('R67 three typing errors cost nobody a wait, known here or not', () => {
  for (const given of [{}, { device: 'd' }, { home: true }]) {
    const { fail, pass } = open();
    for (let typo = 0; typo < 3; typo++) assert.equal(fail(given), 0);
    assert.equal(pass(given), 0);
  }
});

test('R67 waits of a stranger double up to a quarter of an hour, and a success begins anew', () => {
  const { fail, pass, wait } = open();
  for (let free = 0; free < 5; free++) assert.equal(fail(), 0);
  const waits: number[] = [];
  for (let tries = 0; tries < 12; tries++) {
    const seconds = fail();
    assert.ok(seconds > 0, 'not before the wait is over');
    waits.push(seconds);
    wait(seconds * SECOND);
    assert.equal(fail(), 0, 'right after it');
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  wait(15 * MINUTE);
  assert.equal(pass(), 0);
  for (let free = 0; free < 5; free++) assert.equal(fail(), 0);
});

test('a browser or network that the account knows never waits for more than 60 s', () => {
  for (const given of [{ device: 'd' }, { home: true }]) {
    const { fail, wait } = open();
    for (let tries = 0; tries < 45; tries++) {
      const seconds = fail(given);
      assert.ok(seconds <= 60, `${seconds} s`);
      wait(seconds * SECOND);
    }
  }
});

test('an owner logs in while strangers hammer the account, from everywhere and from the same network', () => {
  const { fail, pass, wait } = open();
  for (let tries = 0; tries < 5000; tries++) {
    fail({ prefix: `198.51.100.${tries % 250}` });
    fail();
    wait(50);
  }
  assert.equal(pass({ device: 'd' }), 0, 'by a known browser, behind the attacker’s own address');
  assert.equal(pass({ home: true, prefix: '203.0.113.7' }), 0, 'from a known network');
  assert.equal(pass({ prefix: '203.0.113.8' }), 0, 'from a new browser elsewhere');
});

test('a guarded account is closed to strangers and open to its own', () => {
  const { fail, pass } = open();
  assert.ok(fail({ guarded: true }) > 0);
  assert.equal(pass({ guarded: true, device: 'd' }), 0);
  assert.equal(pass({ guarded: true, home: true }), 0);
});

test('a known browser that fails fifty times in a day is a stranger', () => {
  const { fail, wait } = open();
  for (let tries = 0; tries < 50; tries++) {
    const seconds = fail({ device: 'd' });
    wait(seconds * SECOND);
    if (seconds > 0) assert.equal(fail({ device: 'd' }), 0);
  }
  assert.ok(fail({ device: 'd', guarded: true }) > 0);
});

test('two hundred people behind one address log in in the same minute, every tenth after a typing error', () => {
  const { fail, pass, wait } = open();
  for (let person = 0; person < 200; person++) {
    const account = `person ${person}`;
    if (person % 10 === 0) assert.equal(fail({ account }), 0);
    assert.equal(pass({ account }), 0, account);
    wait(300);
  }
});

test('stuffing from one network is recognised, told once, and makes that network’s unknown browsers wait', () => {
  const { throttle, attempt, pass, wait } = open();
  const alarms = [];
  let refused = 0;
  for (let tries = 0; tries < 300; tries++) {
    const permission = throttle.ask(attempt({ account: `victim ${tries}` }));
    if (!permission.ok) refused++;
    else alarms.push(...[permission.failed()].flatMap((alarm) => alarm ?? []));
    wait(SECOND);
  }
  assert.equal(alarms.length, 1);
  assert.equal(alarms[0]?.prefix, '192.0.2.1');
  assert.ok(refused > 250, `${refused} of 300 refused`);
  assert.equal(pass({ account: 'owner', device: 'd' }), 0, 'an owner behind the same address');
  assert.equal(pass({ account: 'colleague', home: true }), 0, 'a colleague whose account knows the network');
  assert.equal(pass({ account: 'elsewhere', prefix: '203.0.113.7' }), 0);
});

test('stuffing over many networks is recognised, and strangers have less for free', () => {
  const { throttle, attempt, fail, pass, wait } = open();
  const alarms = [];
  for (let tries = 0; tries < 250; tries++) {
    const permission = throttle.ask(attempt({ account: `victim ${tries}`, prefix: `2001:db8:0:${tries}00::/56` }));
    if (permission.ok) alarms.push(...[permission.failed()].flatMap((alarm) => alarm ?? []));
    wait(SECOND);
  }
  assert.deepEqual(
    alarms.map(({ prefix }) => prefix),
    [''],
  );
  const fresh = { account: 'somebody', prefix: '203.0.113.9' };
  assert.equal(fail(fresh), 0);
  assert.equal(fail(fresh), 0);
  assert.ok(fail(fresh) > 0, 'two tries for free, no longer five');
  assert.equal(pass({ ...fresh, device: 'd' }), 0);
});

test('attempts at once count before they have failed', () => {
  const { throttle, attempt } = open();
  const asked = Array.from({ length: 100 }, () => throttle.ask(attempt()));
  assert.equal(asked.filter(({ ok }) => ok).length, 5);
});

test('what was not tried after all has not been counted', () => {
  const { throttle, attempt, fail } = open();
  for (let tries = 0; tries < 50; tries++) {
    const permission = throttle.ask(attempt());
    assert.ok(permission.ok);
    permission.undone();
  }
  for (let free = 0; free < 5; free++) assert.equal(fail(), 0);
  assert.ok(fail() > 0);
});

test('to forget an account begins anew for it, and for nobody else', () => {
  const { throttle, fail } = open();
  for (let tries = 0; tries < 6; tries++) {
    fail();
    fail({ account: 'joanna' });
  }
  throttle.forget('anna');
  assert.equal(fail(), 0);
  assert.ok(fail({ account: 'joanna' }) > 0, 'a name that ends alike is another');
});

test('tables are bounded whatever strangers send', () => {
  let now = 0;
  const throttle = createLoginThrottle({ monotonic: () => now, entries: 100 });
  for (let tries = 0; tries < 5000; tries++) {
    const permission = throttle.ask({
      account: `a${tries}`,
      prefix: `p${tries}`,
      device: `d${tries % 7}`,
      home: tries % 3 === 0,
      guarded: false,
    });
    if (permission.ok) permission.failed();
    now += 10;
  }
  assert.ok(throttle.usage.entries <= 500);
});

test('property: whatever strangers do, a known browser’s next try is never more than 60 s away', () => {
  const step = fc.record({
    account: fc.constantFrom('anna', 'bert'),
    prefix: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3'),
    home: fc.boolean(),
    passes: fc.boolean(),
    ms: fc.integer({ min: 0, max: 5000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { fail, pass, wait, throttle, attempt } = open();
      for (const { ms, passes, ...given } of steps) {
        (passes ? pass : fail)(given);
        wait(ms);
      }
      const own = throttle.ask(attempt({ device: 'd', guarded: true }));
      return own.ok;
    }),
  );
});

test('R67 who stuffs cannot hide it by logging in to an account of their own again and again', () => {
  const { fail, pass, wait } = open();
  let tried = 0;
  for (let victim = 0; victim < 200; victim++) {
    if (fail({ account: `victim ${victim}` }) === 0) tried++;
    pass({ account: 'mallory' });
    wait(100);
  }
  assert.ok(tried < 40, `${tried} of 200 accounts`);
});

test('a network of many people, half of whom mistype, is not taken for one that stuffs', () => {
  const { fail, pass, wait } = open();
  for (let person = 0; person < 200; person++) {
    if (person % 2 === 0) assert.equal(fail({ account: `person ${person}` }), 0);
    assert.equal(pass({ account: `person ${person}` }), 0);
    wait(100);
  }
});
