import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGuardRail, type RailEvent } from '../../src/gateway/guard-rail.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { WatchedChange } from '../../src/gateway/past.ts';
import type { Config } from '../../src/guard/config.ts';
import type { GuardRailConfig } from '../../src/guard/config-rail.ts';
import { BUCKETS } from '../../src/guard/rollout.ts';
import { idOf, type Terms, termsOf } from '../../src/guard/terms.ts';
import { labelOf } from '../../src/guard/session-label.ts';
import type { Code } from '../../src/wire/codes.ts';
import { viewOf } from '../support/view.ts';
import { decisionOf } from './stubs.ts';

const HOUR = 3_600_000;
const REPORT: Config = { to: 'http://localhost:3000', mode: 'report' };
const ENFORCE: Config = { ...REPORT, mode: 'enforce' };
const policy = compilePolicy(ENFORCE);

/** A session as the gate has sealed it, and the network it comes from. */
interface Person {
  readonly id: string;
  readonly prefix: string;
  readonly created: number;
  readonly bucket: number;
}

function place(limits: GuardRailConfig | false = {}, canUndo = true) {
  const known = new Map<string, Config>();
  const terms = (config: Config, version = '1.0.0'): Terms => {
    const made = termsOf(config, version);
    known.set(idOf(made), config);
    return made;
  };
  const time = { wall: 1_790_000_000_000, monotonic: 1_000_000 };
  const undone: { readonly layer: string; readonly before: Config }[] = [];
  const told: RailEvent[] = [];
  let calling: Person | null = null;
  const rail = createGuardRail({
    clock: { wall: () => time.wall, monotonic: () => time.monotonic },
    limits: () => limits,
    visitorOf: () => (calling === null ? null : { ...calling, session: calling.id, created: calling.created / 1000 }),
    undo(layer, { before }) {
      undone.push({ layer, before: known.get(idOf(before)) ?? REPORT });
      return canUndo ? 'before' : null;
    },
    tell: (event) => told.push(event),
  });
  const decided = (person: Person, part: object, target: string): void => {
    calling = person;
    const view = viewOf({ method: 'GET', target });
    const session = labelOf(person.id);
    rail.decided(decisionOf({ policy }, view, { prefix: person.prefix, session, ...part }), view);
  };
  return {
    rail,
    terms,
    changed: (before: Config, after: Config) => rail.changed(terms(before), terms(after)),
    time,
    undone,
    told,
    pass(person: Person, target = '/api/x') {
      decided(person, { outcome: 'admit', code: '', layer: '' }, target);
    },
    refuse(person: Person, code: Code = 'entry-required', layer = 'proof', target = '/api/x') {
      decided(person, { outcome: 'refuse', code, layer }, target);
    },
    later(ms: number) {
      time.wall += ms;
      time.monotonic += ms;
    },
    /** Another session, on a network of its own unless one is named. */
    person(changes: Partial<Person> = {}): Person {
      made += 1;
      const id = Buffer.from(`${made}`.padStart(16, '.')).toString('base64url');
      return { id, prefix: `192.0.2.${made}`, created: time.wall, bucket: made % BUCKETS, ...changes };
    },
  };
}

let made = 0;

type Place = ReturnType<typeof place>;

/** People whose sessions began before anything was changed. */
function crowd(here: Place, count: number): Person[] {
  const people = Array.from({ length: count }, () => here.person());
  here.later(2 * HOUR);
  return people;
}

test('P3.4 a change that refuses three of ten old sessions from networks of their own is undone for that layer', () => {
  const here = place();
  const people = crowd(here, 30);
  here.changed(REPORT, ENFORCE);
  for (const [index, person] of people.entries()) {
    if (index % 3 === 0) for (let i = 0; i < 2; i++) here.refuse(person, 'entry-required', 'session');
    else here.pass(person);
  }
  assert.deepEqual(here.undone, [{ layer: 'session', before: REPORT }]);
  assert.deepEqual([here.told.length, here.told[0]?.kind, here.told[0]?.code], [1, 'undone', 'entry-required']);
  for (const person of people) for (let i = 0; i < 4; i++) here.refuse(person, 'stale', 'session');
  assert.equal(here.told.length, 1, 'once is enough');
});

test('P3.4 pages that mend themselves by a new entry are no harm: refused once, then let in', () => {
  const here = place();
  const people = crowd(here, 30);
  here.changed(REPORT, ENFORCE);
  for (let round = 0; round < 5; round++)
    for (const person of people) {
      here.refuse(person, 'stale');
      here.pass(person);
    }
  assert.deepEqual(here.told, []);
});

test('P3.4 sessions that were made after the change do not count, however many there are', () => {
  const here = place();
  const people = crowd(here, 20);
  here.changed(REPORT, ENFORCE);
  for (const person of people) here.pass(person);
  here.later(10 * 60_000);
  for (let i = 0; i < 500; i++) {
    const farmed = here.person();
    for (let j = 0; j < 3; j++) here.refuse(farmed);
  }
  assert.deepEqual([here.undone, here.told], [[], []]);
});

test('P3.4 one network counts once, whatever its sessions do', () => {
  const here = place();
  const farm = Array.from({ length: 500 }, () => here.person({ prefix: '198.51.100.7' }));
  const people = crowd(here, 20);
  here.changed(REPORT, ENFORCE);
  for (const person of people) here.pass(person);
  for (const farmed of farm) for (let j = 0; j < 3; j++) here.refuse(farmed);
  assert.deepEqual([here.undone, here.told], [[], []]);
});

test('P3.4 a farm that made its sessions in time is outnumbered by who was there before the change', () => {
  const here = place();
  const farm = crowd(here, 6);
  const people = crowd(here, 100);
  for (const person of people) here.pass(person);
  here.later(60_000);
  here.changed(REPORT, ENFORCE);
  for (const farmed of farm) for (let i = 0; i < 3; i++) here.refuse(farmed);
  assert.deepEqual([here.undone, here.told], [[], []]);
  for (const person of people.slice(0, 30)) for (let i = 0; i < 2; i++) here.refuse(person);
  assert.equal(here.undone.length, 1, 'what hurts three of ten of them is undone all the same');
});

test('P3.4 codes of forged and altered requests, and of what costs money or asks who calls, do not count', () => {
  const here = place();
  const people = crowd(here, 20);
  here.changed(REPORT, ENFORCE);
  const rows: readonly (readonly [Code, string])[] = [
    ['signature', 'proof'],
    ['replayed', 'state'],
    ['limit', 'limit'],
    ['budget', 'budget'],
    ['login-required', 'subject'],
    ['forbidden', 'can'],
    ['banned', 'ban'],
    ['entry-required', 'subject'],
    ['schema', 'schema'],
  ];
  for (const person of people)
    for (const [code, layer] of rows) for (let i = 0; i < 3; i++) here.refuse(person, code, layer);
  assert.deepEqual([here.undone, here.told], [[], []]);
});

test('P3.4 of a step of a roll-out only those count whom it newly reached', () => {
  const five = { ...ENFORCE, rollout: '5%' };
  const ten = { ...ENFORCE, rollout: '10%' };
  const rows = [
    { name: 'reached by the step before', bucket: 100, undone: [] },
    { name: 'newly reached', bucket: 700, undone: [{ layer: 'proof', before: five }] },
    { name: 'not reached yet', bucket: 5000, undone: [] },
  ];
  for (const { name, bucket, undone } of rows) {
    const here = place();
    const people = Array.from({ length: 8 }, () => here.person({ bucket }));
    crowd(here, 200);
    here.changed(five, ten);
    for (const person of people) for (let i = 0; i < 2; i++) here.refuse(person);
    assert.deepEqual(here.undone, undone, name);
  }
});

test('P3.4 a layer that was switched alone is undone alone', () => {
  const here = place();
  const people = crowd(here, 10);
  here.changed({ ...ENFORCE, layers: { site: 'report' } }, ENFORCE);
  for (const person of people) for (let i = 0; i < 2; i++) here.refuse(person, 'entry-required', 'proof');
  assert.deepEqual(here.undone, []);
  for (const person of people) for (let i = 0; i < 2; i++) here.refuse(person, 'site', 'site', '/api/y');
  assert.deepEqual(
    here.undone.map(({ layer }) => layer),
    ['site'],
  );
});

test('P3.4 where nothing changed for a day the gate only alerts, once an hour', () => {
  const here = place();
  here.changed(REPORT, ENFORCE);
  const people = crowd(here, 20);
  here.later(25 * HOUR);
  const storm = (): void => {
    for (const person of people) for (let i = 0; i < 2; i++) here.refuse(person);
  };
  storm();
  storm();
  assert.deepEqual([here.undone, here.told.map(({ kind }) => kind)], [[], ['alert']]);
  here.later(2 * HOUR);
  storm();
  assert.equal(here.told.length, 2);
});

test('P3.6 clocks that jump: put forward the day does not end, put back new sessions do not look old', () => {
  const forward = place();
  const people = crowd(forward, 10);
  forward.changed(REPORT, ENFORCE);
  forward.time.wall += 30 * 24 * HOUR;
  for (const person of people) for (let i = 0; i < 2; i++) forward.refuse(person);
  assert.equal(forward.undone.length, 1);

  const back = place();
  crowd(back, 10);
  back.changed(REPORT, ENFORCE);
  back.time.wall -= 3 * HOUR;
  for (let n = 0; n < 50; n++) {
    const farmed = back.person();
    for (let i = 0; i < 3; i++) back.refuse(farmed);
  }
  assert.deepEqual([back.undone, back.told], [[], []]);
});

test('P3.4 the threshold is the configuration’s, and false is off', () => {
  for (const [limits, undone] of [
    [{ share: '60%' }, 0],
    [{ networks: 40 }, 0],
    [{ share: '40%', networks: 10 }, 1],
    [false, 0],
  ] as const) {
    const here = place(limits);
    const people = crowd(here, 30);
    here.changed(REPORT, ENFORCE);
    for (const [index, person] of people.entries()) {
      if (index % 2 === 0) for (let i = 0; i < 2; i++) here.refuse(person);
      else here.pass(person);
    }
    assert.equal(here.undone.length, undone, JSON.stringify(limits));
  }
});

/** A rail of a process that has just started, after these changes. */
function restarted(here: Place, ...changes: readonly Partial<WatchedChange>[]): void {
  const all = { at: here.time.wall, before: here.terms(REPORT), after: here.terms(ENFORCE), settled: [] };
  here.rail.resume(changes.map((change) => ({ ...all, ...change })));
}

const hurt = (here: Place, people: readonly Person[], code: Code = 'entry-required', layer = 'proof'): void => {
  for (const person of people) for (let i = 0; i < 2; i++) here.refuse(person, code, layer);
};

test('P3.4 a change that came with a restart is undone, once ten minutes have shown who is there', () => {
  const here = place();
  const people = crowd(here, 30);
  restarted(here, {});
  hurt(here, people.slice(0, 10));
  assert.deepEqual([here.undone, here.told], [[], []]);
  here.later(10 * 60_000);
  hurt(here, people.slice(0, 1));
  assert.deepEqual(
    [here.undone, here.told.map(({ kind }) => kind)],
    [[{ layer: 'proof', before: REPORT }], ['undone']],
  );
});

test('P3.4 whoever is first at a gate that has just started is not taken for all there are', () => {
  const here = place();
  const farm = crowd(here, 6);
  const people = crowd(here, 100);
  restarted(here, {});
  hurt(here, farm);
  here.later(60_000);
  for (const person of people) here.pass(person);
  here.later(10 * 60_000);
  hurt(here, farm);
  assert.deepEqual([here.undone, here.told], [[], []]);
  hurt(here, people.slice(0, 10));
  assert.equal(here.undone.length, 1, 'as many of them are heard');
});

test('P3.4 the day of a change goes on over a restart, for what is left of it and for what is older than it', () => {
  const rows = [
    { name: 'in its last hour', ago: 23 * HOUR, undone: 1 },
    { name: 'over', ago: 24 * HOUR, undone: 0 },
  ];
  for (const { name, ago, undone } of rows) {
    const here = place();
    const people = crowd(here, 10);
    const at = here.time.wall;
    here.later(ago);
    const farmed = Array.from({ length: 50 }, () => here.person());
    here.later(60_000);
    restarted(here, { at });
    here.later(11 * 60_000);
    hurt(here, farmed);
    assert.deepEqual(here.undone, [], `${name}: sessions that began after the change`);
    hurt(here, people);
    assert.equal(here.undone.length, undone, name);
  }
});

test('P3.4 a layer for which a change was undone before the restart is left as somebody has it now', () => {
  const here = place();
  const people = crowd(here, 10);
  restarted(here, { settled: ['proof'] });
  here.later(11 * 60_000);
  hurt(here, people);
  assert.deepEqual(here.undone, []);
  hurt(here, people, 'site', 'site');
  assert.deepEqual(
    here.undone.map(({ layer }) => layer),
    ['site'],
  );
});

test('P3.4 a change that cannot be undone alerts, once', () => {
  const here = place({}, false);
  const people = crowd(here, 10);
  restarted(here, { before: here.terms(ENFORCE, '1.0.0'), after: here.terms(ENFORCE, '1.1.0') });
  here.later(11 * 60_000);
  hurt(here, people);
  hurt(here, people);
  assert.deepEqual(
    here.told.map(({ kind, layer }) => [kind, layer]),
    [['alert', 'proof']],
  );
});

test('P3.6 where the clock is behind a change, nobody who comes now is older than it', () => {
  const here = place();
  const at = here.time.wall + 5 * HOUR;
  restarted(here, { at });
  here.later(11 * 60_000);
  const farmed = Array.from({ length: 50 }, () => here.person());
  here.later(60_000);
  hurt(here, farmed);
  assert.deepEqual([here.undone, here.told], [[], []]);
});
