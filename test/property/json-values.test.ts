import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { parseJsonPath, toName, valuesAt } from '../../src/guard/json-path.ts';
import { JsonValues } from '../../src/guard/json-values.ts';

const PATHS = ['$', '$[*]', '$.id', '$[*].id', '$.posts[*].id', '$.a[1]', '$.posts[*]', '$[0].posts[*].id'];

/** JSON in which the paths above find something now and then. */
const { value: json } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('id', 'posts', 'a', 'b"\\', 'ü', '__proto__'), tie('value'), { maxKeys: 4 }),
  ),
}));

function read(text: string, paths: readonly string[], size: number): string[] {
  const reader = new JsonValues(paths.map(parseJsonPath));
  const bytes = Buffer.from(text);
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += size) found.push(...reader.read(bytes.subarray(at, at + size)));
  return [...found, ...reader.read(Buffer.from('\n'))];
}

describe('values at paths, read from a stream', () => {
  test('are those that the whole text has there, however it is cut', () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 1, max: 7 }), fc.boolean(), (value, size, spaced) => {
        const text = JSON.stringify(value, null, spaced ? 1 : 0);
        const whole: unknown = JSON.parse(text);
        for (const path of PATHS) {
          const wanted = valuesAt(whole, parseJsonPath(path)).map(toName);
          assert.deepEqual(
            read(text, [path], size),
            wanted.filter((name) => name !== ''),
            path,
          );
        }
        const all = PATHS.flatMap((path) => valuesAt(whole, parseJsonPath(path)).map(toName)).filter(Boolean);
        const together = new Set(read(text, PATHS, size));
        assert.deepEqual(together, new Set(all));
      }),
      { numRuns: 2000 },
    );
  });

  test('nothing is thrown over text that is no JSON, and little is kept of what is too long or too deep', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ 1ae\u0000') }), (text) => {
        read(text, PATHS, 3);
      }),
      { numRuns: 2000 },
    );
    const long = 'x'.repeat(3000);
    assert.deepEqual(read(JSON.stringify([long, 'id', long]), ['$[*]'], 100), ['id']);
    assert.deepEqual(read(`${'['.repeat(1000)}1${']'.repeat(1000)}`, ['$[*]'], 100), []);
    assert.deepEqual(read(`[${'['.repeat(1000)}1${']'.repeat(1000)},"2"]`, ['$[*]'], 100), ['2']);
  });

  test('what a text says within quotes names nothing', () => {
    const text = JSON.stringify({ title: '","id":"99","x":"', posts: [{ text: '}],"id":"98"', id: 7 }] });
    assert.deepEqual(read(text, ['$.id', '$.posts[*].id'], 2), ['7']);
  });
});
