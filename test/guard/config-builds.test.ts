import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';

const REFUSED: readonly (readonly [builds: unknown, said: RegExp])[] = [
  ['day', /builds is "day"; write release or hour/],
  [{ each: 'hour', live: 1 }, /builds\.live is 1; write a whole number of hours, 2 or more/],
  [{ each: 'hour', live: 49 }, /builds\.live is 49; write 48 hours at most/],
  [{ each: 'release', live: 3 }, /builds\.live is 3; hours are for each: "hour"/],
  [{ each: 'hour', release: '2' }, /builds\.release is "2"; a name is for each: "release"/],
  [{ each: 'hour', also: [] }, /builds\.also is \[\]; ids are for each: "release"/],
  [{ each: 'release', also: ['1'] }, /builds\.also\[0\] is "1"; write the 16 hex digits/],
  [{ each: 'release', also: Array(9).fill('0123456789abcdef') }, /builds\.also is .*; list 8 ids at most/],
  [{ each: 'release', release: 'a b' }, /builds\.release is "a b"; write a name/],
  [{ each: 'hour', plain: ['mobile'] }, /builds\.plain is "mobile"; clients has no such one; it has default/],
];

for (const [builds, said] of REFUSED)
  test(`builds of ${JSON.stringify(builds).slice(0, 60)} are refused with field and rule`, () => {
    assert.throws(() => parseConfig({ to: 'http://localhost:3000', builds }, 'config'), said);
  });

test('without builds there are none; a word is enough for those that there are', () => {
  assert.equal(compilePolicy({}).builds, null);
  const { each, live, also, plain } = compilePolicy({ builds: 'hour' }).builds ?? {};
  assert.deepEqual([each, live, also, [...(plain ?? [])]], ['hour', 3, [], []]);
});
