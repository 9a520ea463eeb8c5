import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSessionBook } from '../../src/doors/session-book.ts';

test('R19 a session whose login could not be taken out of the records can be ended once more', async () => {
  let isLocked = true;
  const [revoked, removed]: [number[], string[]] = [[], []];
  const book = createSessionBook({
    state: { revoke: ({ place }) => void revoked.push(place) },
    async removeLogin(hash) {
      if (isLocked) throw new Error('records are locked');
      removed.push(hash);
    },
    wall: Date.now,
    life: () => 60_000,
  });
  const id = 'AAAAAAAAAAAAAAAAAAAAAA';
  const ref = { place: 7, idHigh: 1, idLow: 2 };
  book.entered({ id, ref, created: 1, client: 'default', prefix: '192.0.2.1', userAgent: '', load: '' });
  const label = book.list()[0]?.label ?? '';
  await assert.rejects(book.revoke(label), /locked/);
  assert.deepEqual(revoked, [7], 'here it has ended all the same');
  isLocked = false;
  assert.equal((await book.revoke(label))?.label, label);
  assert.equal(removed.length, 1);
  assert.equal(await book.revoke(label), null, 'now it is gone');
});
