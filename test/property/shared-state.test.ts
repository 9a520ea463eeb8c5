import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileUse } from '../../src/guard/config-use.ts';
import { compileOrder, compileStep } from '../../src/guard/order.ts';
import { compileServed, compileSources } from '../../src/guard/served.ts';
import type { Claims, EntryClaim, EntryGrant, State } from '../../src/guard/state.ts';
import { newUseResult } from '../../src/guard/use.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';
import { createSharedMemory, openSharedState } from '../../src/stores/shared/index.ts';
import { entryClaim, MINUTE, noClaims, START } from '../contract/state/support.ts';
import { audit } from '../stores/shared/audit.ts';

/** Nonces live for longer than any run: how much longer than asked each store remembers them is its own affair. */
const KEY_LIFE = 1e9;
const pay = { match: 'POST /pay', after: ['POST /cart'], atMost: 2, within: 3600 };
const post = { match: 'GET /posts/:id', served: { from: 'GET /posts', at: '$[*].id', linked: 2 } };
const use = compileUse(
  {},
  { match: 'POST /pay', limit: ['4/minute', '30/hour'], concurrent: { session: 2, route: 3 } },
  'proof',
);
const orders = compileOrder(pay);
const step = compileStep({ routes: [pay] }, 'POST /cart')?.number ?? -1;
const [served] = compileServed(post);
const [source] = compileSources({ routes: [post] }, 'GET /posts');
assert.ok(served && source);

/** A window and its session, as a page knows them. */
type Page = Partial<Claims>;

/** Two stores that are told the same, and have to answer the same. */
class Twins {
  readonly memory = createSharedMemory({ ...SMALL, ...ROOM });
  readonly states: readonly State[] = [
    createMemoryState({ ...SMALL, monotonic: null }),
    openSharedState(this.memory, { worker: 0, monotonic: null }),
  ];
  readonly pages: Page[] = [];
  readonly held: (readonly Claims[])[] = [];
  now = START;

  async both<Answer>(ask: (state: State, index: number) => Answer | Promise<Answer>): Promise<Answer> {
    const answers = await Promise.all(this.states.map(ask));
    assert.deepEqual(answers[1], answers[0]);
    return answers[0] as Answer;
  }

  page(at: number): Page | undefined {
    return this.pages[at % Math.max(1, this.pages.length)];
  }
}

const SMALL = {
  sessions: 6,
  entries: 10,
  entriesPerSession: 3,
  sessionIdle: 2 * 60 * MINUTE,
  revocations: 3,
  remade: 3,
};

/** Enough never to be full, and little enough to be looked through. */
const ROOM = { grants: 4, keys: 8, keyNoncesOfAll: 256, accounts: 8, buckets: 512, open: 256, doings: 256, ids: 256 };

interface Action {
  run(twins: Twins): Promise<void>;
  toString(): string;
}

const action = (name: string, run: (twins: Twins) => Promise<void>): Action => ({ run, toString: () => name });
const index = fc.nat(30);
const bool = fc.boolean();

const actions = fc.oneof(
  fc
    .tuple(fc.nat(3), bool)
    .map(([from, crowd]) => action(`come from ${from}`, (twins) => come(twins, { prefix: `192.0.2.${from}`, crowd }))),
  index.map((at) => action(`come back to ${at}`, (twins) => come(twins, { session: sessionOf(twins.page(at)) }))),
  fc.tuple(index, bool).map(([at, login]) => action(`replace ${at}`, (twins) => replace(twins, at, login))),
  fc
    .tuple(index, fc.integer({ min: 1, max: 2000 }), fc.nat(4), bool)
    .map(([at, nonce, id, keyed]) =>
      action(`${at} calls with ${nonce}`, (twins) => call(twins, { at, nonce, id, keyed })),
    ),
  fc
    .tuple(index, bool, bool)
    .map(([at, ok, ends]) => action(`call ${at} ends`, (twins) => end(twins, { at, ok, ends }))),
  index.map((at) => action(`step by ${at}`, (twins) => done(twins, at))),
  fc.tuple(index, fc.nat(4)).map(([at, id]) => action(`${id} given to ${at}`, (twins) => give(twins, at, `${id}`))),
  index.map((at) => action(`end of ${at}`, (twins) => revoke(twins, at))),
  fc.integer({ min: -90_000, max: 900_000 }).map((by) =>
    action(`${by} ms`, async (twins) => {
      twins.now += by;
    }),
  ),
);

const sessionOf = (page: Page | undefined) =>
  page === undefined
    ? null
    : { place: page.sessionPlace ?? 0, idHigh: page.sessionIdHigh ?? 0, idLow: page.sessionIdLow ?? 0 };

async function come(twins: Twins, changes: Partial<EntryClaim>): Promise<void> {
  const limits = { mintsPerMinute: 4, mintsPerMinuteTotal: 9, entriesPerMinute: 20 };
  const claim = entryClaim({ now: twins.now, windowLife: 20 * MINUTE, ...limits, ...changes });
  const grant = await twins.both<EntryGrant>((state) => state.enter(claim));
  if (!grant.ok) return;
  const { windowIdHigh, windowIdLow } = claim;
  const { place: sessionPlace, idHigh: sessionIdHigh, idLow: sessionIdLow } = grant.session;
  const { windowPlace } = grant;
  twins.pages.push({ windowPlace, windowIdHigh, windowIdLow, sessionPlace, sessionIdHigh, sessionIdLow });
}

async function replace(twins: Twins, at: number, login: boolean): Promise<void> {
  const session = sessionOf(twins.page(at));
  const until = twins.now + 60 * MINUTE;
  if (session === null) return;
  // What the session has open ends with it. Until then its successor has it open in one of the two stores.
  for (const [at, held] of twins.held.entries())
    if (held[0]?.sessionIdLow === session.idLow) await end(twins, { at, ok: true, ends: true });
  await come(twins, { replaces: { session, until, reason: login ? 'login' : 'ended' } });
}

async function call(twins: Twins, { at, nonce, id, keyed }: { at: number; nonce: number; id: number; keyed: boolean }) {
  const claimsOf = (): Claims => ({
    ...noClaims(twins.now),
    ...twins.page(at),
    nonce,
    use,
    orders: id === 1 ? orders : [],
    served: id === 2 ? [{ rule: served as never, id: `${nonce % 5}`, otherwise: 2 }] : [],
    ...(keyed
      ? { key: `key ${at % 3}`, keyNonce: `${nonce % 20}`, keyNonceLife: KEY_LIFE, quotaCount: 9, quotaPer: 3_600_000 }
      : {}),
    used: newUseResult(),
  });
  const asked = twins.states.map(claimsOf);
  const code = await twins.both((state, index) => state.commit(asked[index] as Claims));
  const [one, two] = asked.map(({ used: { hold, tightest, refusedBy, ...more } }) => ({
    ...more,
    held: hold !== null,
    tightest: tightest?.name,
    refusedBy: refusedBy?.name,
  }));
  assert.deepEqual(two, one);
  if (code === '') twins.held.push(asked);
}

async function end(twins: Twins, { at, ok, ends }: { at: number; ok: boolean; ends: boolean }): Promise<void> {
  const held = twins.held[at % Math.max(1, twins.held.length)];
  await twins.both(async (state, index) => {
    const hold = held?.[index]?.used.hold;
    if (!hold) return;
    await state.settle(hold, ok);
    if (ends) await state.release(hold);
  });
}

async function done(twins: Twins, at: number): Promise<void> {
  const session = at % 4 === 0 ? null : sessionOf(twins.page(at));
  await twins.both((state) => state.done({ now: twins.now, session, account: `account ${at % 3}`, step }));
}

async function give(twins: Twins, at: number, id: string): Promise<void> {
  const session = sessionOf(twins.page(at));
  if (session === null) return;
  await twins.both((state) => state.serve({ session, account: '', source: source?.number ?? -1, ids: [id, `${id}0`] }));
}

async function revoke(twins: Twins, at: number): Promise<void> {
  const session = sessionOf(twins.page(at));
  if (session === null) return;
  await twins.both((state) => state.revoke(session, twins.now + 60 * MINUTE, 'ended'));
  await twins.both((state) => state.endedBy(session, twins.now));
}

test('R42 R65 R67 shared memory answers whatever memory answers, and hangs together', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(actions, { maxLength: 120, size: 'max' }), async (steps) => {
      const twins = new Twins();
      for (const one of steps) await one.run(twins);
      await twins.both(async (state) => {
        const { entries, sessions, capacity } = await state.usage();
        return { entries, sessions, capacity };
      });
      audit(twins.memory);
    }),
    { numRuns: 150 },
  );
});
