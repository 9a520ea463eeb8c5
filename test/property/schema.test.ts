import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonSchema } from '../../src/guard/schema/close.ts';
import { createEngine } from '../../src/guard/schema/engine.ts';
import { createTestDoors } from '../support/doors.ts';

const { Ajv2020 }: typeof import('ajv/dist/2020.js') = createRequire(import.meta.url)('ajv/dist/2020.js');

/** Makes a library and an engine once: they take longer than their schemas. */
const theirs = new Ajv2020({ strict: false, ownProperties: true, logger: false });
const ours = createEngine();
const takes = (schema: JsonSchema, value: unknown): boolean => {
  const valid = theirs.compile(schema)(value);
  theirs.removeSchema(schema);
  return valid;
};

const names = fc.constantFrom('a', 'b', 'c');
const leaf: fc.Arbitrary<JsonSchema> = fc.oneof(
  fc.record({ type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'null', 'object', 'array') }),
  fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ type: fc.constant('string'), maxLength: fc.nat(3) }),
  fc.record({ enum: fc.uniqueArray(fc.constantFrom(1, 'a', null, true), { minLength: 1 }) }),
);
/** `if`, `then` and `else` of a schema. */
const chosen = ([a, b, c]: readonly JsonSchema[]): JsonSchema =>
  Object.fromEntries([
    ['if', a],
    ['then', b],
    ['else', c],
  ]);

const { schema } = fc.letrec<{ schema: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record(
      {
        properties: fc.dictionary(names, tie('schema'), { maxKeys: 3 }),
        required: fc.uniqueArray(names, { maxLength: 1 }),
      },
      { requiredKeys: ['properties'] },
    ),
    fc.record({ type: fc.constant('array'), items: tie('schema') }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie('schema') }),
    fc.tuple(tie('schema'), tie('schema'), tie('schema')).map(chosen),
  ),
}));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(0, 1, -5, 2.5, '', 'a', 'abcd', true, null),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
}));

/** The same schema with every object open: then closing changes nothing. */
function opened(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(opened);
  if (typeof given !== 'object' || given === null || 'enum' in given) return given;
  const entries = Object.entries(given).map(([key, inner]) => [
    key,
    key === 'properties'
      ? Object.fromEntries(Object.entries(inner as object).map(([name, one]) => [name, opened(one)]))
      : key === 'required'
        ? inner
        : opened(inner),
  ]);
  return { additionalProperties: true, ...Object.fromEntries(entries) };
}

test('an open schema gives the verdict that its library gives', () => {
  fc.assert(
    fc.property(schema, value, (written, content) => {
      const open = opened(written) as JsonSchema;
      assert.equal(ours.compile(open).check(content) === null, takes(open, content));
    }),
    { numRuns: 60 },
  );
});

test('a closed schema takes nothing that the schema as it is written refuses', () => {
  fc.assert(
    fc.property(schema, value, (written, content) => {
      if (ours.compile(written).check(content) === null) assert.equal(takes(written, content), true);
    }),
    { numRuns: 120 },
  );
});

test('what passes goes on byte for byte, however it was written', async () => {
  const body = { additionalProperties: true };
  const doors = createTestDoors({ routes: [{ match: 'POST /api/x', level: 'open', schema: { body } }] });
  const spaces = fc.constantFrom('', ' ', '\n\t ');
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), spaces, async (content, space) => {
      const text = `${space}${JSON.stringify(content, null, space)}${space}`;
      const headers = { 'content-type': 'application/json' };
      const decision = await doors.decide({ method: 'POST', target: '/api/x', headers, body: text });
      if (decision.outcome === 'admit') assert.equal(Buffer.from(decision.body ?? []).toString(), text);
      else assert.match(decision.trail[0]?.evidence ?? '', /surrogate|__proto__|prototype|nested|must not be there/);
    }),
  );
});
