import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createEngine } from '../../src/guard/schema/engine.ts';
import { NO_MARKS } from '../../src/learning/marks.ts';
import { createSchemaBook, type LearnedBody } from '../../src/learning/schemas.ts';
import { hashOf } from '../../src/learning/sessions.ts';
import { shapeOf } from '../../src/learning/shape.ts';

interface Senders {
  readonly sessions: number;
  /** What they send, by number. */
  readonly sends: (number: number) => unknown;
  /** The network of each. Default: two sessions to a network. */
  readonly network?: (number: number) => string;
}

const login = { email: 'jo@mail.test', password: 'correct horse' };
const people = (sessions: number, sends: Senders['sends'] = () => login): Senders => ({ sessions, sends });
/** One network with any number of sessions, of which as many are let speak as one network is taken to have. */
const oneNetwork = (sends: Senders['sends'], sessions = 3): Senders => ({ sessions, sends, network: () => 'one' });
/** One session in ten, each from a network of its own. */
const tenth = (of: number, sends: Senders['sends']): Senders => ({
  sessions: of / 9,
  sends,
  network: (number) => `own ${number}`,
});

function learned(...groups: readonly Senders[]): LearnedBody {
  const book = createSchemaBook();
  for (const [group, { sessions, sends, network = (number: number) => `n${number >> 1}` }] of groups.entries())
    for (let number = 0; number < sessions; number++)
      book.add(shapeOf(sends(number), NO_MARKS), {
        voice: network(number),
        session: hashOf(`${group} ${number} ${sessions}`),
      });
  const body = book.body();
  assert.ok(body !== null);
  return body;
}

const engine = createEngine();
/** Whether a body is let through. */
const takes = ({ schema }: LearnedBody, body: unknown): boolean => engine.compile(schema).check(body) === null;

const ENOUGH = 1600;
const ABUSE = [
  { name: 'a field that no page sends', body: { ...login, isAdmin: true }, told: '$.isAdmin' },
  { name: 'a type that no page sends', body: { ...login, email: { $ne: '' } }, told: '$.email as object' },
  { name: 'a text of great length', body: { ...login, email: 'x'.repeat(60_000) }, told: '$.email of great length' },
  { name: 'a field left out', body: { email: login.email }, told: 'bodies without $.password' },
  { name: 'a list in place of an object', body: [login], told: '$ as array' },
] as const;

describe('what few put into bodies', () => {
  for (const { name, body, told } of ABUSE) {
    test(`${name} by one network is left out, and said`, () => {
      const clean = learned(people(ENOUGH));
      for (const sessions of [1, 16]) {
        const abused = learned(
          people(ENOUGH),
          oneNetwork(() => body, sessions),
        );
        assert.deepEqual(abused.schema, clean.schema);
        assert.ok(abused.rare.startsWith('left out: '), abused.rare);
        assert.ok(abused.rare.includes(told), abused.rare);
        assert.equal(takes(abused, body), false);
        assert.equal(takes(abused, login), true);
      }
    });
  }

  for (const { name, body, told } of ABUSE.slice(0, 4)) {
    test(`${name} by a tenth is not taken in without a line that says so`, () => {
      const { rare } = learned(
        people(ENOUGH),
        tenth(ENOUGH, () => body),
      );
      assert.match(rare, /^taken in though few do so, and to be taken out where no page does: /);
      assert.ok(rare.includes(told), rare);
    });
  }

  test('while too few have sent such bodies to tell, an unknown field leaves the object open, and that is said', () => {
    assert.equal(takes(learned(people(600)), { ...login, isAdmin: true }), false);
    const abused = learned(
      people(600),
      oneNetwork(() => ({ ...login, isAdmin: true })),
    );
    assert.equal(takes(abused, { ...login, isAdmin: true }), true);
    assert.match(abused.rare, /^left open for what too few sent to tell: \$\.isAdmin \(3 sessions\)$/);
  });

  test('what one in 200 people send is taken in, and nobody of those who come later is refused', () => {
    for (const sessions of [ENOUGH, 3000]) {
      const sends = (number: number): unknown =>
        number % 200 === 7 ? { ...login, remember: true } : number % 200 === 90 ? { ...login, email: null } : login;
      const body = learned(people(sessions, sends));
      for (const number of [1, 7, 90]) assert.ok(takes(body, sends(number)), JSON.stringify(sends(number)));
      assert.match(body.rare, /\$\.remember \(/);
      assert.match(body.rare, /\$\.email as null \(/);
      assert.equal(takes(body, { ...login, isAdmin: true }), false, 'and is closed to what nobody sends');
    }
  });

  test('of a field whose names are made up as people go, the object stays open', () => {
    const answers = (number: number): unknown => ({ ...login, answers: { [`question ${number}`]: 'yes' } });
    const body = learned(people(ENOUGH, answers));
    assert.ok(takes(body, answers(99_999)));
    assert.equal(takes(body, { ...login, isAdmin: true }), false);
    assert.match(body.rare, /left open for what too few sent to tell/);
  });

  test('where rare things are many, people do such things: none is left out', () => {
    const sends = (number: number): unknown => (number % 400 === 3 ? { ...login, [`extra${number}`]: 1 } : login);
    const body = learned(people(ENOUGH, sends));
    assert.ok(takes(body, { ...login, extra1: 1 }));
  });

  test('one network that fills the book with names keeps no field of others out of it', () => {
    const flood = oneNetwork(
      (number) => Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`f${number}-${index}`, 1])),
      40,
    );
    const late = people(ENOUGH, (number) => ({ ...login, ...(number % 3 === 0 ? { remember: true } : {}) }));
    const body = learned(flood, late);
    assert.equal(takes(body, { ...login, remember: 'yes' }), false);
    assert.equal(takes(body, { ...login, remember: true }), true);
    assert.equal(takes(body, { ...login, isAdmin: true }), false);
  });

  test('a name that would end its comment does not', () => {
    const { rare } = learned(
      people(ENOUGH),
      oneNetwork(() => ({ ...login, 'x\nprocess.exit()': 1, '\u2028y': 1, "it's": 1 })),
    );
    assert.doesNotMatch(rare, /[\n\u2028]/);
    assert.match(rare, /x\\nprocess/);
  });

  test('sessions are counted about, however their names are', () => {
    for (const sessions of [10, 100, 1000, 3000]) {
      const body = learned(people(sessions));
      assert.ok(Math.abs(body.sessions - sessions) <= 0.1 * sessions, `${body.sessions} for ${sessions}`);
    }
  });
});

test('whatever is learned takes the bodies that it was learned of, where nothing is left out', () => {
  const body = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'deep'), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 });
  fc.assert(
    fc.property(fc.array(body, { minLength: 1, maxLength: 5 }), fc.constantFrom(5, 450, 1450), (bodies, sessions) => {
      const found = learned(people(sessions, (number) => bodies[number % bodies.length]));
      const checker = engine.compile(found.schema);
      for (const one of bodies)
        assert.equal(checker.check(one), null, `${JSON.stringify(one)} by ${JSON.stringify(found)}`);
    }),
    { numRuns: 30 },
  );
});
