import assert from 'node:assert/strict';
import {
  type Entered,
  enter,
  entryClaim,
  expectCodes,
  MINUTE,
  noClaims,
  type Row,
  START,
  use,
  visit,
} from './support.ts';

export const sessions: readonly Row[] = [
  {
    name: 'no claim is no refusal',
    why: 'open routes claim nothing',
    run: async (create) => {
      const state = await create();
      assert.equal(await state.commit(noClaims()), '');
    },
  },
  {
    name: 'a session that state does not know has to enter',
    why: 'missing state is never fresh state',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      await expectCodes(state, [
        [visit(a.session), ''],
        [visit({ ...a.session, idLow: a.session.idLow ^ 1 }), 'entry-required'],
        [visit({ ...a.session, place: a.session.place + 1 }), 'entry-required'],
      ]);
    },
  },
  {
    name: 'a session whose page entered too long ago has to enter again',
    why: 'a copied cookie alone must not stay good for hours',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      await expectCodes(state, [
        [visit(a.session, START + 4 * MINUTE, 5 * MINUTE), ''],
        [visit(a.session, START + 6 * MINUTE, 5 * MINUTE), 'entry-required'],
        [visit(a.session, START + 6 * MINUTE), ''],
      ]);
      await enter(state, { session: a.session, now: START + 6 * MINUTE });
      assert.equal(await state.commit(visit(a.session, START + 7 * MINUTE, 5 * MINUTE)), '');
    },
  },
  {
    name: 'a session is known by the clients as which its pages have entered, all of them, and by no other',
    why: 'the cookie that one frontend got must not open what is another’s; two in two tabs are one visitor',
    run: async (create) => {
      const state = await create();
      const [first, second, third] = [1, 2 ** 31, 4];
      const a = await enter(state, { client: first });
      const as = (sessionClient: number) => ({ ...visit(a.session), sessionClient });
      await expectCodes(state, [
        [as(first), ''],
        [as(second), 'entry-required'],
        [as(0), ''],
      ]);
      const b = await enter(state, { client: second, session: a.session });
      await expectCodes(state, [
        [as(first), ''],
        [as(second), ''],
        [as(third), 'entry-required'],
        [use(a, 1), ''],
        [use(b, 1), ''],
      ]);
      const other = await enter(state, { client: third });
      await expectCodes(state, [[{ ...visit(other.session), sessionClient: first }, 'entry-required']]);
    },
  },
  {
    name: 'an entry with a living session stays in it',
    why: 'a reload is the same visitor',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      const grant = await state.enter(entryClaim({ session: a.session }));
      assert.ok(grant.ok);
      assert.equal(grant.fresh, false);
      assert.deepEqual({ ...grant.session }, { ...a.session });
      assert.equal((await state.usage()).sessions, 1);
    },
  },
  {
    name: 'a session that state has forgotten is made again under its own id, at no mint, and once only',
    why: 'after a restart two hundred people behind one address come back at once; a copied cookie must not fill the table',
    run: async (create) => {
      const before = await create();
      const people: Entered[] = [];
      for (let person = 0; person < 200; person += 1) people.push(await enter(before));
      const state = await create();
      for (const { session } of people.toReversed()) {
        const grant = await state.enter(entryClaim({ session, mintsPerMinute: 1 }));
        assert.ok(grant.ok);
        assert.equal(grant.fresh, false);
        assert.deepEqual([grant.session.idHigh, grant.session.idLow], [session.idHigh, session.idLow]);
      }
      for (const { session } of people) await enter(state, { session });
      assert.equal((await state.usage()).sessions, 200);
    },
  },
  {
    name: 'R18 an ended session is worthless at once: its windows, its cookie, its next entry',
    why: 'log-out means now',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      const other = await enter(state);
      assert.equal(await state.commit(use(a, 1)), '');
      await state.revoke(a.session, START + 60 * MINUTE, 'ended');
      await expectCodes(state, [
        [use(a, 2), 'stale'],
        [visit(a.session), 'entry-required'],
        [use(other, 1), ''],
        [visit(other.session), ''],
      ]);
      const grant = await state.enter(entryClaim({ session: a.session }));
      assert.ok(grant.ok);
      assert.equal(grant.fresh, true, 'the visitor gets a new session');
      assert.notDeepEqual([grant.session.idHigh, grant.session.idLow], [a.session.idHigh, a.session.idLow]);
    },
  },
  {
    name: 'R16 an entry that replaces a session ends it, is no mint, and leaves word why',
    why: 'a login must be possible behind an address whose mint is empty, and old tabs must learn what happened',
    run: async (create) => {
      const state = await create();
      const limits = { mintsPerMinute: 1, mintsPerMinuteTotal: 1000 };
      const old = await enter(state, limits);
      const until = START + 60 * MINUTE;
      const taken = await enter(state, { ...limits, replaces: { session: old.session, until, reason: 'login' } });
      await expectCodes(state, [
        [use(old, 1), 'stale'],
        [visit(old.session), 'entry-required'],
        [use(taken, 1), ''],
      ]);
      assert.equal(await state.endedBy(old.session, START), 'login');
      assert.equal(await state.endedBy(old.session, until), '', 'once its cookie has died nobody asks');
      assert.equal(await state.endedBy(taken.session, START), '');
      const resumed = await state.enter(entryClaim({ session: old.session }));
      assert.ok(resumed.ok);
      assert.equal(resumed.fresh, true, 'the old cookie resumes nothing');
    },
  },
  {
    name: 'R16 a session that another one follows for the same person ends without word of a login',
    why: 'its other tabs go on by themselves; who were told of another login would have to be asked',
    run: async (create) => {
      const state = await create();
      const limits = { mintsPerMinute: 1, mintsPerMinuteTotal: 1000 };
      const old = await enter(state, limits);
      const replaces = { session: old.session, until: START + 60 * MINUTE, reason: 'ended' } as const;
      const next = await enter(state, { ...limits, replaces });
      await expectCodes(state, [
        [use(old, 1), 'stale'],
        [visit(old.session), 'entry-required'],
        [use(next, 1), ''],
      ]);
      assert.equal(await state.endedBy(old.session, START), 'ended');
    },
  },
  {
    name: 'a session that does not live is replaced by a mint like any other',
    why: 'an old cookie must not be a way round the mint limit',
    run: async (create) => {
      const state = await create();
      const limits = { mintsPerMinute: 1, mintsPerMinuteTotal: 1000 };
      const replaces = { session: { place: 1, idHigh: 5, idLow: 6 }, until: START + MINUTE, reason: 'login' } as const;
      await enter(state, { ...limits, replaces });
      const second = await state.enter(entryClaim({ ...limits, replaces }));
      assert.equal(second.ok, false);
    },
  },
  {
    name: 'R18 an ended session that was made again elsewhere ends with it',
    why: 'an old cookie still names the place before the restart',
    run: async (create) => {
      const before = await create();
      await enter(before);
      const a = await enter(before);
      const state = await create();
      const again = await enter(state, { session: a.session });
      assert.equal(await state.commit(use(again, 1)), '');
      await state.revoke(a.session, START + 60 * MINUTE, 'ended');
      await expectCodes(state, [
        [use(again, 2), 'stale'],
        [visit(again.session), 'entry-required'],
      ]);
    },
  },
];
