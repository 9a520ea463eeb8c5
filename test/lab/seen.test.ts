import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureSeen } from '../../src/lab/seen.ts';

test('sealed calls keep endpoints out of the network tab, and from nobody who runs code, reads the scripts or blocks the door', async () => {
  const { calls, ways } = await measureSeen();
  const found = ways.map(({ name, open, sealed }) => [name, [open.calls, open.paths], [sealed.calls, sealed.paths]]);
  const paths = 4;
  assert.equal(calls, 6);
  assert.deepEqual(found, [
    ['reads the network tab', [calls, paths], [0, 0]],
    ['searches the app’s own scripts', [0, paths], [0, paths]],
    ['wraps fetch in the console', [calls, paths], [calls, paths]],
    ['blocks the second door, and reads the network tab', [calls, paths], [calls, paths]],
  ]);
  for (const { open, sealed, steps } of ways) assert.ok(open.seconds > 0 && sealed.seconds > 0 && steps.length > 1);
});
