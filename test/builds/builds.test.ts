import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Make } from '../../src/builds/shelf.ts';
import { namesOf } from '../../src/builds/names.ts';
import { invert } from '../../src/wire/build.ts';
import { type Bench, createBench, SECRET, START } from './support.ts';

const HOUR = 3_600_000;

/** Nothing here takes time: what has not come after so many turns never will. */
async function until(holds: () => boolean): Promise<void> {
  for (let turns = 10_000; !holds(); turns--) {
    assert.ok(turns > 0, 'waited in vain');
    await new Promise((done) => setImmediate(done));
  }
}

/** Waits until pages get another build than `names`. */
const other = (bench: Bench, { id }: { readonly id: string }): Promise<void> => until(() => bench.names().id !== id);

test('a page enters and calls in the names of its build', async () => {
  const bench = await createBench({ builds: 'hour' });
  const names = bench.names();
  const entry = await bench.enter(names);
  assert.equal(entry.code, '');
  const { outcome, level } = await bench.call(entry, names);
  assert.deepEqual([outcome, level], ['admit', 'proof']);
  await bench.guard.close();
});

test('the protocol’s own names open nothing: not at the door, and not with a key that a build has', async () => {
  const bench = await createBench({ builds: 'hour' });
  assert.equal((await bench.enter(null)).code, 'build');
  const entry = await bench.enter(bench.names());
  assert.equal((await bench.call(entry, null)).code, 'build');
  assert.equal((await bench.call(entry, bench.names())).outcome, 'admit');
  await bench.guard.close();
});

test('a client that builds.plain lists goes on in the protocol’s own names', async () => {
  const bench = await createBench({ builds: { each: 'hour', plain: ['default'] } });
  const entry = await bench.enter(null);
  assert.equal((await bench.call(entry, null)).outcome, 'admit');
  const page = await bench.enter(bench.names());
  assert.equal((await bench.call(page, bench.names())).outcome, 'admit');
  await bench.guard.close();
});

test('the key of a call is derived with the build’s label: names alone sign nothing', async () => {
  const bench = await createBench({ builds: 'hour' });
  const names = bench.names();
  const entry = await bench.enter(names, { label: namesOf(Buffer.alloc(32), names.id).label });
  assert.equal((await bench.call(entry, names)).code, 'signature');
  await bench.guard.close();
});

test('what is not spelt as the build spells it is no proof', async () => {
  const bench = await createBench({ builds: 'hour' });
  const names = bench.names();
  const entry = await bench.enter(names);
  const swapped = { ...names, created: names.nonce, nonce: names.created };
  assert.equal((await bench.call(entry, swapped)).code, 'stale');
  assert.equal((await bench.call(entry, names, { fields: [names.input.toUpperCase(), 'x'] })).code, 'stale');
  assert.equal((await bench.call(entry, { ...names, input: names.signature, signature: names.input })).code, 'stale');
  assert.equal((await bench.call(entry, names)).outcome, 'admit');
  await bench.guard.close();
});

test('a field of another member at the door is refused, and one that is none is not read', async () => {
  const bench = await createBench({ builds: 'hour' });
  const names = bench.names();
  assert.equal((await bench.enter(names, { body: { client: 'default' } })).code, 'schema');
  assert.equal((await bench.enter(names, { body: { build: '0123456789abcdef' } })).code, 'build');
  assert.equal((await bench.enter(names, { body: { build: 1 } })).code, 'build');
  await bench.guard.close();
});

test('a page goes on with the build it has for as many hours as live says, and its calls to the end of its ticket', async () => {
  const bench = await createBench({ builds: { each: 'hour', live: 2 } });
  const old = bench.names();
  bench.now += HOUR;
  await other(bench, old);
  const entry = await bench.enter(old);
  assert.equal((await bench.call(entry, old)).outcome, 'admit');
  const present = bench.names();
  assert.equal((await bench.call(await bench.enter(present), present)).outcome, 'admit');
  // To the last moment of its second hour; the ticket of then lasts into the third.
  bench.now = (Math.floor(bench.now / HOUR) + 1) * HOUR - 1;
  const last = await bench.enter(old);
  bench.now += 2;
  await other(bench, present);
  assert.equal((await bench.call(last, old)).outcome, 'admit');
  assert.equal((await bench.enter(old)).code, 'build');
  await bench.guard.close();
});

test('gates of one secret agree without talking, a clock that is ahead too; those of another secret do not', async () => {
  const [one, two, stranger] = await Promise.all([
    createBench({ builds: 'hour' }),
    createBench({ builds: 'hour' }),
    createBench({ builds: 'hour' }, undefined, `${SECRET}, another`),
  ]);
  assert.deepEqual(one.names(), two.names());
  assert.equal(one.guard.scriptHash, two.guard.scriptHash);
  assert.notEqual(one.names().id, stranger.names().id);
  const old = two.names();
  two.now += HOUR;
  await other(two, old);
  assert.equal((await one.enter(two.names())).code, '');
  assert.equal((await one.enter(stranger.names())).code, 'build');
  await Promise.all([one, two, stranger].map(({ guard }) => guard.close()));
});

test('a release’s build outlives a restart; a release of another name has another, and takes those it is told of', async () => {
  const first = await createBench({ builds: 'release' });
  const names = first.names();
  await first.guard.close();
  const again = await createBench({ builds: 'release' });
  again.now += 1000 * HOUR;
  assert.deepEqual(again.names(), names);
  await again.guard.close();
  const next = await createBench({ builds: { each: 'release', release: '2' } });
  assert.notEqual(next.names().id, names.id);
  assert.equal((await next.enter(names)).code, 'build');
  await next.guard.close();
  const both = await createBench({ builds: { each: 'release', release: '2', also: [names.id] } });
  assert.equal((await both.call(await both.enter(names), names)).outcome, 'admit');
  await both.guard.close();
});

test('a build that was made ahead of its turn is what pages get from then on, and is not made again', async (t) => {
  let makes = 0;
  const make: Make = async (texts) => {
    makes++;
    return texts;
  };
  const bench = await createBench({ builds: 'hour' }, make);
  t.after(() => bench.guard.close());
  const old = bench.names();
  bench.now = START + HOUR - 60_000;
  bench.reload();
  await until(() => makes === 2);
  assert.deepEqual(bench.names(), old);
  bench.now = START + HOUR;
  await other(bench, old);
  assert.equal((await bench.enter(bench.names())).code, '');
  assert.equal(makes, 2);
});

test('where the next build cannot be made, pages keep the one they have, and it is taken however old it grows', async (t) => {
  let fails = false;
  const make: Make = async (texts) => {
    if (fails) throw new Error('no memory');
    return texts;
  };
  const warned = new Promise<Error>((done) => process.once('warning', done));
  const bench = await createBench({ builds: { each: 'hour', live: 2 } }, make);
  t.after(() => bench.guard.close());
  const old = bench.names();
  fails = true;
  bench.now += 9 * HOUR;
  assert.equal(bench.names().id, old.id);
  assert.match((await warned).message, /no memory.*pages keep the build/);
  assert.equal((await bench.call(await bench.enter(old), old)).outcome, 'admit');
  assert.equal(bench.names().id, old.id);
});

test('a gate that cannot make its first build does not start', async () => {
  await assert.rejects(
    createBench({ builds: 'hour' }, () => Promise.reject(new Error('no memory'))),
    /no memory/,
  );
});

test('no two words of a build are alike, and no build’s are another’s', () => {
  const secret = Buffer.alloc(32, 1);
  const words = Array.from({ length: 200 }, (_, at) => {
    const { id: _id, label, tags, members, ...rest } = namesOf(secret, at.toString(16).padStart(16, '0'));
    const all = [...Object.values(rest), ...Object.values(tags), ...Object.values(members)];
    assert.equal(new Set(all).size, all.length);
    for (const word of all) assert.match(word, /^(?:x-[a-z]{10}|[a-z]{8})$/);
    assert.match(label, /^[0-9a-f]{32}$/);
    assert.equal(Object.keys(invert(members)).length, Object.keys(members).length);
    return label;
  });
  assert.equal(new Set(words).size, words.length);
});

test('other people’s signatures beside the page’s stay theirs', async () => {
  const bench = await createBench({ builds: 'hour' });
  const names = bench.names();
  const entry = await bench.enter(names);
  const theirs = ['Signature-Input', 'other=("@method");keyid="k"', 'Signature', 'other=:AAAA:'];
  assert.equal((await bench.call(entry, names, { fields: theirs })).outcome, 'admit');
  await bench.guard.close();
});

test('a captured call is worth nothing a second time, in whichever names', async () => {
  const bench = await createBench({ builds: 'hour' });
  const names = bench.names();
  const entry = await bench.enter(names);
  assert.equal((await bench.call(entry, names)).outcome, 'admit');
  if (entry.entered !== null) entry.entered.nonce -= 1;
  assert.equal((await bench.call(entry, names)).code, 'replayed');
  await bench.guard.close();
});
