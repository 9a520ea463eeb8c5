/**
 * What SARIF 2.1.0 (OASIS) says of the parts that evidence uses, as a JSON Schema of our own words: §3.13 log, §3.14 run, §3.18 tool, §3.19
 * driver, §3.20 invocation, §3.27 result, §3.33 logicalLocation, §3.49 rule, §3.8 properties. Stricter than the standard: fields that are not used are refused.
 */
const text = {
  type: 'object',
  required: ['text'],
  additionalProperties: false,
  properties: { text: { type: 'string', minLength: 1 } },
};
const bag = (properties: object) => ({ type: 'object', properties });

const rule = {
  type: 'object',
  required: ['id'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', minLength: 1 },
    name: { type: 'string' },
    shortDescription: text,
    fullDescription: text,
    properties: bag({ tags: { type: 'array', uniqueItems: true, items: { type: 'string' } } }),
  },
};

const result = {
  type: 'object',
  required: ['message'],
  additionalProperties: false,
  properties: {
    ruleId: { type: 'string' },
    ruleIndex: { type: 'integer', minimum: -1 },
    kind: { enum: ['notApplicable', 'pass', 'fail', 'review', 'open', 'informational'] },
    level: { enum: ['none', 'note', 'warning', 'error'] },
    message: text,
    locations: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        properties: {
          logicalLocations: {
            type: 'array',
            uniqueItems: true,
            items: {
              type: 'object',
              additionalProperties: false,
              properties: { name: { type: 'string' }, kind: { type: 'string' } },
            },
          },
        },
      },
    },
    properties: bag({}),
  },
  // §3.27.10: whoever does not fail has no level.
  if: { properties: { kind: { const: 'fail' } } },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema calls it so
  then: { properties: { level: { enum: ['note', 'warning', 'error'] } } },
  else: { properties: { level: { const: 'none' } } },
};

const run = {
  type: 'object',
  required: ['tool'],
  additionalProperties: false,
  properties: {
    tool: {
      type: 'object',
      required: ['driver'],
      additionalProperties: false,
      properties: {
        driver: {
          type: 'object',
          required: ['name'],
          additionalProperties: false,
          properties: { name: { type: 'string' }, version: { type: 'string' }, rules: { type: 'array', items: rule } },
        },
      },
    },
    invocations: {
      type: 'array',
      items: {
        type: 'object',
        required: ['executionSuccessful'],
        additionalProperties: false,
        properties: {
          executionSuccessful: { type: 'boolean' },
          commandLine: { type: 'string' },
          startTimeUtc: { type: 'string', format: 'date-time' },
        },
      },
    },
    results: { type: 'array', items: result },
    properties: bag({}),
  },
};

export const SARIF = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  required: ['version', 'runs'],
  additionalProperties: false,
  properties: {
    $schema: { type: 'string', format: 'uri' },
    version: { const: '2.1.0' },
    runs: { type: 'array', items: run },
  },
};
