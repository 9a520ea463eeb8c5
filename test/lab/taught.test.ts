import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseModel } from '../../src/behaviour/model-file.ts';
import { createPeople } from '../../src/lab/rules/people.ts';
import { LIST, STEP } from '../../src/lab/rules/rule-sets.ts';
import { createTaughtModels } from '../../src/lab/rules/taught.ts';

test('the lab’s models are whole, have the routes of its shop, and each gate has a file of its own that goes in the end', async () => {
  const models = createTaughtModels();
  const plain = await models.file(false);
  const { model, routes } = parseModel(await readFile(plain, 'utf8'));
  assert.equal(model.phase, 'ready');
  assert.deepEqual(routes, [`GET ${LIST}`, `GET ${LIST}/:id`]);
  await writeFile(plain, 'what a gate wrote');
  const again = await models.file(false);
  assert.equal(parseModel(await readFile(again, 'utf8')).model.learned, model.learned);
  const stepped = parseModel(await readFile(await models.file(true), 'utf8'));
  assert.deepEqual([...stepped.routes].sort(), [`GET ${LIST}`, `GET ${LIST}/:id`, `POST ${STEP}`]);
  await models.close();
  assert.equal(existsSync(plain) || existsSync(again), false);
});

test('people of the shop pause as people do, read what the list shows them, and are the same for the same seed', () => {
  const visit = createPeople(3, true);
  const visits = Array.from({ length: 500 }, visit);
  assert.deepEqual(visits, Array.from({ length: 500 }, createPeople(3, true)));
  const pauses = visits.flatMap((deeds) => deeds.slice(1).map(({ pause }) => pause)).sort((one, other) => one - other);
  const middle = pauses[pauses.length >> 1] ?? 0;
  assert.ok(middle > 6 && middle < 13, String(middle));
  for (const deeds of visits) {
    assert.equal(deeds[0]?.at, LIST);
    const shown = new Set<number>();
    for (const [index, { at }] of deeds.entries()) {
      if (at === LIST) shown.add(0);
      const page = /page=(\d+)$/.exec(at);
      if (page !== null) shown.add(Number(page[1]));
      const id = /\/(\d+)$/.exec(at);
      if (id === null) continue;
      assert.ok(shown.has(Math.floor(Number(id[1]) / 50)), at);
      assert.equal(deeds[index - 1]?.at, STEP);
    }
  }
});
