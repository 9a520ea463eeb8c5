import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { formatModel, parseModel } from '../../src/behaviour/model-file.ts';
import { readModel, writeModel } from '../../src/behaviour/model-store.ts';
import { createSchool } from './app/school.ts';

const school = createSchool({ sessions: 200 });
school.teach(Array.from({ length: 300 }, () => school.visit(school.person())));
const { model, routes } = school.book;
const text = formatModel(model, routes.names);

const folder = await mkdtemp(join(tmpdir(), 'behaviour-'));
after(() => rm(folder, { recursive: true }));

test('a model that was written and read says the same of the same sessions', () => {
  const read = parseModel(text);
  assert.deepEqual(read.routes, routes.names);
  assert.equal(read.model.learned, model.learned);
  const visits = Array.from({ length: 20 }, () => school.visit(school.program('crawler')));
  const odds = school.ask(visits).map((seen) => seen.odds);
  assert.ok(odds.every((one) => one > 10));
  assert.deepEqual(
    odds,
    school.ask(visits).map((seen) => seen.odds),
  );
  assert.equal(formatModel(read.model, read.routes), text, 'and is written as it was');
});

test('where it takes more sessions from now on, it goes on learning', () => {
  assert.equal(parseModel(text, 200).model.phase, 'ready');
  assert.notEqual(parseModel(text, 10_000).model.phase, 'ready');
});

test('no address, session or path of anybody is in it', () => {
  assert.doesNotMatch(text, /network|\/api\/posts\/\d/);
});

const altered = (change: (model: Record<string, unknown>) => void): string => {
  const parsed: Record<string, unknown> = JSON.parse(text);
  change(parsed);
  return JSON.stringify(parsed);
};

for (const [name, bad, why] of [
  ['nothing', '', /no JSON/],
  ['half of one', text.slice(0, text.length / 2), /no JSON/],
  ['another thing', '{"version":1}', /not a behaviour model/],
  ['another version', altered((one) => Object.assign(one, { version: 2 })), /another version/],
  ['other features', altered((one) => Object.assign(one, { features: ['pace'] })), /other features/],
  ['a field more', altered((one) => Object.assign(one, { more: 1 })), /not a behaviour model/],
  ['a count below nothing', altered((one) => Object.assign(one, { hours: Array(24).fill(-1) })), /hours/],
  ['a count that is none', altered((one) => Object.assign(one, { reached: Array(8).fill(null) })), /reached/],
  ['a move between routes that there are not', altered((one) => Object.assign(one, { moves: [[0, 300, 1]] })), /moves/],
  ['a value out of range', altered((one) => Object.assign(one, { scores: [[100_000, 1]] })), /out of range/],
  ['a node out of range', altered((one) => Object.assign(one, { trees: treesWith([[1_000_000, 1]]) })), /out of range/],
] as const) {
  test(`bad input: ${name} is no model, and nothing of it is believed`, () => {
    assert.throws(
      () => parseModel(bad),
      (error: unknown) => error instanceof RangeError && why.test(error.message),
    );
  });
}

function treesWith(reference: readonly (readonly [number, number])[]): unknown {
  return { total: 1, pending: 0, reference, latest: [] };
}

test('a file is put in place whole, for its owner alone, and nothing else is left', async () => {
  const path = join(folder, 'model.json');
  assert.equal(await readModel(path), null, 'none yet');
  await writeModel(path, model, routes.names);
  await writeModel(path, model, routes.names);
  assert.deepEqual(await readdir(folder), ['model.json']);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await readModel(path))?.model.learned, model.learned);
});

test('a file that holds no model is refused by its name', async () => {
  const path = join(folder, 'broken.json');
  await writeFile(path, text.slice(0, 1000));
  await assert.rejects(readModel(path), /broken\.json: not a behaviour model/);
});

test('where no file can be written the error says so, and no scrap stays', async () => {
  await assert.rejects(writeModel(join(folder, 'nowhere', 'model.json'), model, routes.names), /ENOENT/);
});
