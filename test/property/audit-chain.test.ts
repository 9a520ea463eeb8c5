import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { Records } from '../../src/guard/records.ts';
import { createRecords } from '../../src/stores/records/open.ts';

const SECRET = 'a secret of at least thirty-two characters';
const COLUMNS = ['time', 'actor', 'action', 'target', 'details', 'outcome', 'mac', 'number', 'chain'] as const;

interface Tampering {
  readonly rows: number;
  readonly column: (typeof COLUMNS)[number];
  readonly at: number;
  readonly other: number;
  readonly text: string;
}

const tampering: fc.Arbitrary<Tampering> = fc.integer({ min: 2, max: 12 }).chain((rows) =>
  fc.record({
    rows: fc.constant(rows),
    column: fc.constantFrom(...COLUMNS),
    at: fc.integer({ min: 1, max: rows }),
    other: fc.integer({ min: 1, max: rows }),
    text: fc.string({ minLength: 1, maxLength: 20 }),
  }),
);

/** Rows that tell apart, a head from before, and what somebody with the database does then. */
async function after(rows: number, tamper: (records: Records) => Promise<unknown>) {
  const records = await createRecords('memory', { secret: SECRET });
  try {
    for (let number = 1; number <= rows; number++) {
      const details = { number };
      await records.audit.append({
        time: number,
        actor: 'admin',
        action: 'mode',
        target: '',
        details,
        outcome: 'done',
      });
    }
    const head = (await records.audit.head())?.mac ?? '';
    assert.equal((await records.audit.verify([head])).ok, true);
    await tamper(records);
    return { alone: await records.audit.verify(), against: await records.audit.verify([head]) };
  } finally {
    await records.close();
  }
}

test('a row that is altered in any column shows', async () => {
  await fc.assert(
    fc.asyncProperty(tampering, async ({ rows, column, at, text }) => {
      const value =
        column === 'time' || column === 'number' ? sql`${sql.ref(column)} + 1000` : sql`${text} || ${sql.ref(column)}`;
      const { alone, against } = await after(rows, ({ sql: { db } }) =>
        sql`update sallyport_audit set ${sql.ref(column)} = ${value} where number = ${at}`.execute(db),
      );
      // The last row, moved out of its chain, is one that was cut off: without a head nobody knows of it.
      const isCut = at === rows && column === 'chain';
      if (!isCut || !alone.ok) assert.equal(alone.ok, false, JSON.stringify(alone));
      assert.equal(against.ok, false);
      if (column !== 'chain' && alone.bad !== null)
        assert.ok(alone.bad.number === at || alone.bad.number === at + 1000, JSON.stringify(alone));
    }),
    { numRuns: 60 },
  );
});

test('a row that is removed shows: at the end against a head, elsewhere at once', async () => {
  await fc.assert(
    fc.asyncProperty(tampering, async ({ rows, at }) => {
      const { alone, against } = await after(rows, ({ sql: { db } }) =>
        sql`delete from sallyport_audit where number = ${at}`.execute(db),
      );
      assert.equal(alone.ok, at === rows);
      assert.equal(against.ok, false);
      if (at < rows) assert.deepEqual([alone.bad?.number, alone.bad?.fault], [at, 'removed']);
    }),
    { numRuns: 40 },
  );
});

test('rows that are cut off show against a head, however many', async () => {
  await fc.assert(
    fc.asyncProperty(tampering, async ({ rows, at }) => {
      const { alone, against } = await after(rows, ({ sql: { db } }) =>
        sql`delete from sallyport_audit where number >= ${at}`.execute(db),
      );
      assert.equal(alone.ok, true, 'what is left is a whole chain');
      assert.deepEqual([against.ok, against.missing.length], [false, 1]);
    }),
    { numRuns: 40 },
  );
});

test('two rows that change places show, with their MACs or without', async () => {
  await fc.assert(
    fc.asyncProperty(tampering, fc.boolean(), async ({ rows, at, other }, withMacs) => {
      fc.pre(at !== other);
      const { alone } = await after(rows, async ({ sql: { db } }) => {
        const columns = ['time', 'details', ...(withMacs ? ['mac'] : [])];
        const swap = (from: number, to: number) =>
          sql`update sallyport_audit set ${sql.join(
            columns.map(
              (column) => sql`${sql.ref(column)} = (select ${sql.ref(column)} from before where number = ${from})`,
            ),
          )} where number = ${to}`.execute(db);
        await sql`create temporary table before as select * from sallyport_audit`.execute(db);
        await swap(at, other);
        await swap(other, at);
      });
      assert.deepEqual([alone.bad?.number, alone.bad?.fault], [Math.min(at, other), 'altered']);
    }),
    { numRuns: 40 },
  );
});

test('a row that is put in shows, wherever it stands', async () => {
  await fc.assert(
    fc.asyncProperty(tampering, fc.integer({ min: -3, max: 15 }), async ({ rows, at }, place) => {
      fc.pre(place < 1 || place > rows);
      const { alone } = await after(rows, ({ sql: { db } }) =>
        sql`insert into sallyport_audit select chain, ${place}, time, actor, action, target, details, outcome, mac
          from sallyport_audit where number = ${at}`.execute(db),
      );
      assert.equal(alone.ok, false);
      assert.notEqual(alone.bad, null);
    }),
    { numRuns: 40 },
  );
});
