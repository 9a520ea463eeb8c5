import assert from 'node:assert/strict';
import { keepsTheBook } from '../change-book.ts';
import type { Row } from './support.ts';

export const signals: readonly Row[] = [
  {
    name: 'the latest text of a name is kept, and an older one never comes back in its place',
    why: 'a switch must not be undone by repeating an earlier one',
    async run({ records: { signals: all } }) {
      assert.equal(await all.latest('switch'), null);
      assert.equal(await all.publish('switch', { counter: 1, text: 'enforce' }), true);
      assert.equal(await all.publish('switch', { counter: 2, text: 'report' }), true);
      assert.equal(await all.publish('switch', { counter: 2, text: 'enforce' }), false);
      assert.equal(await all.publish('switch', { counter: 1, text: 'enforce' }), false);
      assert.deepEqual(await all.latest('switch'), { counter: 2, text: 'report' });
      assert.equal(await all.latest('another'), null);
    },
  },
  {
    name: 'of many at once with the same counter one is kept',
    why: 'two gates that are switched at the same moment agree on one of both',
    async run({ records: { signals: all } }) {
      const kept = await Promise.all(
        ['a', 'b', 'c', 'd'].map(async (text) => ({ text, kept: await all.publish('one', { counter: 7, text }) })),
      );
      const winners = kept.filter((each) => each.kept);
      assert.equal(winners.length, 1);
      assert.deepEqual(await all.latest('one'), { counter: 7, text: winners[0]?.text });
    },
  },
  {
    name: 'P3.4 what was in force is there after a restart, however many gates write it down at once',
    why: 'a change is taken back to what held before it, and a whole cluster starts at the same moment',
    run: ({ records }) => keepsTheBook(records.signals),
  },
  {
    name: 'whoever listens hears of a text that another process keeps',
    why: 'a kill switch reaches every gate',
    shared: true,
    async run({ records, again }) {
      const other = await again();
      const heard = new Promise<void>((resolve) => {
        const stop = other.signals.subscribe(() => {
          stop();
          resolve();
        });
      });
      await records.signals.publish('switch', { counter: 1, text: 'report' });
      await heard;
      assert.deepEqual(await other.signals.latest('switch'), { counter: 1, text: 'report' });
    },
  },
];
