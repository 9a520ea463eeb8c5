import assert from 'node:assert/strict';
import type { RouteConfig } from '../../../src/guard/config.ts';
import { compileOrder, compileStep, type OrderRule } from '../../../src/guard/order.ts';
import type { Claims, SessionRef, State } from '../../../src/guard/state.ts';
import { newUseResult } from '../../../src/guard/use.ts';
import { enter, noClaims, type Row, START, visit } from './support.ts';

let rules = 0;

/** Two steps and a route that comes after them, of names that no other row has. */
function ordered(order: Partial<RouteConfig>) {
  rules += 1;
  const [cart, address, pay] = [`POST /${rules}/cart`, `POST /${rules}/address`, `POST /${rules}/pay`];
  const route: RouteConfig = { match: pay, after: [cart, address], ...order };
  const stepOf = (match: string): number =>
    compileStep({ routes: [{ ...route, after: [cart, address] }] }, match)?.number ?? -1;
  return { rule: compileOrder(route), cart: stepOf(cart), address: stepOf(address), names: { cart, address } };
}

const under = (session: SessionRef, orders: readonly OrderRule[], now = START): Claims => ({
  ...visit(session, now),
  orders,
  used: newUseResult(),
});

const doing =
  (state: State, session: SessionRef) =>
  async (step: number, now = START) =>
    state.done({ now, session, account: '', step });

export const orders: readonly Row[] = [
  {
    name: 'R65 a call whose steps have not all been done is refused, naming the one that is missing',
    why: 'pay after cart and address, in whatever order these came',
    run: async (create) => {
      const state = await create();
      const { session } = await enter(state);
      const { rule, cart, address, names } = ordered({});
      const done = doing(state, session);
      const first = under(session, rule);
      assert.equal(await state.commit(first), 'order');
      assert.equal(first.used.missing, names.cart);
      await done(address);
      assert.equal(await state.commit(under(session, rule)), 'order');
      await done(cart);
      assert.equal(await state.commit(under(session, rule)), '');
      assert.equal(await state.commit(under(session, rule)), '', 'as often as it likes, where nothing says how often');
    },
  },
  {
    name: 'R65 another session’s steps are its own',
    why: 'a farm of sessions does not share a cart',
    run: async (create) => {
      const state = await create();
      const [one, two] = [(await enter(state)).session, (await enter(state)).session];
      const { rule, cart, address } = ordered({});
      await doing(state, one)(cart);
      await doing(state, one)(address);
      assert.equal(await state.commit(under(one, rule)), '');
      assert.equal(await state.commit(under(two, rule)), 'order');
      const partner: Claims = { ...noClaims(), account: 'partner', orders: rule, used: newUseResult() };
      assert.equal(await state.commit(partner), 'order');
      for (const step of [cart, address]) await state.done({ now: START, session: null, account: 'partner', step });
      assert.equal(await state.commit({ ...partner, used: newUseResult() }), '');
      const nobody: Claims = { ...noClaims(), orders: rule, used: newUseResult() };
      assert.equal(await state.commit(nobody), 'order');
    },
  },
  {
    name: 'R66 too fast for a person is refused with the wait, and too late sends back to the step',
    why: 'notBefore and within',
    run: async (create) => {
      const state = await create();
      const { session } = await enter(state);
      const { rule, cart, address, names } = ordered({ notBefore: 3, within: 60 });
      const done = doing(state, session);
      await done(cart);
      await done(address, START + 10_000);
      const early = under(session, rule, START + 11_000);
      assert.equal(await state.commit(early), 'order');
      assert.deepEqual([early.used.retryAfter, early.used.missing], [2, '']);
      assert.equal(await state.commit(under(session, rule, START + 13_000)), '');
      const late = under(session, rule, START + 61_000);
      assert.equal(await state.commit(late), 'order');
      assert.equal(late.used.missing, names.cart);
      await done(cart, START + 62_000);
      assert.equal(await state.commit(under(session, rule, START + 65_000)), '');
    },
  },
  {
    name: 'R65 once means once for each time that its steps are done, parallel tries included',
    why: 'one payment for each cart',
    run: async (create) => {
      const state = await create();
      const { session } = await enter(state);
      const { rule, cart, address, names } = ordered({ once: true });
      const done = doing(state, session);
      await done(cart);
      await done(address);
      const tries = [1, 2, 3].map(() => under(session, rule));
      const codes = await Promise.all(tries.map((claims) => state.commit(claims)));
      assert.deepEqual(codes.toSorted(), ['', 'order', 'order']);
      const again = under(session, rule);
      await state.commit(again);
      assert.equal(again.used.missing, names.cart, 'a new cart allows a new payment');
      await done(cart, START + 1);
      assert.equal(await state.commit(under(session, rule, START + 1)), '');
    },
  },
  {
    name: 'R65 a call that failed may be made again, one that succeeded may not',
    why: 'the backend’s 500 costs nobody their payment; what a settled hold says later changes nothing',
    run: async (create) => {
      const state = await create();
      const { session } = await enter(state);
      const { rule } = ordered({ after: [], atMost: 2 });
      const make = async () => {
        const claims = under(session, rule);
        return { code: await state.commit(claims), hold: claims.used.hold };
      };
      const failed = await make();
      assert.ok(failed.hold);
      await state.settle(failed.hold, false);
      await state.release(failed.hold);
      const [first, second] = [await make(), await make()];
      assert.deepEqual([first.code, second.code, (await make()).code], ['', '', 'order']);
      assert.ok(first.hold && second.hold);
      await state.settle(first.hold, true);
      await state.settle(first.hold, false);
      await state.release(first.hold);
      assert.equal((await make()).code, 'order', 'the first word counts');
      await state.release(second.hold);
      assert.equal((await make()).code, 'order', 'broken off before any answer, it may have been done');
      await state.settle(second.hold, false);
      assert.equal((await make()).code, '', 'the answer that came late says that it was not');
    },
  },
  {
    name: 'R65 what somebody did before logging in is done, and limits begin no new day',
    why: 'a login gives the browser a new session, and the cart is still full',
    run: async (create) => {
      const state = await create();
      const { session } = await enter(state);
      const { rule, cart, address } = ordered({ once: true });
      const done = doing(state, session);
      await done(cart);
      await done(address);
      assert.equal(await state.commit(under(session, rule)), '');
      const next = await enter(state, { replaces: { session, until: START + 1e9, reason: 'login' } });
      const made = under(next.session, rule);
      assert.equal(await state.commit(made), 'order', 'it has been made already');
      await doing(state, next.session)(cart, START + 1);
      assert.equal(await state.commit(under(next.session, rule, START + 1)), '', 'the address is still known');
      assert.equal((await enter(state)).session.idLow === next.session.idLow, false);
      const stranger = await enter(state);
      assert.equal(await state.commit(under(stranger.session, rule, START + 1)), 'order');
    },
  },
];
