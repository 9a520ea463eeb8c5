import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from '@babel/parser';
import { applyPatch } from 'diff';
import fc from 'fast-check';
import { type Comment, editConfig, NotEditable } from '../../src/learning/edit.ts';
import { toLiteral } from '../../src/learning/literal.ts';
import type { Proposal, ProposedField, ProposedRoute } from '../../src/learning/proposal.ts';

const field = (name: ProposedField['name'], value: unknown, loosens = ''): ProposedField => ({
  name,
  value,
  evidence: `evidence of ${name}`,
  loosens,
  rare: '',
  layer: '',
});

const route = (
  match: string,
  known: boolean,
  fields: readonly ProposedField[] = [],
  more: Partial<ProposedRoute> = {},
): ProposedRoute => ({
  match,
  known,
  evidence: `evidence of ${match}`,
  loosens: '',
  fields,
  hasStep: false,
  doubt: '',
  ...more,
});

const proposal = (routes: readonly ProposedRoute[], openapi = ''): Proposal => ({ routes, openapi });
const comment: Comment = (one, of) => (of === null ? `${one.evidence}.` : `${of.evidence}.`);
const edited = (text: string, given: Proposal, name = 'sallyport.config.ts') => editConfig(name, text, given, comment);

describe('a proposal in the text of a configuration', () => {
  test('without a file there is a new one', () => {
    const { text, diff } = edited('', proposal([route('GET /api/a', false, [field('limit', '60/minute')])]));
    assert.equal(
      text,
      `import { defineConfig } from 'sallyport/config';

export default defineConfig({
  to: 'http://localhost:3000',
  routes: [
    // evidence of GET /api/a.
    {
      match: 'GET /api/a',
      // evidence of limit.
      limit: '60/minute',
    },
  ],
});
`,
    );
    assert.match(diff, /^--- \/dev\/null$/m);
  });

  test('everything else stays as it was, types and comments too', () => {
    const before = `import { defineConfig } from 'sallyport/config';
import type { Config } from 'sallyport/config';

const routes: string = 'not these';

// Ours.
export default defineConfig({
  to: 'http://localhost:3000', // here
  routes: [
    { match: 'GET /api/a' }, // one line
    {
      match: 'GET /api/b',
      user: true, // people
      // the last comment
    },
  ],
  mode: 'report',
} satisfies Config);
`;
    const given = [
      route('GET /api/a', true, [field('limit', '10/minute')]),
      route('GET /api/b', true, [field('after', 'GET /api/a')]),
      route('GET /api/c', false, [], { loosens: 'it was refused' }),
    ];
    const { text, diff, unplaced } = edited(before, proposal(given));
    assert.deepEqual(unplaced, []);
    assert.equal(
      text,
      before
        .replace(
          `    { match: 'GET /api/a' }, // one line`,
          `    {
      match: 'GET /api/a',
      // evidence of limit.
      limit: '10/minute',
    }, // one line`,
        )
        .replace(
          `      user: true, // people
      // the last comment
`,
          `      user: true, // people
      // the last comment
      // evidence of after.
      after: 'GET /api/a',
`,
        )
        .replace(
          `    },
  ],
`,
          `    },
    // evidence of GET /api/c.
    // loosens: it was refused
    { match: 'GET /api/c' },
  ],
`,
        ),
    );
    assert.equal(applyPatch(before, diff), text, 'the diff is a patch');
  });

  test('what is doubted is written as a comment', () => {
    const doubted = route('POST /api/hook', false, [field('limit', '1/minute')], { doubt: 'programs alone call it' });
    const { text } = edited('', proposal([doubted]));
    assert.match(
      text,
      /\/\/ Not taken up: programs alone call it\.\n {4}\/\/ \{\n {4}\/\/ {3}match: 'POST \/api\/hook',/,
    );
    assert.doesNotMatch(text, /^\s*match:/m);
  });

  test('what loosens has a line that says so, above what it is about', () => {
    const { text } = edited('', proposal([route('GET /api/a', false, [field('carriers', ['media'], 'no proof')])]));
    assert.match(text, /\/\/ loosens: no proof\n\s+carriers: \['media'\],/);
  });

  const shapes: readonly [name: string, text: string][] = [
    ['a plain object', `export default { to: 'http://localhost:3000' };\n`],
    ['a constant', `const config = { to: 'http://localhost:3000' } as const;\nexport default config;\n`],
    ['an empty list', `export default { routes: [] };\n`],
    ['one line', `export default { to: 'x', routes: [{ match: 'GET /api/x' }] };\n`],
    ['no comma at the end', `export default {\n  routes: [\n    { match: 'GET /api/x' }\n  ]\n};\n`],
    ['names in quotes', `export default {\n  'routes': [\n    { "match": "GET /api/x" },\n  ],\n};\n`],
  ];
  for (const [name, before] of shapes) {
    test(`a configuration that is ${name}`, async () => {
      const { text } = edited(before, proposal([route('GET /api/a', false, [field('limit', '1/minute')])], 'api.yaml'));
      const code = text.replace(' as const', '');
      const { default: config } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
      assert.deepEqual(config.routes.at(-1), { match: 'GET /api/a', limit: '1/minute' });
      assert.equal(config.openapi, 'api.yaml');
    });
  }

  test('JSON', () => {
    const before = '{ "routes": [{ "match": "GET /api/a", "user": true }] }';
    const given = [
      route('GET /api/a', true, [field('limit', '1/minute')]),
      route('GET /api/b', false),
      route('GET /api/c', false, [], { doubt: 'x' }),
    ];
    const { text } = edited(before, proposal(given), 'sallyport.config.json');
    assert.deepEqual(JSON.parse(text), {
      routes: [{ match: 'GET /api/a', user: true, limit: '1/minute' }, { match: 'GET /api/b' }],
    });
  });

  test('JSON shows what stands in it: names of fields are what somebody sent', () => {
    const properties = { 'a\u009b31m\u202eb': true, '😀\u{e0001}ß': true, 'c\nd': true };
    const given = [route('GET /api/a', false, [field('schema', { body: { properties } })])];
    const { text, diff } = edited('{}', proposal(given), 'sallyport.config.json');
    assert.doesNotMatch(text + diff, /[\u0080-\u009f\u202e\u{e0001}]/u);
    assert.deepEqual(JSON.parse(text).routes[0].schema.body.properties, properties);
  });

  test('routes that are not written out are left to be placed by hand', () => {
    const { unplaced, text } = edited(
      `import { more } from './more.ts';\nexport default { routes: [...more] };\n`,
      proposal([route('GET /api/a', true, [field('limit', '1/minute')])]),
    );
    assert.deepEqual(
      unplaced.map(({ match }) => match),
      ['GET /api/a'],
    );
    assert.match(text, /\.\.\.more/);
  });

  test('a file whose routes cannot be read is not changed', () => {
    const given = proposal([route('GET /api/a', false)]);
    assert.throws(
      () => edited('export default { routes: make() };', given),
      new NotEditable('routes is make(), and no list that could be read'),
    );
    assert.throws(() => edited('export default load();', given), NotEditable);
    assert.throws(() => edited('export default {', given), NotEditable);
  });

  test('nothing to propose, nothing changed', () => {
    const { diff } = edited('export default {};\n', proposal([]));
    assert.equal(diff, '');
  });
});

describe('values as TypeScript', () => {
  test('any JSON comes back as it was, whatever texts it holds', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', "'", '"', '\\', '\n', '`', '$', '{', '\u2028', '\u202e', '\u0007', 'ß', '😀'),
    });
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), texts, (value, text) => {
        const both = { value, [text]: text };
        if (JSON.stringify(both).includes('__proto__')) return;
        const back: unknown = new Function(`return ${toLiteral(both)}`)();
        assert.deepEqual(back, JSON.parse(JSON.stringify(both)));
      }),
    );
  });

  test('nothing of a text ends its line or turns the direction of writing', () => {
    const written = toLiteral("a\u202eb\u2028c\nd\u0007'");
    assert.match(written, /^[\x20-\x7e]+$/);
    assert.doesNotThrow(() => parse(`(${written})`));
  });
});
