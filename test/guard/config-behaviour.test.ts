import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionAt, compileBehaviour, learningOf, parseOdds } from '../../src/guard/config-behaviour.ts';
import { problems } from './problems.ts';

test('how rare: one in ten to one in a million, and nothing else', () => {
  assert.deepEqual(['1 in 10', '1 in 1000', '1 in 1000000'].map(parseOdds), [10, 1000, 1_000_000]);
  for (const bad of ['1 in 9', '1 in 1000001', '2 in 10', '0.1%', '1 in 1,000', '1  in 100', 'often', ''])
    assert.equal(parseOdds(bad), 0, bad);
});

for (const [name, behaviour, rule] of [
  [
    'a threshold that is none',
    { note: 'often' },
    /behaviour\.note is "often"; write how rare a session has to look, as in "1 in 1000"/,
  ],
  ['nothing to do', {}, /behaviour is \{\}; nothing would be done; write note: "1 in 100"/],
  [
    'more for what is less rare',
    { note: '1 in 1000', refuse: '1 in 100' },
    /behaviour\.refuse is "1 in 100"; does more than note and has to be as rare at least/,
  ],
  [
    'rarer than can be told',
    { note: '1 in 100000' },
    /behaviour\.note is "1 in 100000"; nothing so rare can be told after 2000 sessions; write sessions: 10000/,
  ],
  [
    'too few sessions',
    { note: '1 in 100', sessions: 50 },
    /behaviour\.sessions is 50; write a whole number of sessions, 200 or more/,
  ],
  ['too many', { note: '1 in 100', sessions: 200_000 }, /behaviour\.sessions is 200000; write 100000 at most/],
  [
    'a network that is more than all',
    { note: '1 in 100', perPrefix: 3000 },
    /behaviour\.perPrefix is 3000; one network cannot teach more than all/,
  ],
  [
    'a throttle for nobody',
    { note: '1 in 100', throttle: '5/minute' },
    /behaviour\.throttle is "5\/minute"; this is what limit leaves/,
  ],
  [
    'a challenge that nobody describes',
    { challenge: '1 in 100' },
    /behaviour\.challenge is "1 in 100"; nobody says what is asked for; write challenge: \{\}/,
  ],
  [
    'a login that there is not',
    { login: '1 in 100' },
    /behaviour\.login is "1 in 100"; sessions have no login of the gate here/,
  ],
  ['a field that is none', { refused: '1 in 100' }, /behaviour\.refused .*did you mean refuse/],
] as const) {
  test(`bad input: ${name} is refused by name`, () => {
    assert.match(problems({ behaviour }), rule);
  });
}

test('a challenge that behaviour alone asks for is asked for by somebody', () => {
  const behaviour = { note: '1 in 100', challenge: '1 in 1000' };
  assert.equal(problems({ behaviour, challenge: {} }), '');
  assert.equal(problems({ behaviour, challenge: { remember: 600 } }), '');
  assert.match(problems({ behaviour: { note: '1 in 100' }, challenge: {} }), /nobody is asked/);
});

test('the strongest action that applies is taken', () => {
  const rule = compileBehaviour({ behaviour: { note: '1 in 100', limit: '1 in 1000', refuse: '1 in 1000' } });
  assert.ok(rule);
  assert.deepEqual(
    [99, 100, 999, 1000].map((odds) => actionAt(rule, odds)),
    [null, 'note', 'note', 'refuse'],
  );
});

test('one network teaches one in fifty, five at least, or what is written', () => {
  assert.deepEqual(learningOf({}), { sessions: 2000, perPrefix: 40 });
  assert.equal(learningOf({ sessions: 200 }).perPrefix, 5);
  assert.equal(learningOf({ perPrefix: 2000 }).perPrefix, 2000);
});
