import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Decision } from '../../src/guard/decision.ts';
import { Gone } from '../../src/gateway/fleet/calls.ts';
import { createFleetObserving } from '../../src/gateway/fleet/observing.ts';
import type { Member } from '../../src/gateway/fleet/supervisor.ts';
import { watchActions } from '../../src/gateway/fleet/worker.ts';
import { createObserving, MOST_WAITING, type ObservedPage, timeOf } from '../../src/gateway/observing.ts';
import { createMarksKey } from '../../src/learning/marks.ts';
import type { Observation } from '../../src/learning/observation.ts';
import { viewOf } from '../support/view.ts';

const NOW = 1_700_000_000_000;
const WATCH = { token: 'token', key: createMarksKey(), most: MOST_WAITING };

/** A gate of workers that are not threads. */
function fleetOf(count: number) {
  const clock = { passed: 0 };
  const create = (worker: number) => {
    const desk = createObserving(
      () => clock.passed,
      () => NOW + clock.passed,
    );
    const actions: Record<string, (value: never) => unknown> = watchActions(desk);
    const act = (name: string, value: unknown): unknown => actions[name]?.(value as never);
    // Copied, as between threads; one that has ended answers nobody.
    const one = { isGone: false, desk };
    const calls = {
      call: (name: string, value: unknown) =>
        one.isGone ? Promise.reject(new Gone()) : Promise.resolve(structuredClone(act(name, structuredClone(value)))),
      tell: (name: string, value: unknown) => void act(name, structuredClone(value)),
      end: () => {},
    };
    // The types of what can be asked are held by the real thing.
    return { ...one, ended: one, member: { worker, calls } as unknown as Member };
  };
  const workers = Array.from({ length: count }, (_, index) => create(index + 1));
  const desk = createFleetObserving(
    () => ({ members: () => workers.map(({ member }) => member), alone: (act) => act() }),
    () => clock.passed,
  );
  return {
    desk,
    clock,
    workers,
    /** Another worker takes the place of one that ended: as who supervises starts it. */
    replace(place: number): void {
      const old = workers[place];
      if (old !== undefined) old.ended.isGone = true;
      const made = create(place + 1);
      const watching = desk.current();
      if (watching !== null) void made.member.calls.call('observe', watching);
      workers[place] = made;
    },
    /** An answer passes through a worker: whether that looked into it. */
    pass(place: number, target: string, answer: string): boolean {
      const view = viewOf({ target });
      const observed = workers[place]?.desk.begin(DECISION, view, 200, ['Content-Type', 'application/json']);
      observed?.add(Buffer.from(answer));
      observed?.end();
      return observed !== null;
    },
  };
}

// A decision has some thirty fields; these are the ones that are looked at.
const DECISION = {
  route: { level: 'proof' },
  level: 'proof',
  session: 'abcdefghijk',
  prefix: '203.0.113.7',
  carrier: 'call',
  key: null,
  body: null,
} as unknown as Decision;

const observationsIn = (page: ObservedPage | null): Observation[] =>
  (page?.lines ?? []).map((line): Observation => JSON.parse(line));
const targetsIn = (page: ObservedPage | null): string[] => observationsIn(page).map(({ target }) => target);

describe('watching a gate of several workers', () => {
  test('all are heard, and an id that one gave is known again at another', async () => {
    const fleet = fleetOf(3);
    assert.equal(await fleet.desk.open(WATCH), true);
    fleet.pass(0, '/api/posts', '[{"id":42}]');
    fleet.pass(2, '/api/posts/42', '{}');
    const page = await fleet.desk.after('token', 0);
    assert.deepEqual(targetsIn(page), ['/api/posts', '/api/posts/42']);
    const [list, one] = observationsIn(page);
    assert.ok(list?.answer?.type === 'array' && list.answer.items[0]?.type === 'object');
    const { id } = list.answer.items[0].fields;
    assert.ok(id?.type === 'integer' && id.mark !== '');
    assert.equal(one?.marks[2], id.mark);
  });

  test('while nobody watches no worker looks into anything, and none when that has ended', async () => {
    const fleet = fleetOf(2);
    assert.equal(fleet.pass(0, '/api/posts', '[]'), false);
    await fleet.desk.open(WATCH);
    assert.equal(fleet.pass(1, '/api/posts', '[]'), true);
    assert.equal(await fleet.desk.close('token'), true);
    assert.equal(fleet.desk.current(), null);
    assert.equal(fleet.pass(0, '/api/posts', '[]'), false);
    assert.equal(fleet.pass(1, '/api/posts', '[]'), false);
  });

  test('what was fetched comes again until it is taken note of, and then never', async () => {
    const fleet = fleetOf(2);
    await fleet.desk.open(WATCH);
    for (let call = 1; call <= 4; call++) fleet.pass(call % 2, `/api/posts/${call}`, '{}');
    const first = await fleet.desk.after('token', 0);
    assert.deepEqual(targetsIn(first).toSorted(), ['/api/posts/1', '/api/posts/2', '/api/posts/3', '/api/posts/4']);
    assert.deepEqual(await fleet.desk.after('token', 0), first);
    assert.deepEqual(targetsIn(await fleet.desk.after('token', 3)), targetsIn(first).slice(3));
    fleet.pass(0, '/api/posts/5', '{}');
    assert.deepEqual(targetsIn(await fleet.desk.after('token', 4)), ['/api/posts/5']);
    const [one, other] = await Promise.all([fleet.desk.after('token', 5), fleet.desk.after('token', 5)]);
    assert.deepEqual([one?.lines, other?.lines, one?.last], [[], [], 5]);
  });

  test('a worker that ends takes with it what it had not told; the one in its place is heard, and so are the others', async () => {
    const fleet = fleetOf(2);
    await fleet.desk.open(WATCH);
    fleet.pass(0, '/api/posts/1', '{}');
    const before = await fleet.desk.after('token', 0);
    assert.deepEqual(targetsIn(before), ['/api/posts/1']);
    fleet.pass(0, '/api/posts/2', '{}');
    fleet.pass(1, '/api/posts/3', '{}');
    fleet.replace(0);
    fleet.pass(0, '/api/posts/4', '{"id":42}');
    fleet.pass(1, '/api/posts/42', '{}');
    const page = await fleet.desk.after('token', before?.last ?? 0);
    assert.deepEqual(targetsIn(page).toSorted(), ['/api/posts/3', '/api/posts/4', '/api/posts/42']);
    assert.equal(page?.ended, 1);
    const [given] = observationsIn(page).flatMap(({ answer }) =>
      answer?.type === 'object' ? [answer.fields['id']] : [],
    );
    const used = observationsIn(page).find(({ target }) => target === '/api/posts/42');
    assert.ok(given?.type === 'integer');
    assert.equal(used?.marks[2], given.mark, 'the new one goes by the same key');
  });

  test('one that was asked for nothing for too long is heard again', async () => {
    const fleet = fleetOf(2);
    await fleet.desk.open(WATCH);
    fleet.workers[0]?.desk.close('token');
    assert.deepEqual((await fleet.desk.after('token', 0))?.lines, []);
    fleet.pass(0, '/api/posts', '[]');
    assert.deepEqual(targetsIn(await fleet.desk.after('token', 0)), ['/api/posts']);
  });

  test('one watches at a time; whoever does not come back has gone, and the next begins with a key of their own', async () => {
    const fleet = fleetOf(2);
    const other = { ...WATCH, token: 'other', key: createMarksKey() };
    assert.equal(await fleet.desk.open(WATCH), true);
    assert.equal(await fleet.desk.open(other), false);
    assert.equal(await fleet.desk.after('other', 0), null);
    assert.equal(await fleet.desk.close('other'), false);
    fleet.clock.passed = 10_000;
    // Only one worker hears of it: the other is out of breath.
    fleet.workers[0]?.desk.after('token', 0);
    fleet.clock.passed = 16_000;
    assert.equal(await fleet.desk.after('token', 0), null);
    assert.equal(await fleet.desk.open(other), true);
    fleet.pass(0, '/api/posts', '[]');
    fleet.pass(1, '/api/posts', '[]');
    assert.equal((await fleet.desk.after('other', 0))?.lines.length, 2);
  });

  test('what waits is bounded for all together, and says until when it tells all', async () => {
    const fleet = fleetOf(2);
    await fleet.desk.open({ ...WATCH, most: 200_000 });
    for (let call = 0; call < 2000; call++) fleet.pass(call % 2, '/api/posts', '[]');
    let page = await fleet.desk.after('token', 0);
    assert.ok(page !== null && page.lost > 0);
    assert.ok(page.lines.join('').length <= 200_000);
    assert.equal(page.lines.length + page.lost, 2000);
    assert.equal(page.until, NOW, 'both told all they had');

    const long = fleetOf(2);
    await long.desk.open(WATCH);
    for (let call = 0; call < 2500; call++) {
      long.clock.passed = call;
      long.pass(0, '/api/posts', '[]');
    }
    page = await long.desk.after('token', 0);
    assert.ok(page !== null);
    assert.equal(page.until, timeOf(page.lines.at(-1) ?? ''), 'one of them has more to tell');
    assert.ok(page.until < NOW + long.clock.passed);
  });
});
