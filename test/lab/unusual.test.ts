import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureUnusual } from '../../src/lab/rules/unusual.ts';

test('what refusing unusual use is worth: who goes on gets little, with other rules and alone; who loads the page anew gets more', async () => {
  const { calls, programs, why } = await measureUnusual({}, 40);
  assert.deepEqual([calls, why], [40, '']);
  assert.deepEqual(
    programs.map(({ name }) => name),
    ['one visit', 'new visits'],
  );
  const [one, anew] = programs.map(({ passed }) => passed);
  assert.ok(one !== undefined && anew !== undefined);
  assert.deepEqual([one.none, anew.none], [1, 1]);
  assert.ok(one.strict < one.off / 2, JSON.stringify(one));
  // By its sixteenth call nobody has looked at it twice.
  assert.ok(one.alone > 0.1 && one.alone < 0.6, JSON.stringify(one));
  assert.ok(anew.alone > one.alone && anew.alone < 1, JSON.stringify(programs));
});
