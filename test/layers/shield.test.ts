import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createShield } from '../../src/layers/shield.ts';
import { carrierOf } from '../../src/guard/carrier.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import { newContext } from '../../src/guard/context.ts';
import { refusal } from '../../src/guard/decision.ts';
import { type Sketch, viewOf } from '../support/view.ts';

const SIGNATURE = refusal('signature', 'a signature');
const policy = compilePolicy({ mode: 'enforce' });
const route = policy.match('GET', '/api/posts', '/api/posts');

function shieldOf(known: readonly string[]) {
  const clock = { now: 0 };
  const shield = createShield({ isKnown: (text) => known.includes(text) }, () => clock.now);
  const check = shield.forRoute(route, policy);
  const contextOf = (prefix: string) => {
    const request = viewOf();
    const context = newContext(policy, route, carrierOf(request), request, 0);
    context.prefix = prefix;
    return { request, context };
  };
  return {
    clock,
    fail(prefix: string, times: number) {
      for (let i = 0; i < times; i++) {
        const { request, context } = contextOf(prefix);
        shield.observe?.(request, context, SIGNATURE);
      }
    },
    /** '' for pass, else the seconds to wait. */
    ask(
      prefix: string,
      ticket: string,
      sketch: Sketch = {
        headers: { 'signature-input': `sallyport=("@method");created=1;nonce="1";keyid="${ticket}";tag="sallyport-1"` },
      },
    ): '' | number {
      const { context } = contextOf(prefix);
      const request = viewOf(sketch);
      const verdict = check?.(request, context);
      assert.ok(verdict !== undefined && !(verdict instanceof Promise));
      return verdict.kind === 'pass' ? '' : context.retryAfter;
    },
  };
}

test('a flood of forged tickets makes unknown tickets of its network wait, at most 20 s', () => {
  const shield = shieldOf([]);
  shield.fail('192.0.2.1', 100_000);
  const wait = shield.ask('192.0.2.1', 'forged');
  assert.ok(wait !== '' && wait >= 1 && wait <= 20, String(wait));
});

test('a neighbour whose ticket was opened here before goes on through the flood', () => {
  const shield = shieldOf(['mine']);
  shield.fail('192.0.2.1', 100_000);
  assert.equal(shield.ask('192.0.2.1', 'mine'), '');
});

test('a flood in URLs and subprotocols waits like one in fields, and who is known goes on', () => {
  const shield = shieldOf(['e30.mine.1']);
  shield.fail('192.0.2.1', 100_000);
  for (const [ticket, waits] of [
    ['e30.forged.1', true],
    ['e30.mine.1', false],
  ] as const) {
    const proof = `sallyport-1-url.1750000000.7.${'A'.repeat(43)}.${ticket}`;
    const asked = [
      shield.ask('192.0.2.1', '', { target: `/api/posts?a=1&sallyport-proof=${proof}` }),
      shield.ask('192.0.2.1', '', { headers: { 'sec-websocket-protocol': `chat, ${proof.replace('-url', '')}` } }),
    ];
    for (const wait of asked) assert.equal(wait !== '', waits, `${ticket}: ${wait}`);
  }
});

test('other networks notice nothing', () => {
  const shield = shieldOf([]);
  shield.fail('192.0.2.1', 100_000);
  assert.equal(shield.ask('192.0.2.2', 'new'), '');
});

test('whoever waits as told passes when the flood is over', () => {
  const shield = shieldOf([]);
  shield.fail('192.0.2.1', 100_000);
  shield.clock.now += 60_000;
  assert.equal(shield.ask('192.0.2.1', 'new'), '');
});

test('two hundred people whose tickets a restart made stale are not taken for a flood', () => {
  const shield = shieldOf([]);
  shield.fail('192.0.2.1', 2 * 200);
  assert.equal(shield.ask('192.0.2.1', 'new'), '');
});

test('the table of networks is bounded: when it is full it starts anew', () => {
  const shield = shieldOf([]);
  shield.fail('192.0.2.1', 1000);
  assert.notEqual(shield.ask('192.0.2.1', 'new'), '');
  for (let i = 0; i < 65_536; i++) shield.fail(`2001:db8:${i.toString(16)}::/56`, 1);
  assert.equal(shield.ask('192.0.2.1', 'new'), '');
});
