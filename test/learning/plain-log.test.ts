import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readCombined } from '../../src/learning/readers/combined-log.ts';
import { interned } from '../../src/learning/readers/interned.ts';
import { createPlainReader } from '../../src/learning/readers/plain-log.ts';

const readPlainly = createPlainReader();

/** In the midst of other bytes, as in a file. */
function plainly(line: string) {
  const bytes = Buffer.from(`"GET / [${line}"\n1.2.3.4 - - ["x" `);
  return readPlainly(bytes, 8, 8 + Buffer.byteLength(line));
}

const COMBINED =
  '203.0.113.7 - - [22/Nov/2026:10:00:01 +0100] "GET /api/posts/7?a=1 HTTP/1.1" 200 512 "https://app.example/posts" "Mozilla/5.0 (X11) Firefox/140.0"';

describe('reading log lines without making texts', () => {
  test('takes up a line as nearly all are, more than once', () => {
    for (const _ of [1, 2]) {
      const found = plainly(COMBINED);
      assert.deepEqual(found, readCombined(COMBINED));
      assert.equal(found?.target, '/api/posts/7?a=1');
    }
    for (const line of [COMBINED.replace('- -', '- jake'), COMBINED.replace('203.0.113.7', '2001:db8:1:2::7')])
      assert.deepEqual(plainly(line) ?? 'not plain', readCombined(line));
  });

  test('reads nothing in another way than by the whole pattern, whatever became of the line', () => {
    const pieces = [
      ' ',
      '"',
      '[',
      ']',
      '-',
      '\\',
      '\t',
      '/',
      '7',
      'GET',
      '\r',
      '\u00a0',
      'é',
      '\ufffd',
      ' "',
      '" ',
      '\\x22',
      '+',
    ];
    const change = fc.record({
      at: fc.nat({ max: COMBINED.length }),
      gone: fc.nat({ max: 6 }),
      piece: fc.constantFrom('', ...pieces),
    });
    let read = 0;
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        let line = COMBINED;
        for (const { at, gone, piece } of changes) line = line.slice(0, at) + piece + line.slice(at + gone);
        const found = plainly(line);
        if (found === null) return;
        read += 1;
        assert.deepEqual(found, readCombined(line), line);
      }),
      { numRuns: 3000 },
    );
    assert.ok(read > 300, `${read} of them were read`);
  });

  test('never looks beyond the line', () => {
    for (let length = 0; length < COMBINED.length; length++) {
      const found = plainly(COMBINED.slice(0, length));
      assert.equal(found, null, `${length}`);
    }
  });
});

describe('results by bytes', () => {
  test('are those of the function, whichever were asked for before and however few are kept', () => {
    let made = 0;
    const lengthOf = interned(
      (text) => {
        made += 1;
        return text;
      },
      { places: 4, longest: 8 },
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('', 'a', 'b', 'aa', 'é', 'e\u0301', '0123456789', 'abcdefgh', 'abcdefgi')),
        (texts) => {
          for (const text of texts) {
            const bytes = Buffer.from(`x${text}y`);
            assert.equal(lengthOf(bytes, 1, bytes.length - 1), text);
          }
        },
      ),
    );
    made = 0;
    const bytes = Buffer.from('abc');
    for (let times = 0; times < 10; times++) lengthOf(bytes, 0, 3);
    assert.ok(made <= 1, 'what is asked for again is not made again');
  });

  test('bytes that are no UTF-8 are told apart, though they read alike', () => {
    let made = 0;
    const of = interned(() => (made += 1), { places: 8, longest: 8 });
    assert.equal(of(Buffer.of(0xff), 0, 1), 1);
    assert.equal(of(Buffer.of(0xfe), 0, 1), 2);
    assert.equal(of(Buffer.of(0xff), 0, 1), 1);
  });
});
