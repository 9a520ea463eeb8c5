import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { Records } from '../../../src/guard/records.ts';
import { event, MINUTE, type Row, START } from './support.ts';

async function written(records: Records, count: number): Promise<void> {
  for (let number = 1; number <= count; number++) await records.audit.append(event({ details: { number } }));
}

export const audit: readonly Row[] = [
  {
    name: 'what is appended is listed, latest first, by what is asked for',
    why: 'an audit that nobody can read is none',
    async run({ records }) {
      await records.audit.append(event());
      await records.audit.append(
        event({ time: START + 1, actor: 'ada', action: 'ban.add', target: 'b-1', outcome: 'refused' }),
      );
      await records.audit.append(event({ time: START + MINUTE, actor: 'ada', action: 'ban.lift', target: 'b-1' }));
      const actions = async (filter: object) => (await records.audit.list(filter)).map(({ action }) => action);
      assert.deepEqual(await actions({}), ['ban.lift', 'ban.add', 'mode']);
      assert.deepEqual(await actions({ limit: 1 }), ['ban.lift']);
      assert.deepEqual(await actions({ actor: 'ada', outcome: 'refused' }), ['ban.add']);
      assert.deepEqual(await actions({ target: 'b-1', since: START + 2 }), ['ban.lift']);
      assert.deepEqual(await actions({ action: 'mode', until: START }), ['mode']);
      assert.deepEqual((await records.audit.list({ action: 'mode' }))[0]?.details, { mode: 'enforce' });
    },
  },
  {
    name: 'any text comes back verifiable',
    why: 'a row whose text the database changes would look forged',
    async run({ records }) {
      const odd = 'NUL \0, half a \ud800 pair, ünïcode 🏰, "quotes" \\ and \n lines';
      await records.audit.append(
        event({ actor: odd, target: 'x'.repeat(10_000), details: { odd, more: [odd, null, 1.5] } }),
      );
      await records.audit.append(event({ details: { long: 'y'.repeat(100_000) } }));
      assert.equal((await records.audit.verify()).ok, true);
      const [, first] = await records.audit.list();
      assert.equal(first?.actor.includes('🏰'), true);
    },
  },
  {
    name: 'rows that are appended at once make one chain',
    why: 'a fork in it would look like a forgery',
    async run({ records }) {
      await Promise.all(Array.from({ length: 20 }, (_, n) => records.audit.append(event({ details: { n } }))));
      const report = await records.audit.verify();
      assert.deepEqual([report.ok, report.rows, report.heads.length], [true, 20, 1]);
      assert.deepEqual(await records.audit.head(), report.heads[0]);
    },
  },
  {
    name: 'an altered row is named',
    why: 'the log is there for the day somebody has a reason to change it',
    async run({ records }) {
      await written(records, 5);
      await sql`update sallyport_audit set actor = 'nobody' where number = 3`.execute(records.sql.db);
      const report = await records.audit.verify();
      assert.equal(report.ok, false);
      assert.deepEqual([report.bad?.number, report.bad?.fault, report.rows], [3, 'altered', 2]);
    },
  },
  {
    name: 'a removed row is named',
    why: 'what is missing is what somebody wanted gone',
    async run({ records }) {
      await written(records, 5);
      await sql`delete from sallyport_audit where number = 2`.execute(records.sql.db);
      const { ok, bad } = await records.audit.verify();
      assert.deepEqual([ok, bad?.number, bad?.fault], [false, 2, 'removed']);
    },
  },
  {
    name: 'rows cut off at the end show against a head, and only so',
    why: 'what is left is a whole chain: somebody has to remember how long it was',
    async run({ records }) {
      await written(records, 5);
      const head = (await records.audit.head())?.mac ?? '';
      assert.equal((await records.audit.verify([head])).ok, true);
      await written(records, 1);
      assert.equal((await records.audit.verify([head.toUpperCase()])).ok, true, 'it goes on after the head');
      await sql`delete from sallyport_audit where number >= 5`.execute(records.sql.db);
      assert.equal((await records.audit.verify()).ok, true);
      const report = await records.audit.verify([head]);
      assert.deepEqual([report.ok, report.missing], [false, [head]]);
    },
  },
  {
    name: 'each new head is told',
    why: 'a head is worth something where it is kept elsewhere: in the log, in the metrics',
    async run({ records }) {
      const heads: number[] = [];
      const stop = records.audit.onHead(({ number }) => heads.push(number));
      await written(records, 2);
      stop();
      await written(records, 1);
      assert.deepEqual(heads, [1, 2]);
      assert.equal((await records.audit.head())?.number, 3);
    },
  },
  {
    name: 'rows of another secret are not called good',
    why: 'nothing can be said of them, and that is what is said',
    shared: true,
    async run({ records, again }) {
      await written(records, 2);
      const other = await again({ secret: 'another secret of at least thirty-two characters' });
      await other.audit.append(event());
      const report = await other.audit.verify();
      assert.deepEqual([report.ok, report.rows, report.unverifiable, report.bad], [false, 1, 2, null]);
    },
  },
  {
    name: 'each instance has a chain of its own, and all are verified',
    why: 'machines do not wait for each other, and none can forge another’s past unseen',
    shared: true,
    async run({ records, again }) {
      const other = await again({ instance: 'second' });
      await written(records, 2);
      await written(other, 3);
      const report = await records.audit.verify();
      assert.deepEqual([report.ok, report.rows, report.heads.length], [true, 5, 2]);
      await sql`update sallyport_audit set time = 0 where number = 3`.execute(records.sql.db);
      assert.equal((await records.audit.verify()).bad?.chain, (await other.audit.head())?.chain);
    },
  },
  {
    name: 'two processes of one instance append to one chain',
    why: 'a gate that is replaced while it runs overlaps with its successor',
    shared: true,
    async run({ records, again }) {
      const other = await again();
      await Promise.all([records, other].flatMap((one) => Array.from({ length: 10 }, () => one.audit.append(event()))));
      const report = await records.audit.verify();
      assert.deepEqual([report.ok, report.rows, report.heads.length], [true, 20, 1]);
    },
  },
];
