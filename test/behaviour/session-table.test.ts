import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { D, SESSION_BYTES, SessionTable, U } from '../../src/behaviour/session-table.ts';
import type { SessionId } from '../../src/guard/behaviour.ts';

// Few ids, so that they meet; some share a half.
const ids = fc
  .integer({ min: 0, max: 40 })
  .map(
    (number): SessionId => ({ sessionIdHigh: (number % 3) * 0x7fffffff, sessionIdLow: (number * 0x9e3779b1) >>> 0 }),
  );
const nameOf = ({ sessionIdHigh, sessionIdLow }: SessionId): string => `${sessionIdHigh} ${sessionIdLow}`;

test('the table is a map that forgets whoever was idle for longest, whatever is asked of it', () => {
  const steps = fc.array(fc.record({ id: ids, what: fc.constantFrom('add', 'touch', 'remove', 'clear') }), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const table = new SessionTable(16);
      // The oldest stands first, and each value is what was written last.
      const model = new Map<string, number>();
      for (const [step, { id, what }] of all.entries()) {
        const slot = table.find(id);
        assert.equal(slot >= 0, model.has(nameOf(id)));
        if (slot < 0) {
          if (what !== 'add') continue;
          if (table.isFull) {
            const [oldest = ''] = model.keys();
            model.delete(oldest);
            table.remove(table.oldest);
          }
          const made = table.add(id);
          assert.equal(table.words[table.u(made, U.calls)], 0, 'a new record has nothing of who was there before');
          table.words[table.u(made, U.calls)] = step;
          model.set(nameOf(id), step);
        } else if (what === 'remove') {
          table.remove(slot);
          model.delete(nameOf(id));
        } else if (what === 'clear') {
          table.clear(slot);
          model.set(nameOf(id), 0);
        } else {
          table.touch(slot);
          const value = model.get(nameOf(id)) ?? -1;
          model.delete(nameOf(id));
          model.set(nameOf(id), value);
        }
        assert.equal(table.size, model.size);
      }
      for (const value of [...model.values()]) {
        assert.equal(table.words[table.u(table.oldest, U.calls)], value, 'in the order in which they were idle');
        table.remove(table.oldest);
      }
      assert.equal(table.oldest, -1);
    }),
  );
});

test('a session has no more than 512 bytes, and its fields do not overlap', () => {
  assert.ok(SESSION_BYTES <= 512, `${SESSION_BYTES}`);
  const table = new SessionTable(2);
  const [one, other] = [
    table.add({ sessionIdHigh: 1, sessionIdLow: 1 }),
    table.add({ sessionIdHigh: 2, sessionIdLow: 2 }),
  ];
  for (const field of Object.values(U).slice(5)) table.words[table.u(one, field)] = 1000 + field;
  for (const field of Object.values(D)) table.doubles[table.d(one, field)] = 0.5 + field;
  assert.deepEqual(
    Object.values(U)
      .slice(5)
      .map((field) => table.words[table.u(one, field)]),
    Object.values(U)
      .slice(5)
      .map((field) => 1000 + field),
  );
  assert.equal(table.words[table.u(other, U.calls)], 0);
  assert.equal(table.doubles[table.d(other, D.first)], 0);
});
