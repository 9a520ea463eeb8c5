import assert from 'node:assert/strict';
import { afterEach, describe, mock, test } from 'node:test';
import { compileUse } from '../../../src/guard/config-use.ts';
import { noClaims } from '../../../src/guard/context.ts';
import { compileOrder } from '../../../src/guard/order.ts';
import { compileServed, compileSources } from '../../../src/guard/served.ts';
import type { Claims, State } from '../../../src/guard/state.ts';
import { newUseResult } from '../../../src/guard/use.ts';
import { ELAPSED, JOURNAL_LENGTH, LATEST, LOCK, layoutOf, RISK } from '../../../src/stores/shared/layout.ts';
import {
  createSharedMemory,
  openSharedState,
  releaseWorker,
  type SharedMemory,
} from '../../../src/stores/shared/index.ts';
import { Words } from '../../../src/stores/shared/words.ts';
import { type Entered, enter, entryClaim, only, START, use, visit } from '../../contract/state/support.ts';
import { audit } from './audit.ts';

afterEach(() => mock.restoreAll());

const WORKER = 3;

/** Small enough to be copied at every write. */
const small = (): SharedMemory =>
  createSharedMemory({
    entries: 24,
    sessions: 8,
    entriesPerSession: 4,
    revocations: 4,
    grants: 4,
    keys: 4,
    keyNonces: 6,
    keyNoncesOfAll: 8,
    remade: 4,
    accounts: 2,
    buckets: 256,
    open: 256,
    doings: 256,
    ids: 256,
  });

function copyOf({ buffer, bounds }: SharedMemory): SharedMemory {
  const copy = new SharedArrayBuffer(buffer.byteLength);
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return { buffer: copy, bounds };
}

interface Death {
  /** As the memory was when the thread died. */
  readonly memory: SharedMemory;
  /** As it was when all was whole last. */
  readonly whole: SharedMemory;
}

/** Every moment at which the thread could die while it does this. */
async function deathsIn(memory: SharedMemory, act: () => unknown): Promise<readonly Death[]> {
  let whole = copyOf(memory);
  const deaths: Death[] = [];
  const { set, risk, checkpoint } = Words.prototype;
  const die = (): void => {
    deaths.push({ memory: copyOf(memory), whole });
  };
  mock.method(Words.prototype, 'set', function (this: Words, at: number, value: number) {
    const before = this.get(at);
    set.call(this, at, value);
    if (before !== value) die();
  });
  mock.method(Words.prototype, 'risk', function (this: Words, at: number) {
    risk.call(this, at);
    die();
  });
  mock.method(Words.prototype, 'checkpoint', function (this: Words) {
    die();
    checkpoint.call(this);
    whole = copyOf(memory);
    die();
  });
  await act();
  mock.restoreAll();
  return deaths;
}

/** What the tables hold, once the main thread has seen the death. */
async function leftOf(memory: SharedMemory): Promise<Uint32Array> {
  const copy = copyOf(memory);
  await releaseWorker(copy, WORKER);
  audit(copy);
  const words = new Uint32Array(copy.buffer).slice();
  const { journal, journalWords } = layoutOf(copy.bounds);
  words.fill(0, journal, journal + journalWords);
  for (const at of [LOCK, JOURNAL_LENGTH, RISK, LATEST, LATEST + 1, ELAPSED, ELAPSED + 1]) words[at] = 0;
  return words;
}

/** Each death leaves what was whole; a window at work is lost. */
async function expectWhole(deaths: readonly Death[]): Promise<void> {
  assert.ok(deaths.length > 2, 'it was at work');
  for (const { memory, whole } of deaths) {
    const risked = new Uint32Array(memory.buffer)[RISK] ?? 0;
    const [left, expected] = [await leftOf(memory), await leftOf(whole)];
    if (risked !== 0) {
      const { windows } = layoutOf(memory.bounds);
      assert.ok(risked > windows);
      left.fill(0, risked, risked + 38);
      expected.fill(0, risked, risked + 38);
    }
    assert.ok(Buffer.compare(Buffer.from(left.buffer), Buffer.from(expected.buffer)) === 0);
  }
}

interface Scene {
  readonly memory: SharedMemory;
  readonly state: State;
  readonly page: Entered;
}

async function scene(): Promise<Scene> {
  const memory = small();
  const state = openSharedState(memory, { worker: WORKER, monotonic: null });
  const page = await enter(state);
  return { memory, state, page };
}

const match = 'POST /pay';
const useRules = compileUse(
  {},
  { match, limit: ['60/minute', '600/hour'], concurrent: { session: 4, route: 5 } },
  'proof',
);
const orders = compileOrder({ match, atMost: 50 });
const route = { match: 'GET /posts/:id', served: { from: 'GET /posts', at: '$[*].id' } };
const [servedRule] = compileServed(route);
const [source] = compileSources({ routes: [route] }, 'GET /posts');
assert.ok(servedRule && source);
const given = (state: State, page: Entered, ids: string[]) =>
  state.serve({ session: page.session, account: '', source: source.number, ids });

const full = (page: Entered, nonce: number): Claims => ({
  ...use(page, nonce),
  ...only(visit(page.session)),
  use: useRules,
  orders,
  served: [{ rule: servedRule, id: '7', otherwise: 3 }],
  key: 'partner',
  keyNonce: `nonce ${nonce}`,
  keyNonceLife: 60_000,
  quotaCount: 9,
  quotaPer: 86_400_000,
  used: newUseResult(),
});

describe('a thread that dies at any write leaves what was whole before', () => {
  const acts: readonly { readonly what: string; run(scene: Scene): Promise<() => unknown> }[] = [
    {
      what: 'a signed call',
      run:
        async ({ state, page }) =>
        () =>
          state.commit(use(page, 1)),
    },
    {
      what: 'a signed call that leaves a gap',
      run: async ({ state, page }) => {
        assert.equal(await state.commit(use(page, 1)), '');
        return () => state.commit(use(page, 700));
      },
    },
    {
      what: 'a call under every rule there is',
      run:
        async ({ state, page }) =>
        async () =>
          assert.equal(await state.commit(full(page, 1)), ''),
    },
    {
      what: 'the end of a call',
      run: async ({ state, page }) => {
        const claims = full(page, 1);
        assert.equal(await state.commit(claims), '');
        const { hold } = claims.used;
        assert.ok(hold);
        return async () => {
          await state.settle(hold, false);
          await state.release(hold);
        };
      },
    },
    {
      what: 'an entry that needs the place of others',
      run: async ({ state, page }) => {
        for (let n = 0; n < 30; n += 1) await enter(state, { prefix: `192.0.2.${n % 5}`, now: START + n * 1000 });
        const { session } = page;
        return async () => {
          for (let n = 0; n < 5; n += 1) await enter(state, { now: START + 60_000 + n });
          await state.enter(entryClaim({ session, now: START + 61_000 }));
        };
      },
    },
    {
      what: 'a login, which hands on what was done',
      run: async ({ state, page: { session, ...page } }) => {
        await given(state, { ...page, session }, ['1', '2', '3']);
        assert.equal(await state.commit(full({ ...page, session }, 1)), '');
        return () => state.enter(entryClaim({ replaces: { session, until: START + 1e9, reason: 'login' } }));
      },
    },
    {
      what: 'ids given, and given up with their session',
      run:
        async ({ state, page }) =>
        async () => {
          await given(state, page, ['1', '2', '3', '2']);
          await state.revoke(page.session, START + 1e9, 'ended');
          await given(state, await enter(state), ['4']);
        },
    },
    {
      what: 'more ends of sessions than are remembered',
      run:
        async ({ state }) =>
        async () => {
          for (let n = 0; n < 6; n += 1) await state.revoke((await enter(state)).session, START + 1e9, 'ended');
        },
    },
    {
      what: 'steps of more partners than are remembered',
      run:
        async ({ state }) =>
        async () => {
          for (const account of ['a', 'b', 'c']) await state.done({ now: START, session: null, account, step: 1 });
        },
    },
    {
      what: 'a redirect, and the call that follows it',
      run: async ({ state, page }) => {
        assert.equal(await state.commit(use(page, 1)), '');
        const to = { redirectTarget: 'GET /b', signature: 'c2ln' };
        return async () => {
          await state.grantRedirect({
            ticketId: page.ticketId,
            windowPlace: page.place,
            nonce: 1,
            until: START + 9000,
            ...to,
          });
          const claims = { ...use(page, 1), redirectTarget: 'GET /b', redirectSignature: 'c2ln' };
          assert.equal(await state.commit(claims), '');
        };
      },
    },
    {
      what: 'nonces whose time is over',
      run:
        async ({ state }) =>
        async () => {
          for (let n = 0; n < 12; n += 1) {
            const now = START + n * 30_000;
            await state.commit({ ...noClaims(now), key: `key ${n % 2}`, keyNonce: `${n}`, keyNonceLife: 60_000 });
          }
        },
    },
  ];
  for (const { what, run } of acts) {
    test(`R48 ${what}`, async () => {
      const set = await scene();
      const act = await run(set);
      await expectWhole(await deathsIn(set.memory, act));
      audit(set.memory);
    });
  }
});

describe('a window at whose work a thread died', () => {
  test('R48 admits nothing any more, neither what it had seen nor what is new; a reload helps', async () => {
    const { memory, state, page } = await scene();
    assert.equal(await state.commit(use(page, 1)), '');
    const deaths = await deathsIn(memory, () => state.commit(use(page, 900)));
    const atWork = deaths.find((death) => new Uint32Array(death.memory.buffer)[RISK] !== 0);
    assert.ok(atWork);
    const left = atWork.memory;
    await releaseWorker(left, WORKER);
    const after = openSharedState(left, { worker: WORKER, monotonic: null });
    for (const nonce of [1, 2, 900, 901]) assert.equal(await after.commit(use(page, nonce)), 'stale');
    const again = await enter(after, { session: page.session });
    assert.equal(await after.commit(use(again, 1)), '');
    assert.equal(await after.commit(use(again, 1)), 'replayed');
  });
});

describe('what a thread had open', () => {
  test('R67 is open no more once it has died, and what others have open is', async () => {
    const memory = small();
    const [dead, other] = [
      openSharedState(memory, { worker: WORKER, monotonic: null }),
      openSharedState(memory, { worker: 1, monotonic: null }),
    ];
    const rules = compileUse({}, { match: 'GET /stream', concurrent: { route: 2 } }, 'proof');
    const call = (): Claims => ({ ...noClaims(START), use: rules, used: newUseResult() });
    assert.deepEqual(
      [await dead.commit(call()), await other.commit(call()), await other.commit(call())],
      ['', '', 'limit'],
    );
    await releaseWorker(memory, WORKER);
    assert.deepEqual([await other.commit(call()), await other.commit(call())], ['', 'limit']);
    audit(memory);
  });

  test('its number is free when the main thread has seen its end, and not before', async () => {
    const memory = small();
    openSharedState(memory, { worker: WORKER, monotonic: null });
    assert.throws(() => openSharedState(memory, { worker: WORKER, monotonic: null }), /worker 3 is open already/);
    await releaseWorker(memory, WORKER);
    await openSharedState(memory, { worker: WORKER, monotonic: null }).close();
    openSharedState(memory, { worker: WORKER, monotonic: null });
    for (const worker of [-1, 256, 1.5, Number.NaN])
      assert.throws(() => openSharedState(memory, { worker, monotonic: null }), {
        name: 'RangeError',
        message: /0 to 255/,
      });
  });
});
