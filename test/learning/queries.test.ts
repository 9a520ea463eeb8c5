import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createEngine } from '../../src/guard/schema/engine.ts';
import { fieldTypes, readForm, resolverOf } from '../../src/guard/schema/form.ts';
import { createQueryBook } from '../../src/learning/queries.ts';
import { hashOf } from '../../src/learning/sessions.ts';
import { queryShape, withoutValues } from '../../src/learning/query.ts';

const sender = (session: number, voice: string) => ({ voice, session: hashOf(`s${session}`) });

function learned(queries: readonly string[], { sessions = 500, networks = 50 } = {}) {
  const book = createQueryBook();
  for (let session = 0; session < sessions; session++)
    for (const query of queries)
      book.add(queryShape(query.replaceAll('N', String(session))), sender(session, `198.18.0.${session % networks}`));
  return book.schema();
}

describe('the shape of a query', () => {
  test('types are the most particular that the gate itself would read', () => {
    const shape = queryShape('a=1&b=1.5&c=true&d=01&e=-0&f=x&g=1&g=2&h=');
    assert.deepEqual(
      shape?.map(({ name, type, times }) => [name, type, times]),
      [
        ['a', 'integer', 1],
        ['b', 'number', 1],
        ['c', 'boolean', 1],
        ['d', 'string', 1],
        ['e', 'integer', 1],
        ['f', 'string', 1],
        ['g', 'integer', 2],
        ['h', 'string', 1],
      ],
    );
  });

  test('what two servers could read differently has none', () => {
    for (const query of ['a=1;b=2', 'a=%', 'a=%00', '__proto__=1', 'a b=1', 'hunter2=%ff', '1=2', '%2e=1'])
      assert.equal(queryShape(query), null, query);
  });

  test('without values nothing of them is left but types and lengths', () => {
    assert.doesNotMatch(JSON.stringify(withoutValues(queryShape('token=hunter2&page=12345'))), /hunter2|12345/);
    assert.equal(withoutValues(null), null);
  });
});

describe('what is learned of queries', () => {
  test('names, types, and words of which there are few', () => {
    const { schema, listed } = learned(['page=N&sort=new', 'page=1&sort=old&words=xN+y', 'sort=top', '']) ?? {};
    assert.deepEqual(schema, {
      properties: {
        page: { type: 'integer' },
        sort: { enum: ['new', 'old', 'top'] },
        words: { type: 'string', maxLength: 200 },
      },
    });
    assert.deepEqual(listed, [{ name: 'sort', sessions: 20 }]);
  });

  test('routes without queries take none', () => {
    assert.deepEqual(learned([''])?.schema, { properties: {} });
  });

  test('nothing of a few calls or sessions, and nothing where any cannot be read for sure', () => {
    assert.equal(learned([''], { sessions: 299 }), null);
    assert.equal(learned(['', '', '', ''], { sessions: 90 }), null);
    assert.equal(learned(['', 'a=%zz']), null);
  });

  test('values are not listed where one is rare, comes from too few networks, or is nothing that a program says', () => {
    const isListed = (queries: readonly string[], options = {}): boolean =>
      'enum' in Object(Object(learned(queries, options)?.schema)['properties'])['sort'];
    assert.equal(isListed(['sort=new', 'sort=old']), true);
    assert.equal(isListed(['sort=new', 'sort=old'], { sessions: 390 }), false);
    assert.equal(isListed(['sort=new', 'sort=old'], { networks: 2 }), false);
    assert.equal(isListed(['sort=new', 'sort=xN']), false);
    assert.equal(isListed(['sort=new', `sort=${'x'.repeat(30)}`]), false);
    assert.equal(isListed(['sort=new', 'sort=%3Cscript%3E']), false);
  });

  test('a source that does not show values learns types and names', () => {
    const book = createQueryBook();
    for (let session = 0; session < 500; session++)
      book.add(withoutValues(queryShape('sort=new&page=2')), sender(session, 'n'));
    assert.deepEqual(book.schema()?.schema, {
      properties: { sort: { type: 'string', maxLength: 200 }, page: { type: 'integer' } },
    });
  });

  test('whatever was learned of takes the queries that it was learned of, read by the gate', () => {
    const value = fc.constantFrom(
      '1',
      '-7',
      '1.50',
      'true',
      '',
      '007',
      'a',
      'some+words',
      'new',
      '%C3%A9',
      '1e3',
      '-0',
      '12345678901234567890',
    );
    const query = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'list[]', 'c.d'), value), { maxLength: 4 });
    const engine = createEngine();
    fc.assert(
      fc.property(fc.array(query, { minLength: 1, maxLength: 4 }), (made) => {
        const queries = made.map((fields) => fields.map(([name, text]) => `${name}=${text}`).join('&'));
        const schema = learned(queries, { sessions: 400 })?.schema;
        if (schema === undefined) return;
        const types = fieldTypes(schema, resolverOf(schema));
        const checker = engine.compile({ type: 'object', ...schema });
        for (const text of queries) {
          const read = readForm(text, types);
          assert.ok(read.ok, text);
          assert.equal(checker.check(read.value), null, `${text} by ${JSON.stringify(schema)}`);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('what few put into queries', () => {
  const ENOUGH = 1600;
  const USUAL = ['page=N&sort=new', 'page=2&sort=old'];
  interface Abuse {
    readonly query: string;
    readonly sessions: number;
    readonly voice: (number: number) => string;
  }
  /** Of as many people, who send one or the other; some before them, and some after. */
  function abused(abuse: readonly Abuse[], people = ENOUGH, queries = (number: number) => USUAL[number % 2] ?? '') {
    const book = createQueryBook();
    for (let number = 0; number < people; number++)
      book.add(queryShape(queries(number).replace('N', String(number))), sender(number, `n${number >> 1}`));
    for (const [group, { query, sessions, voice }] of abuse.entries())
      for (let number = 0; number < sessions; number++)
        book.add(
          queryShape(query.replaceAll('N', String(number))),
          sender(100_000 * (group + 1) + number, voice(number)),
        );
    return book.schema();
  }
  const rows = [
    { query: 'page=1&sort=new&debug=true', told: '?debug' },
    { query: 'page=%27or+1&sort=new', told: '?page as string' },
    { query: 'page=1&sort=drop', told: 'a value of ?sort' },
    { query: 'page=1&sort=%3Cscript%3E', told: 'a value of ?sort' },
    { query: 'page=1&page=2&sort=new', told: '?page more than once' },
    { query: 'page=%zz', told: 'queries that can be read in two ways' },
  ] as const;
  const clean = abused([])?.schema;

  for (const { query, told } of rows) {
    test(`${query} of one network is left out, and said`, () => {
      assert.deepEqual(clean, { properties: { page: { type: 'integer' }, sort: { enum: ['new', 'old'] } } });
      for (const sessions of [1, 16]) {
        const found = abused([{ query, sessions, voice: () => 'one' }]);
        assert.deepEqual(found?.schema, clean);
        assert.ok(found?.rare.startsWith('left out: ') && found.rare.includes(told), found?.rare);
      }
    });
  }

  for (const { query, told } of [rows[0], rows[1], rows[4]]) {
    test(`${query} of a tenth stands in a line of its own`, () => {
      const found = abused([{ query, sessions: ENOUGH / 9, voice: (number) => `own ${number}` }]);
      assert.ok(found?.rare.startsWith('taken in though few do so') && found.rare.includes(told), found?.rare);
    });
  }

  test('a field of one in 200 people is taken in, and said', () => {
    const found = abused([], ENOUGH, (number) => `${USUAL[number % 2]}${number % 200 === 9 ? '&author=jake' : ''}`);
    assert.ok('author' in Object(found?.schema['properties']));
    assert.match(found?.rare ?? '', /\?author \(8 sessions\)/);
  });

  test('one network that fills the book with names and words keeps none of others out of it', () => {
    const flood = { query: 'fN=1&gN=2&sort=wN', sessions: 300, voice: () => 'one' };
    const late = { query: 'page=1&sort=top', sessions: 30, voice: (number: number) => `late ${number}` };
    const found = abused([flood, late]);
    assert.deepEqual(found?.schema, {
      properties: { page: { type: 'integer' }, sort: { enum: ['new', 'old', 'top'] } },
    });
  });
});
