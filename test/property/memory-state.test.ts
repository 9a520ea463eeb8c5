import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { State } from '../../src/guard/state.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';
import { type Entered, enter, START, use, visit } from '../contract/state/support.ts';

const SESSIONS = 12;
const ENTRIES = 24;
const LIFE = 20_000;
const IDLE = 60_000;

/** What an honest observer remembers: who was let in with which counter, who was ended. */
class World {
  readonly state: State = createMemoryState({
    monotonic: null,
    sessions: SESSIONS,
    entries: ENTRIES,
    entriesPerSession: 5,
    sessionIdle: IDLE,
    revocations: 4,
    remade: 4,
  });
  readonly entries: Entered[] = [];
  readonly admitted = new Set<string>();
  readonly ended = new Set<string>();
  now = START;
}

interface Action {
  readonly name: string;
  run(world: World): Promise<void>;
}

const id = ({ session }: Entered): string => `${session.idHigh}.${session.idLow}`;
const pick = (world: World, index: number): Entered | undefined =>
  world.entries[index % Math.max(1, world.entries.length)];
const prefix = fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::/56');
const index = fc.nat(200);

const actions = fc.oneof(
  { weight: 3, arbitrary: prefix.map((from) => action(`enter from ${from}`, (world) => arrive(world, from))) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(index, prefix)
      .map(([at, from]) => action(`return of ${at}`, (world) => comeBack(world, at, from))),
  },
  {
    weight: 8,
    arbitrary: fc
      .tuple(index, fc.integer({ min: 1, max: 3000 }))
      .map(([at, counter]) => action(`${at} uses ${counter}`, (world) => call(world, at, counter))),
  },
  { weight: 1, arbitrary: index.map((at) => action(`end of ${at}`, (world) => end(world, at))) },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 15_000 }).map((by) => action(`${by} ms pass`, (world) => wait(world, by))),
  },
);

function action(name: string, run: Action['run']): Action {
  return { name, run };
}

async function wait(world: World, by: number): Promise<void> {
  world.now += by;
}

async function arrive(world: World, from: string): Promise<void> {
  world.entries.push(await enter(world.state, { now: world.now, windowLife: LIFE, prefix: from }));
}

/** An ended session comes back under another id, every other under its own. */
async function comeBack(world: World, at: number, from: string): Promise<void> {
  const known = pick(world, at);
  if (known === undefined) return;
  const entered = await enter(world.state, { now: world.now, windowLife: LIFE, prefix: from, session: known.session });
  assert.ok(!world.ended.has(id(entered)), 'an ended session never comes back');
  assert.equal(await world.state.commit(visit(entered.session, world.now)), '', 'a session just entered lives');
  world.entries.push(entered);
}

async function call(world: World, at: number, counter: number): Promise<void> {
  const entered = pick(world, at);
  if (entered === undefined) return;
  const code = await world.state.commit({ ...use(entered, counter, world.now) });
  if (code !== '') return;
  const key = `${entered.ticketId} ${counter}`;
  assert.ok(!world.admitted.has(key), `${key} is admitted once`);
  assert.ok(!world.ended.has(id(entered)), 'an ended session is admitted nowhere');
  world.admitted.add(key);
}

async function end(world: World, at: number): Promise<void> {
  const entered = pick(world, at);
  if (entered === undefined) return;
  await world.state.revoke(entered.session, world.now + 3_600_000, 'ended');
  world.ended.add(id(entered));
}

test('R18 R42 R48 R67 whatever happens in whatever order: no counter twice, no ended session, no table over its bound', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(actions, { minLength: 20, maxLength: 250 }), async (steps) => {
      const world = new World();
      for (const step of steps) {
        await step.run(world);
        const usage = await world.state.usage();
        assert.ok(usage.sessions <= SESSIONS && usage.entries <= ENTRIES, `${step.name}: ${JSON.stringify(usage)}`);
      }
    }),
    { numRuns: 400 },
  );
});

test('an entry that was just made is good for calls, however full the tables are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(actions, { maxLength: 150 }), prefix, async (steps, from) => {
      const world = new World();
      for (const step of steps) await step.run(world);
      const entered = await enter(world.state, { now: world.now, windowLife: LIFE, prefix: from });
      for (const counter of [1, 5, 2]) assert.equal(await world.state.commit(use(entered, counter, world.now)), '');
    }),
    { numRuns: 200 },
  );
});
