import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Parts } from '../../src/browser/context.ts';
import { createChunks } from '../../src/browser/parts.ts';
import { takePlatform } from '../../src/browser/platform.ts';

/** Parts of the page's script on a network that breaks: what is asked for, and how often. */

Reflect.set(globalThis, 'self', globalThis);
const native = takePlatform();
assert.ok(native);

const NAMES: readonly (keyof Parts)[] = ['events', 'sealed', 'xhr'];

/** @param breaks whether the next load breaks */
function create(breaks: (name: string) => boolean) {
  const asked: string[] = [];
  const pauses: number[] = [];
  const copies = new Map<string, number>();
  const later = (run: () => void, milliseconds: number): number => {
    pauses.push(milliseconds);
    setImmediate(run);
    return 0;
  };
  const load = async (name: keyof Parts, failed: number): Promise<Parts[keyof Parts]> => {
    asked.push(`${name}#${failed}`);
    await Promise.resolve();
    if (breaks(name)) throw new TypeError('the network broke');
    copies.set(name, (copies.get(name) ?? 0) + 1);
    // A part of its own for each load, as browsers make of each address.
    return { name } as unknown as Parts[keyof Parts];
  };
  return { chunks: createChunks({ ...native, later } as typeof native & object, load), asked, pauses, copies };
}

test('a part whose load breaks is asked for again, each time by another address, with pauses that grow', async () => {
  let left = 3;
  const { chunks, asked, pauses } = create(() => left-- > 0);
  const [first, second] = await Promise.all([chunks('events'), chunks('events')]);
  assert.equal(first, second);
  assert.deepEqual(asked, ['events#0', 'events#1', 'events#2', 'events#3']);
  assert.deepEqual(pauses, [250, 500, 1000]);
  assert.equal(await chunks('events'), first);
  assert.equal(asked.length, 4, 'what is there is asked for no more');
});

test('where a part does not come callers are told, nobody waits for it again, and it is taken when it comes', async () => {
  let isDown = true;
  const { chunks, asked, pauses } = create(() => isDown);
  await assert.rejects(chunks('xhr'), TypeError);
  await assert.rejects(chunks('xhr'), TypeError);
  assert.deepEqual(asked, ['xhr#0', 'xhr#1', 'xhr#2', 'xhr#3', 'xhr#4']);
  assert.equal(pauses.length, 3);
  isDown = false;
  assert.equal(await chunks('xhr'), await chunks('xhr'));
  assert.deepEqual(asked.slice(5), ['xhr#5']);
});

test('of each part there is one copy, whoever asks and whatever breaks, and no address is asked for twice', async () => {
  const step = fc.record({ name: fc.constantFrom(...NAMES), turns: fc.nat({ max: 6 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.array(fc.boolean()), async (steps, fates) => {
      const broken = [...fates];
      const { chunks, asked, copies } = create(() => broken.shift() ?? false);
      const got = new Map<string, Set<unknown>>();
      const calls: Promise<unknown>[] = [];
      for (const { name, turns } of steps) {
        const keep = (part: unknown) => got.set(name, (got.get(name) ?? new Set()).add(part));
        calls.push(chunks(name).then(keep, () => {}));
        for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      }
      await Promise.all(calls);
      assert.equal(new Set(asked).size, asked.length);
      for (const [name, parts] of got) assert.deepEqual([parts.size, copies.get(name)], [1, 1], name);
      for (const count of copies.values()) assert.equal(count, 1);
    }),
  );
});
