import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatInteraction,
  INTERACTION_BYTES,
  type Interaction,
  MOST_COUNTED,
  parseInteraction,
} from '../../src/wire/interaction.ts';

const encoder = new TextEncoder();
const FULL: Interaction = { moments: 40, forged: 2, gaps: 35, spread: 84, presses: 12, instant: 1 };

const summaries = fc
  .record({
    moments: fc.integer({ min: 0, max: MOST_COUNTED }),
    spread: fc.integer({ min: 0, max: MOST_COUNTED }),
    presses: fc.integer({ min: 0, max: MOST_COUNTED }),
    shares: fc.tuple(fc.nat(100), fc.nat(100), fc.nat(100)),
  })
  .map(({ moments, spread, presses, shares: [forged, gaps, instant] }): Interaction => {
    const of = (all: number, share: number): number => Math.floor((all * share) / 100);
    return {
      moments,
      forged: of(moments, forged),
      gaps: of(moments, gaps),
      spread,
      presses,
      instant: of(presses, instant),
    };
  });

test('whatever a page can count is read as it was written, in few bytes', () => {
  fc.assert(
    fc.property(summaries, (told) => {
      const bytes = encoder.encode(formatInteraction(told));
      assert.ok(bytes.length <= INTERACTION_BYTES, `${bytes.length}`);
      assert.deepEqual(parseInteraction(bytes), told);
    }),
  );
});

const REFUSED: readonly (readonly [name: string, text: string])[] = [
  ['nothing', ''],
  ['a list', '[1,2,3,4,5,6,7]'],
  ['null', 'null'],
  ['another version', JSON.stringify({ v: 2, ...FULL })],
  ['no version', JSON.stringify(FULL)],
  ['one member too many: a key that was pressed', JSON.stringify({ v: 1, ...FULL, key: 'a' })],
  ['one member too few', JSON.stringify({ v: 1, ...FULL, gaps: undefined })],
  ['another name in place of one', JSON.stringify({ v: 1, ...FULL, gaps: undefined, pauses: 1 })],
  ['text for a number', JSON.stringify({ v: 1, ...FULL, gaps: '3' })],
  ['null for a number', JSON.stringify({ v: 1, ...FULL, gaps: null })],
  ['half a movement', JSON.stringify({ v: 1, ...FULL, moments: 40.5 })],
  ['less than none', JSON.stringify({ v: 1, ...FULL, spread: -1 })],
  ['more than is counted', JSON.stringify({ v: 1, ...FULL, spread: MOST_COUNTED + 1 })],
  ['more forged than there were', JSON.stringify({ v: 1, ...FULL, forged: 41 })],
  ['more pauses than movements', JSON.stringify({ v: 1, ...FULL, gaps: 41 })],
  ['more instant presses than presses', JSON.stringify({ v: 1, ...FULL, instant: 13 })],
  ['the same with more room', `${JSON.stringify({ v: 1, ...FULL })}${' '.repeat(INTERACTION_BYTES)}`],
];

for (const [name, text] of REFUSED)
  test(`no summary: ${name}`, () => assert.equal(parseInteraction(encoder.encode(text)), null));

test('no summary: bytes that are no text', () => {
  const bytes = encoder.encode(formatInteraction(FULL));
  bytes[3] = 0xff;
  assert.equal(parseInteraction(bytes), null);
});
