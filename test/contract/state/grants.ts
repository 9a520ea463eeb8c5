import assert from 'node:assert/strict';
import { type Entered, enter, expectCodes, MINUTE, type Row, START, use } from './support.ts';

export const grants: readonly Row[] = [
  {
    name: 'a redirected proof is admitted once, to the very target the upstream named',
    why: 'browsers send the old signature to the new target',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      const resent = {
        ...use(a, 5),
        redirectTarget: 'POST /b?x=1\nsha-256=:abc=:\ntext/plain\nBearer a',
        redirectSignature: 'c2ln',
      };
      assert.equal(await state.commit(use(a, 5)), '');
      assert.equal(await state.commit(resent), 'replayed', 'before there is a grant');
      await state.grantRedirect({
        ...grantOf(a, 5),
        redirectTarget: 'POST /b?x=1\nsha-256=:abc=:\ntext/plain\nBearer a',
      });
      await expectCodes(state, [
        [{ ...resent, redirectTarget: 'POST /b?x=2\nsha-256=:abc=:\ntext/plain\nBearer a' }, 'replayed'],
        [{ ...resent, redirectTarget: 'PUT /b?x=1\nsha-256=:abc=:\ntext/plain\nBearer a' }, 'replayed'],
        [{ ...resent, redirectTarget: 'POST /b?x=1\nsha-256=:abd=:\ntext/plain\nBearer a' }, 'replayed'],
        [{ ...resent, redirectTarget: 'POST /b?x=1\nsha-256=:abc=:\ntext/html\nBearer a' }, 'replayed'],
        [{ ...resent, redirectTarget: 'POST /b?x=1\nsha-256=:abc=:\ntext/plain\nBearer b' }, 'replayed'],
        [{ ...resent, redirectSignature: 'c2lo' }, 'replayed'],
        [{ ...resent, nonce: 6 }, 'replayed'],
        [{ ...resent, windowIdLow: a.idLow ^ 1 }, 'stale'],
        [resent, ''],
        [resent, 'replayed'],
        [use(a, 5), 'replayed'],
      ]);
    },
  },
  {
    name: 'a grant ends with its time and with its session',
    why: 'what is not fetched in half a minute is not a redirect any more',
    run: async (create) => {
      const state = await create();
      const [late, gone] = [await enter(state), await enter(state)];
      for (const a of [late, gone]) {
        assert.equal(await state.commit(use(a, 1)), '');
        await state.grantRedirect(grantOf(a, 1));
      }
      await state.revoke(gone.session, START + MINUTE, 'ended');
      await expectCodes(state, [
        [{ ...use(gone, 1, START + 1000), ...RESENT }, 'stale'],
        [{ ...use(late, 1, START + 31_000), ...RESENT }, 'replayed'],
      ]);
    },
  },
  {
    name: 'a grant for a counter that was never used is worth nothing',
    why: 'a redirect follows a request; the counter itself stays good for one',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      await state.grantRedirect(grantOf(a, 1));
      await expectCodes(state, [
        [{ ...use(a, 1), ...RESENT }, 'replayed'],
        [use(a, 1), ''],
      ]);
    },
  },
  {
    name: 'a chain of redirects is one grant after the other',
    why: 'an upstream may redirect what it has just redirected',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      assert.equal(await state.commit(use(a, 1)), '');
      for (let hop = 0; hop < 3; hop += 1) {
        await state.grantRedirect(grantOf(a, 1));
        await expectCodes(state, [
          [{ ...use(a, 1), ...RESENT }, ''],
          [{ ...use(a, 1), ...RESENT }, 'replayed'],
        ]);
      }
    },
  },
];

const RESENT = { redirectTarget: 'GET /b\n\n\n', redirectSignature: 'c2ln' };

const grantOf = ({ ticketId, place }: Entered, nonce: number) => ({
  ticketId,
  windowPlace: place,
  nonce,
  signature: 'c2ln',
  redirectTarget: 'GET /b\n\n\n',
  until: START + 30_000,
});
