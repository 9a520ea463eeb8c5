import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatModel } from '../../src/behaviour/model-file.ts';
import { createSchool, type School } from './app/school.ts';
import { makePerson, NEXT_RELEASE, POLLING_RELEASE, type Release, STRANGERS } from './app/people.ts';
import { play, settle } from './app/play.ts';

const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const people = (school: School, count: number) => many(count, () => school.visit(school.person()));
const programs = (school: School, name: string, count: number, prefix?: string) =>
  many(count, () => school.visit(school.program(name), prefix));

/** Share of the sessions that were found as unusual as that. */
const found = (seen: readonly { readonly odds: number }[], odds: number): number =>
  seen.filter((one) => one.odds >= odds).length / seen.length;

const PLAIN = ['counter', 'crawler', 'dictionary', 'drainer', 'prober'];

describe('learning', () => {
  test('nothing is said of anybody before enough sessions were seen', () => {
    const school = createSchool();
    school.teach(people(school, 300));
    const { learned, needed } = school.book.figures();
    assert.ok(learned > 100 && learned < needed, `${learned}`);
    const seen = play(school.book, programs(school, 'counter', 5));
    assert.deepEqual(
      seen.map(({ odds }) => odds),
      [1, 1, 1, 1, 1],
    );
  });

  test('the same seed and calls lead to the same model, byte for byte', () => {
    const [one, other] = many(2, () => {
      const school = createSchool({ sessions: 200 });
      school.teach(people(school, 300));
      return formatModel(school.book.model, school.book.routes.names);
    });
    assert.equal(one, other);
  });

  const school = createSchool();
  school.teach(people(school, 900));

  test('plain programs are one in a thousand within some calls, and the record says why', () => {
    for (const name of PLAIN) {
      const seen = school.ask(programs(school, name, 10), [300]);
      for (const { odds, crossed, reasons } of seen) {
        assert.ok(odds >= 300, `${name}: one in ${odds}`);
        assert.ok((crossed.get(300) ?? Number.POSITIVE_INFINITY) <= 64, `${name} after ${crossed.get(300)} calls`);
        assert.ok(reasons.split('; ').length >= 2, reasons);
      }
    }
  });

  test('a program that opens the app as a person does is found by what it does then', () => {
    const seen = school.ask(
      many(20, () => school.visit(school.program('late hammer', 400))),
      [300],
    );
    assert.ok(found(seen, 300) >= 18 / 20, `${found(seen, 300)}`);
  });

  test('people are not: of five hundred one in a thousand is hardly anybody', () => {
    const seen = school.ask(people(school, 500));
    assert.ok(found(seen, 1000) <= 2 / 500, `${found(seen, 1000)}`);
    assert.ok(found(seen, 100) <= 15 / 500, `${found(seen, 100)}`);
  });

  test('whoever is slow, rests, or goes by keyboard does not look worse for it', () => {
    const slow = many(200, () => school.visit(makePerson(school.random, undefined, slowKind)));
    assert.ok(found(school.ask(slow), 100) <= 2 / 200);
  });
});

describe('whoever uses the app in a way of their own', () => {
  const school = createSchool({ sessions: 1000, perPrefix: 20 });
  school.teach(people(school, 1700));

  for (const stranger of STRANGERS)
    test(`${stranger.what}: not one in a thousand, and no one in a hundred for that alone`, () => {
      const seen = school.ask(many(100, () => school.visit(makePerson(school.random, undefined, stranger))));
      assert.ok(found(seen, 1000) <= 3 / 100, `${found(seen, 1000)}`);
      assert.ok(found(seen, 100) <= 1 / 4, `${found(seen, 100)}`);
    });

  test('and a program that does one thing only, fast or evenly or for long, is found all the same', () => {
    for (const name of ['hammer', 'dictionary', 'drainer', 'slow counter']) {
      const seen = school.ask(programs(school, name, 20));
      assert.equal(found(seen, 100), 1, name);
    }
  });
});

const slowKind = {
  name: 'slow',
  share: 1,
  pause: 60,
  spread: 1.2,
  things: 8,
  thingsSpread: 0.7,
  does: { read: 6, list: 3, search: 1 },
} as const;

describe('poisoning', () => {
  test('one session in ten abuses the app while it learns: abuse does not become usual', () => {
    for (const name of ['counter', 'dictionary']) {
      const school = createSchool({ sessions: 1000, perPrefix: 20 });
      const taught = many(1500, () => school.random.next()).map((draw) =>
        school.visit(draw < 0.1 ? school.program(name) : school.person()),
      );
      school.teach(taught);
      const seen = school.ask(programs(school, name, 20));
      assert.ok(found(seen, 200) === 1, `${name}: ${seen.map(({ odds }) => Math.round(odds)).join()}`);
      assert.ok(found(school.ask(people(school, 300)), 100) <= 6 / 300, 'and people are still people');
    }
  });

  test('one network with any number of sessions teaches no more than its share', () => {
    const school = createSchool({ sessions: 500, perPrefix: 10 });
    const taught = [...programs(school, 'counter', 2000, 'one network'), ...people(school, 900)];
    school.teach(taught);
    assert.ok(found(school.ask(programs(school, 'counter', 20)), 300) === 1);
  });

  test('one network alone does not teach at all: learning waits for others', () => {
    const school = createSchool({ sessions: 500, perPrefix: 10 });
    school.teach(programs(school, 'counter', 1500, 'one network'));
    assert.equal(school.book.figures().learned, 10);
    assert.equal(school.book.figures().crowded, 1490);
  });

  /** Sessions that all end before the first of them is idle for long. */
  const short = (school: School) => many(30, () => school.visit(school.program('dictionary', 12)));
  const taughtBy = (school: School, visits: ReturnType<typeof short>): number => {
    const before = school.book.figures().learned;
    settle(school.book, visits);
    return school.book.figures().learned - before;
  };

  test('sessions that were refused, or acted on, teach nothing', () => {
    const school = createSchool({ sessions: 500 });
    const [fine, refused, acted, noted] = [short(school), short(school), short(school), short(school)];
    for (const visits of [fine, refused, acted, noted]) play(school.book, visits);
    for (const { session, prefix } of refused) {
      // SAFETY: of a refused call the model reads neither route nor request.
      school.book.refused({ session, prefix, now: 1_700_000_400_000 } as Parameters<typeof school.book.refused>[0]);
    }
    for (const { session } of acted) school.book.acted(session, 'limit', 1_700_000_400_000);
    for (const { session } of noted) school.book.acted(session, 'note', 1_700_000_400_000);
    assert.equal(taughtBy(school, [...fine, ...refused, ...acted, ...noted]), 60, 'the fine ones, and those noted');
  });

  test('a session teaches once, however often it loads the page', () => {
    const school = createSchool({ sessions: 500 });
    const visits = short(school);
    for (let load = 0; load < 5; load += 1) {
      play(school.book, visits);
      for (const { session } of visits) school.book.entered(session, `another load ${load}`, 1_700_000_200_000);
    }
    assert.equal(school.book.figures().learned, 30);
  });
});

describe('drift', () => {
  const release = (school: School, count: number, next: Release) =>
    many(count, () => school.visit(makePerson(school.random, next)));

  const releases = { 'changes the routes': NEXT_RELEASE, 'has its pages call by themselves': POLLING_RELEASE };
  for (const [what, next] of Object.entries(releases))
    test(`a release that ${what} is a wave: told as one, learned, and then usual`, () => {
      const school = createSchool({ sessions: 500 });
      school.teach(people(school, 900));
      const first = release(school, 200, next);
      const seen = play(school.book, first);
      const alone = seen.findIndex(({ odds }) => odds >= 100);
      assert.ok(alone >= 0, 'the first ones look unusual');
      assert.equal(school.book.isWave, true);
      settle(school.book, first);
      school.teach(release(school, 900, next));
      assert.equal(school.book.isWave, false, 'it is over');
      const later = found(school.ask(release(school, 300, next)), 100);
      assert.ok(later <= 9 / 300, `${later}`);
    });

  test('a farm behind one network is no wave', () => {
    const school = createSchool({ sessions: 500 });
    school.teach(people(school, 900));
    const mixed = [...people(school, 200), ...programs(school, 'counter', 400, 'one network')];
    play(
      school.book,
      mixed.toSorted((one, other) => one.session.sessionIdHigh - other.session.sessionIdHigh),
    );
    assert.equal(school.book.isWave, false);
  });
});

describe('a session of its own', () => {
  const school = createSchool({ sessions: 500 });
  school.teach(people(school, 900));

  test('P6.5 a page load starts it afresh, a renewal of the same load does not', () => {
    const [visit] = programs(school, 'counter', 1);
    assert.ok(visit);
    play(school.book, [visit]);
    assert.ok(school.book.riskOf(visit.session) !== null);
    school.book.entered(visit.session, `load ${visit.start}`, 1_700_000_900_000);
    assert.ok(school.book.riskOf(visit.session) !== null, 'the page renewed its ticket');
    school.book.entered(visit.session, 'a new load', 1_700_000_900_000);
    assert.equal(school.book.riskOf(visit.session), null);
    assert.equal(school.book.reasonsOf(visit.session), '');
  });

  test('what another worker found counts here, too', () => {
    const session = { sessionIdHigh: 9, sessionIdLow: 9 };
    assert.equal(school.book.riskOf(session), null);
    school.book.told(session, 5000, 1_700_000_900_000);
    assert.equal(school.book.riskOf(session)?.odds, 5000);
  });

  test('more sessions than there is room for: the idlest go, nothing grows', () => {
    const crowd = createSchool({ sessions: 500 });
    for (let number = 0; number < 40_000; number += 1)
      crowd.book.entered({ sessionIdHigh: number, sessionIdLow: number }, 'load', 1_700_000_000_000 + number);
    assert.ok(crowd.book.figures().watched <= 16_384);
  });
});
