import assert from 'node:assert/strict';
import { compileServed, compileSources, MOST_SERVED, type ServedRule } from '../../../src/guard/served.ts';
import type { Claims, SessionRef, State } from '../../../src/guard/state.ts';
import { newUseResult } from '../../../src/guard/use.ts';
import { enter, MINUTE, noClaims, type Row, START, visit } from './support.ts';

let rules = 0;

/** A route that asks for given ids, and the source that gives them, of names that no other row has. */
function givenBy(): { readonly rule: ServedRule; readonly source: number } {
  rules += 1;
  const from = `GET /${rules}/posts`;
  const route = { match: `GET /${rules}/posts/:id`, served: { from, at: '$[*].id' } };
  const [rule] = compileServed(route);
  const [source] = compileSources({ routes: [route] }, from);
  assert.ok(rule !== undefined && source !== undefined);
  return { rule, source: source.number };
}

const asking = (
  session: SessionRef,
  rule: ServedRule,
  id: string,
  more: { now?: number; otherwise?: number } = {},
): Claims => ({
  ...visit(session, more.now ?? START),
  served: [{ rule, id, otherwise: more.otherwise ?? 0 }],
  used: newUseResult(),
});

const giving = (state: State, session: SessionRef, source: number) => (ids: readonly string[]) =>
  state.serve({ session, account: '', source, ids });

export const served: readonly Row[] = [
  {
    name: 'R65 only ids that this session was given can be used, and another session’s are its own',
    why: 'who counts ids up reaches nothing that was not shown',
    run: async (create) => {
      const state = await create();
      const [one, two] = [(await enter(state)).session, (await enter(state)).session];
      const { rule, source } = givenBy();
      assert.equal(await state.commit(asking(one, rule, '7')), 'not-served');
      await giving(state, one, source)(['7', 'x y', '']);
      assert.equal(await state.commit(asking(one, rule, '7')), '');
      assert.equal(await state.commit(asking(one, rule, 'x y')), '');
      assert.equal(await state.commit(asking(one, rule, '8')), 'not-served');
      assert.equal(await state.commit(asking(two, rule, '7')), 'not-served');
      assert.equal(await state.commit(asking(one, givenBy().rule, '7')), 'not-served', 'another source');
      const nobody = { ...noClaims(), served: [{ rule, id: '7', otherwise: 3 }], used: newUseResult() };
      assert.equal(await state.commit(nobody), 'not-served');
    },
  },
  {
    name: 'R65 the latest 4,096 ids are remembered, the oldest forgotten first, and asking the list again helps',
    why: 'bounded memory, and a refusal that a page can mend',
    run: async (create) => {
      const state = await create();
      const { session } = await enter(state);
      const { rule, source } = givenBy();
      const give = giving(state, session, source);
      const all = Array.from({ length: MOST_SERVED + 1 }, (_, index) => `id-${index}`);
      await give(all.slice(0, MOST_SERVED));
      await give(['id-0']);
      await give(all.slice(MOST_SERVED));
      assert.equal(await state.commit(asking(session, rule, 'id-0')), '', 'given again, it is the latest');
      assert.equal(await state.commit(asking(session, rule, 'id-1')), 'not-served');
      assert.equal(await state.commit(asking(session, rule, 'id-2')), '');
      await give(['id-1']);
      assert.equal(await state.commit(asking(session, rule, 'id-1')), '');
    },
  },
  {
    name: 'R65 an id of the page’s own address is taken, so many a minute, and stays given',
    why: 'deep links and bookmarks work; who makes addresses up is slowed down',
    run: async (create) => {
      const state = await create();
      const { session } = await enter(state);
      const { rule } = givenBy();
      const link = (id: string, now = START) => state.commit(asking(session, rule, id, { otherwise: 3, now }));
      assert.deepEqual(
        [await link('a'), await link('b'), await link('c'), await link('d')],
        ['', '', '', 'not-served'],
      );
      assert.equal(await state.commit(asking(session, rule, 'a')), '', 'from then on it was given');
      assert.equal(await link('a'), '', 'and costs nothing more');
      assert.equal(await link('d', START + MINUTE / 3), '');
      const { rule: other } = givenBy();
      assert.equal(await state.commit(asking(session, other, 'a')), 'not-served');
    },
  },
  {
    name: 'R65 who logs in keeps what the page has been given',
    why: 'the list is still on the screen',
    run: async (create) => {
      const state = await create();
      const { session } = await enter(state);
      const { rule, source } = givenBy();
      await giving(state, session, source)(['7']);
      const next = await enter(state, { replaces: { session, until: START + 1e9, reason: 'login' } });
      assert.equal(await state.commit(asking(next.session, rule, '7')), '');
    },
  },
];
