import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALLS, measureCopies, WATCHED } from '../../src/lab/copies.ts';

test('a copy by hand lasts as long as its build is taken, one that runs the script for good, and decoys tell of whoever tries them', async () => {
  const { copies, decoys, readMs, makeMs } = await measureCopies({ builds: { each: 'hour', live: 2 } });
  assert.deepEqual(
    copies.map(({ admitted, admittedLater, hours }) => [admitted, admittedLater, hours]),
    [
      [0, 0, 0],
      [CALLS, 0, 1],
      [CALLS, CALLS, WATCHED],
    ],
  );
  assert.deepEqual(decoys, { noted: 1, banned: 3 });
  assert.ok(readMs > 0 && makeMs > 0);
});
