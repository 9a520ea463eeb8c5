import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { JsonSchema } from '../../../src/guard/schema/close.ts';
import { createEngine } from '../../../src/guard/schema/engine.ts';

const { Ajv2020 }: typeof import('ajv/dist/2020.js') = createRequire(import.meta.url)('ajv/dist/2020.js');

const check = (schema: JsonSchema | boolean) => {
  const checker = createEngine().compile(schema);
  return (value: unknown): string => {
    const fault = checker.check(value);
    return fault === null ? 'fits' : `${fault.pointer} ${fault.rule}`;
  };
};
const NO_FIELD = 'must not be there: no such field is known';

test('what a schema does not name is no field, at any depth, until it says so itself', () => {
  const of = check({
    properties: {
      inner: { properties: { a: true } },
      list: { items: { properties: { b: true } } },
      open: { type: 'object', additionalProperties: true },
      any: {},
      yes: true,
      map: { additionalProperties: { properties: { c: true } } },
      empty: { type: 'object' },
    },
  });
  assert.equal(
    of({ inner: { a: { x: 1 } }, open: { x: { y: 1 } }, any: { x: 1 }, yes: { x: 1 }, map: { k: { c: 1 } } }),
    'fits',
  );
  assert.equal(of({ x: 1 }), `/x ${NO_FIELD}`);
  assert.equal(of({ inner: { x: 1 } }), `/inner/x ${NO_FIELD}`);
  assert.equal(of({ list: [{ b: 1 }, { b: 1, x: 1 }] }), `/list/1/x ${NO_FIELD}`);
  assert.equal(of({ map: { k: { x: 1 } } }), `/map/k/x ${NO_FIELD}`);
  assert.equal(of({ empty: { x: 1 } }), `/empty/x ${NO_FIELD}`);
});

test('schemas that describe one object together are closed together', () => {
  const of = check({
    $defs: { pet: { properties: { name: { type: 'string' } }, required: ['name'] } },
    allOf: [{ $ref: '#/$defs/pet' }, { properties: { bark: { type: 'boolean' } } }],
  });
  assert.equal(of({ name: 'Rex', bark: true }), 'fits');
  assert.equal(of({ name: 'Rex', meow: true }), `/meow ${NO_FIELD}`);
  assert.equal(of({ bark: true }), '/name must be there');
});

/** Schemas where closing alone would take what the schema as written does not. */
const TURNING: readonly (readonly [JsonSchema, unknown])[] = [
  [
    {
      oneOf: [
        { properties: { a: { properties: { x: true } } }, required: ['a'] },
        { properties: { a: { properties: { y: true } } }, required: ['a'] },
      ],
    },
    { a: { x: 1 } },
  ],
  [
    {
      $defs: { d: { properties: { a: { properties: { x: true } } } } },
      properties: { a: true },
      not: { $ref: '#/$defs/d' },
    },
    { a: { y: 1 } },
  ],
  [
    {
      $defs: { d: { properties: { a: { type: 'object' } } } },
      type: 'array',
      contains: { $ref: '#/$defs/d' },
      maxContains: 1,
      items: true,
    },
    [{ a: {} }, { a: { x: 1 } }],
  ],
];

test('closing never takes what the schema as it is written refuses', () => {
  for (const [schema, value] of TURNING) {
    assert.equal(new Ajv2020({ strict: false }).validate({ ...schema }, value), false);
    assert.notEqual(check(schema)(value), 'fits', JSON.stringify(schema));
  }
});

test('a value has the fields that it holds, not those of every object', () => {
  assert.equal(check({ required: ['toString'], properties: { toString: true } })({}), '/toString must be there');
  assert.equal(check({ properties: { a: true } })(JSON.parse('{"constructor":1}')), `/constructor ${NO_FIELD}`);
});

test('where further fields are taken, none is a known one in other letters', () => {
  const of = check({ properties: { role: { enum: ['user'] } }, additionalProperties: true });
  assert.equal(of({ role: 'user', colour: 'red' }), 'fits');
  assert.match(of({ role: 'user', Role: 'admin' }), /in other letters/);
});

test('alternatives that refer to themselves end', () => {
  const node = (kind: string) => ({
    type: 'object',
    properties: { kind: { const: kind }, inner: { $ref: '#' } },
    required: ['inner'],
  });
  const of = check({ anyOf: [node('and'), node('or'), { type: 'null' }] });
  const nested = (innermost: unknown, more: object): unknown => {
    let value = innermost;
    for (let depth = 0; depth < 30; depth++) value = { inner: value, ...more };
    return value;
  };
  // Held to both alternatives at each of thirty depths, this would be held a thousand million times.
  assert.equal(of(nested(5, {})), ' must not take that much work to be checked');
  assert.equal(of(nested(null, { kind: 'or' })), 'fits');
  assert.equal(of({ inner: null, kind: 'or' }), 'fits');
});

test('unique items of a long list are told apart in time', () => {
  const of = check({ type: 'array', uniqueItems: true, items: { type: 'object', additionalProperties: true } });
  const list = Array.from({ length: 20_000 }, (_, n) => ({ n }));
  assert.equal(of(list), 'fits');
  assert.equal(
    of([
      { a: 1, b: [{ c: 1, d: 2 }] },
      { b: [{ d: 2, c: 1 }], a: 1 },
    ]),
    ' must NOT have duplicate items',
  );
  assert.equal(of([{ a: 1 }, { a: '1' }]), 'fits');
});

test('formats are checked, and nothing long is of any', () => {
  const of = check({
    properties: { mail: { type: 'string', format: 'email' }, at: { type: 'string', format: 'date-time' } },
  });
  assert.equal(of({ mail: 'ada@example.com', at: '2026-11-22T09:00:00Z' }), 'fits');
  assert.match(of({ mail: 'ada@' }), /format/);
  assert.match(of({ mail: `${'a'.repeat(30_000)}@example.com` }), /format/);
});

test('schemas that cannot be used say why', () => {
  for (const [schema, why] of [
    [{ type: 'strnig' }, /type/],
    [{ propertys: {} }, /propertys/],
    [{ $ref: 'https://elsewhere.example/schema.json' }, /resolve/],
    [{ $ref: './other.json' }, /resolve/],
    [{ $ref: '#/$defs/none' }, /resolve/],
    [{ $schema: 'http://json-schema.org/draft-07/schema#' }, /2020-12/],
    [{ type: 'string', pattern: '(' }, /regular expression/],
    [{ type: 'string', pattern: '^(?=.*a)b' }, /linear time/],
    [{ type: 'string', pattern: '(a)\\1' }, /linear time/],
    [{ type: 'string', format: 'none' }, /format/],
  ] as const)
    assert.throws(() => check(schema), why, JSON.stringify(schema));
});
