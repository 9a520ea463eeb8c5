import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCreationFaults } from '../../src/gateway/creation-faults.ts';

const fault = (id: string) => ({ act: 'record', route: 'POST /api/posts', id, error: new Error('locked') }) as const;

test('records that fail for many objects are told of once, and then how many there were', async () => {
  const lines: string[] = [];
  const counted = Promise.withResolvers<void>();
  const tell = createCreationFaults(
    {
      warn(message, details) {
        lines.push(`${message} ${JSON.stringify(details)}`);
        if (lines.length === 2) counted.resolve();
      },
    },
    1,
  );
  // Their window ends with the turn of the loop at the earliest.
  for (const id of ['a', 'b', 'c']) tell(fault(id));
  assert.deepEqual(lines, [
    'creator: whose an object is could not be recorded; it belongs to nobody {"route":"POST /api/posts","id":"a","error":"locked"}',
  ]);
  const alive = setTimeout(() => {}, 10_000);
  await counted.promise;
  clearTimeout(alive);
  assert.match(lines[1] ?? '', /^creator: 2 more could not be recorded or forgotten/);
});
