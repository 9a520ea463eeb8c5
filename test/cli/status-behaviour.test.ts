import assert from 'node:assert/strict';
import { test } from 'node:test';
import { behaviourNotes } from '../../src/cli/check-behaviour.ts';
import { formatBehaviour } from '../../src/cli/status-behaviour.ts';
import type { BehaviourFigures } from '../../src/guard/behaviour.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import { joinBehaviour } from '../../src/gateway/fleet/merge.ts';

const plain = (text: string): string => text;
const PAINT = { strong: plain, faint: plain, good: plain, bad: plain, careful: plain };

const FIGURES: BehaviourFigures = {
  learned: 2000,
  needed: 2000,
  crowded: 3,
  watched: 40,
  judged: 900,
  acted: { note: 9, limit: 1, challenge: 0, login: 0, refuse: 0 },
  wave: false,
};

test('nothing is learned: nothing is said', () => {
  assert.equal(formatBehaviour(null, PAINT), '');
});

test('still learning: how far it has come, and that nothing is done', () => {
  const text = formatBehaviour({ ...FIGURES, learned: 312 }, PAINT);
  assert.match(text, /still learning, 312 of 2,000 sessions: nothing is done yet/);
  assert.doesNotMatch(text, /noted|judged|waiting/);
  const office = formatBehaviour({ ...FIGURES, learned: 40, crowded: 500 }, PAINT);
  assert.match(office, /waiting +500 sessions of networks that have taught their share; see behaviour\.perPrefix/);
});

test('learned: what was done, and nothing that was not', () => {
  const text = formatBehaviour(FIGURES, PAINT);
  assert.match(text, /judged +900 sessions since the start\n +noted +9 sessions\n +limited +1 session\n/);
  assert.doesNotMatch(text, /refused|wave/);
  assert.match(formatBehaviour({ ...FIGURES, wave: true }, PAINT), /many sessions look unusual at once/);
});

test('several workers: the one that is behind says how far they are, the rest is added up', () => {
  const other = { ...FIGURES, learned: 1500, watched: 2, wave: true };
  assert.deepEqual(joinBehaviour([FIGURES, other]), {
    ...FIGURES,
    learned: 1500,
    crowded: 6,
    watched: 42,
    judged: 1800,
    acted: { note: 18, limit: 2, challenge: 0, login: 0, refuse: 0 },
    wave: true,
  });
  assert.equal(joinBehaviour([null, null]), null);
});

test('check says what is done, when, and where it is kept', () => {
  const behaviour = { note: '1 in 100', limit: '1 in 1000', throttle: '30/minute' };
  assert.deepEqual(behaviourNotes(compilePolicy({ behaviour })), [
    'behaviour: of sessions that look unusual one in 100 is noted, one in 1,000 is held to 30/minute, once 2,000 sessions were seen, 40 of one network at most; learned anew after a restart',
  ]);
  const [kept = ''] = behaviourNotes(compilePolicy({ behaviour: { refuse: '1 in 500', model: 'm.json' }, workers: 2 }));
  assert.match(kept, /one in 500 is refused for a minute.*kept in m\.json; each worker learns for itself$/);
  assert.deepEqual(behaviourNotes(compilePolicy({})), []);
});
