import assert from 'node:assert/strict';
import { compileUse, type ConcurrentConfig, type LimitConfig } from '../../../src/guard/config-use.ts';
import type { Claims, State } from '../../../src/guard/state.ts';
import { newUseResult, type UseRules } from '../../../src/guard/use.ts';
import { type Entered, enter, entryClaim, MINUTE, noClaims, only, type Row, START, use, visit } from './support.ts';

let rules = 0;

/** Rules of a name that no other row has: stores count by it. */
const ruled = (limit: LimitConfig[], concurrent: ConcurrentConfig = {}): UseRules => {
  rules += 1;
  return compileUse({}, { match: `GET /rule-${rules}`, limit, concurrent }, 'proof');
};

const under = (claims: Claims, rule: UseRules, more: Partial<Claims> = {}): Claims => ({
  ...claims,
  use: rule,
  used: newUseResult(),
  ...more,
});

async function admitted(state: State, make: (index: number) => Claims, tries: number): Promise<number> {
  let count = 0;
  for (let index = 0; index < tries; index++) if ((await state.commit(make(index))) === '') count += 1;
  return count;
}

const calls = (page: Entered, rule: UseRules, now = START) => {
  let counter = 0;
  return (): Claims => {
    counter += 1;
    return under({ ...use(page, counter + now - START, now), ...only(visit(page.session)) }, rule);
  };
};

export const uses: readonly Row[] = [
  {
    name: 'R35 a call that was sent before is told as that, also where a rule of use would refuse it',
    why: 'what a rule refuses may be held against whoever signed it; a captured call may not',
    run: async (create) => {
      const state = await create();
      const page = await enter(state);
      const rule = ruled([{ rate: '60/minute', burst: 1 }]);
      const call = calls(page, rule);
      const captured = call();
      assert.equal(await state.commit({ ...captured, used: newUseResult() }), '');
      assert.equal(await state.commit({ ...captured, used: newUseResult() }), 'replayed');
      const refused = call();
      assert.equal(await state.commit(refused), 'limit');
      assert.equal(await state.commit({ ...refused, used: newUseResult() }), 'limit', 'it was not used up');
    },
  },
  {
    name: 'R67 a session makes as many calls at once as its burst, then as many as the rate allows',
    why: 'the generic cell rate algorithm, one number a bucket',
    run: async (create) => {
      const state = await create();
      const page = await enter(state);
      const rule = ruled([{ rate: '60/minute', burst: 5 }]);
      assert.equal(await admitted(state, calls(page, rule), 20), 5);
      assert.equal(await admitted(state, calls(page, rule, START + 3000), 20), 3);
      assert.equal(await admitted(state, calls(page, rule, START + MINUTE), 20), 5, 'no more than the burst is saved');
    },
  },
  {
    name: 'R67 of several limits at once all have to have room, and the one without is named with its wait',
    why: 'twenty a minute, and a thousand a day',
    run: async (create) => {
      const state = await create();
      const page = await enter(state);
      const rule = ruled([{ rate: '20/minute' }, { rate: '24/day', burst: 3 }]);
      const call = calls(page, rule);
      assert.equal(await admitted(state, call, 3), 3);
      const late = call();
      assert.equal(await state.commit(late), 'limit');
      assert.match(late.used.refusedBy?.name ?? '', /24\/day per session/);
      assert.equal(late.used.retryAfter, 3600);
    },
  },
  {
    name: 'R67 what is refused takes nothing of any bucket',
    why: 'all claims of a request are applied, or none',
    run: async (create) => {
      const state = await create();
      const page = await enter(state);
      const rule = ruled([{ rate: '60/hour', burst: 3 }]);
      const call = calls(page, rule);
      const first = call();
      assert.equal(await state.commit(first), '');
      assert.equal(await state.commit({ ...first, used: newUseResult() }), 'replayed');
      assert.equal(await admitted(state, call, 5), 2, 'the replay cost the session nothing');
      const tight = ruled([{ rate: '1/hour' }, { rate: '60/hour', burst: 3 }]);
      const next = calls(await enter(state), tight);
      assert.equal(await admitted(state, next, 5), 1);
    },
  },
  {
    name: 'R67 sessions, people, partners and networks each pay for themselves',
    why: 'a neighbour, a second session and a second tab are told apart',
    run: async (create) => {
      const state = await create();
      const [one, two] = [await enter(state), await enter(state)];
      const bySession = ruled([{ rate: '1/hour' }]);
      assert.equal(await admitted(state, calls(one, bySession), 3), 1);
      assert.equal(await admitted(state, calls(two, bySession), 3), 1);
      for (const [per, field] of [
        ['subject', 'subject'],
        ['key', 'account'],
        ['prefix', 'prefix'],
      ] as const) {
        const rule = ruled([{ rate: '2/hour', per }]);
        const by = (payer: string) => () => under(noClaims(), rule, { [field]: payer });
        assert.equal(await admitted(state, by('one'), 4), 2, per);
        assert.equal(await admitted(state, by('two'), 4), 2, per);
        assert.equal(await admitted(state, by(''), 4), 4, `${per}: nobody is counted where nobody is known`);
      }
      const all = ruled([{ rate: '3/hour', per: 'route' }]);
      assert.equal(await admitted(state, (index) => under(noClaims(), all, { subject: `${index}` }), 5), 3);
    },
  },
  {
    name: 'R67 a call that comes a little early is held back where the rule says so, one that comes much too early is refused',
    why: 'throttling in place of refusal',
    run: async (create) => {
      const state = await create();
      const page = await enter(state);
      const rule = ruled([{ rate: '60/minute', burst: 1, wait: 2 }]);
      const call = calls(page, rule);
      const delays: number[] = [];
      for (;;) {
        const claims = call();
        if ((await state.commit(claims)) !== '') {
          assert.equal(claims.used.retryAfter, 1);
          break;
        }
        delays.push(Math.round(claims.used.delay));
      }
      assert.deepEqual(delays, [0, 1000, 2000]);
    },
  },
  {
    name: 'R67 the limit with the fewest requests left is told, and how long it takes to fill',
    why: 'the RateLimit field',
    run: async (create) => {
      const state = await create();
      const page = await enter(state);
      const rule = ruled([{ rate: '600/minute' }, { rate: '60/minute', burst: 10, per: 'route' }]);
      const claims = calls(page, rule)();
      assert.equal(await state.commit(claims), '');
      assert.deepEqual([claims.used.tightest?.scope, claims.used.left, claims.used.fullIn], ['route', 9, 1]);
    },
  },
  {
    name: 'R67 sessions beyond what a network may open have together what those have that it may, until there is room for them',
    why: 'who waits gets in; a farm of such sessions is worth no more, and a school that arrives at once is no farm',
    run: async (create) => {
      const state = await create();
      const here = { prefix: '198.51.100.7', mintsPerMinute: 2 };
      const own = await enter(state, here);
      await enter(state, here);
      const refused = await state.enter(entryClaim(here));
      assert.ok(!refused.ok && refused.waits === true);
      const crowd: Entered[] = [];
      for (let i = 0; i < 4; i++) crowd.push(await enter(state, { ...here, crowd: true }));
      const elsewhere: Entered[] = [];
      for (let i = 0; i < 2; i++)
        elsewhere.push(await enter(state, { prefix: '198.51.100.8', mintsPerMinute: 0, crowd: true }));
      const used = async (pages: readonly Entered[], rule: UseRules, now = START) => {
        const all: number[] = [];
        for (const page of pages) all.push(await admitted(state, calls(page, rule, now), 9));
        return all;
      };
      const open = ruled([], { session: 3 });
      assert.deepEqual(await used(crowd, open), [3, 3, 0, 0], 'each for itself, and all as two');
      assert.deepEqual(await used([own], open), [3], 'who came in time has all of a session’s');
      assert.deepEqual(await used(elsewhere, open), [3, 0], 'each network has a crowd of its own, worth one at least');
      const limit = ruled([{ rate: '60/hour', burst: 4 }]);
      assert.deepEqual(await used(crowd, limit, START + 100), [4, 4, 0, 0]);
      const [, , third, fourth] = crowd;
      assert.ok(third && fourth);
      const replaces = { session: fourth.session, until: START + 1e9, reason: 'login' } as const;
      const loggedIn = await enter(state, { ...here, replaces });
      assert.deepEqual(await used([loggedIn], limit, START + 200), [0], 'a login leads out of no crowd');
      const later = await enter(state, { ...here, now: START + MINUTE, session: third.session });
      assert.deepEqual(await used([later], limit, START + MINUTE), [4], 'a session like others now');
    },
  },
  {
    name: 'R67 a network has one crowd, however much of their page loads its sessions show',
    why: 'a page without a stamp has a quarter of the allowance; its crowd would come on top of the other one',
    run: async (create) => {
      const state = await create();
      const here = { prefix: '198.51.100.7', mintsPerMinute: 4, crowdWorth: 4 };
      for (let i = 0; i < 4; i++) await enter(state, here);
      const [one, other] = [await enter(state, { ...here, crowd: true }), await enter(state, { ...here, crowd: true })];
      const unstamped: Entered[] = [];
      for (let i = 0; i < 3; i++)
        unstamped.push(await enter(state, { ...here, mintsPerMinute: 1, crowdWorth: 4, crowd: true }));
      const limit = ruled([{ rate: '60/hour', burst: 4 }]);
      const open = ruled([], { session: 2 });
      const used: number[][] = [];
      for (const page of [one, ...unstamped, other])
        used.push([
          await admitted(state, calls(page, limit), 9),
          await admitted(state, calls(page, open, START + 100), 9),
        ]);
      assert.deepEqual(used, [
        [4, 2],
        [4, 2],
        [4, 2],
        [4, 2],
        [0, 0],
      ]);
    },
  },
  {
    name: 'R67 a call that may not wait is refused in place of being held back',
    why: 'waiting costs memory: so many do at a time',
    run: async (create) => {
      const state = await create();
      const rule = ruled([{ rate: '60/minute', burst: 1, wait: 2 }]);
      const call = calls(await enter(state), rule);
      assert.equal(await admitted(state, () => ({ ...call(), mayWait: false }), 3), 1);
      assert.equal(await admitted(state, call, 3), 2);
    },
  },
  {
    name: 'R67 a burst that a new policy raises is owed for as long as it takes to pay',
    why: 'the same limit with a larger burst counts on in the same bucket',
    run: async (create) => {
      const state = await create();
      rules += 1;
      const match = `GET /raised-${rules}`;
      const of = (burst: number) => compileUse({}, { match, limit: { rate: '60/minute', burst } }, 'proof');
      const page = await enter(state);
      assert.equal(await admitted(state, calls(page, of(1)), 3), 1);
      const later = calls(page, of(600), START + 10_000);
      assert.equal(await admitted(state, later, 700), 600);
      for (const seconds of [3, 6]) {
        const now = START + 10_000 + seconds * 1000;
        assert.equal(await admitted(state, calls(page, of(600), now), 10), 3, `after ${seconds} s`);
      }
    },
  },
  {
    name: 'R67 so many requests may be open at a time, and one that has ended makes room, once',
    why: 'streams and slow readers hold what they have',
    run: async (create) => {
      const state = await create();
      const [one, two] = [await enter(state), await enter(state)];
      const rule = ruled([], { session: 2, route: 3 });
      const [first, second] = [calls(one, rule), calls(two, rule)];
      const held: Claims[] = [first(), first()];
      for (const claims of held) assert.equal(await state.commit(claims), '');
      const third = first();
      assert.equal(await state.commit(third), 'limit');
      assert.match(third.used.refusedBy?.name ?? '', /concurrent per session/);
      assert.equal(third.used.hold, null);
      assert.equal(await admitted(state, second, 3), 1, 'the route is full');
      const hold = held[0]?.used.hold;
      assert.ok(hold);
      await state.release(hold);
      await state.release(hold);
      assert.equal(await admitted(state, first, 3), 1, 'closing twice counts once');
    },
  },
  {
    name: 'R67 a clock set back neither opens a limit nor keeps it closed',
    why: 'limits run on time that never goes back',
    run: async (create) => {
      const state = await create();
      const page = await enter(state);
      const rule = ruled([{ rate: '60/minute', burst: 2 }]);
      let counter = 0;
      const at = (now: number) => (): Claims => {
        counter += 1;
        return under({ ...use(page, counter, now), ...only(visit(page.session)) }, rule);
      };
      assert.equal(await admitted(state, at(START), 4), 2);
      assert.equal(await admitted(state, at(START - 60 * MINUTE), 4), 0, 'set back by an hour');
      assert.equal(await admitted(state, at(START - 60 * MINUTE + 1000), 4), 1, 'and goes on from there');
    },
  },
];
