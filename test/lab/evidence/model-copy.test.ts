import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { withModelCopy } from '../../../src/lab/evidence/model-copy.ts';

test('P12.1 gates that are attacked write what they learned into a copy, never into the app’s own model', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'own-'));
  t.after(() => rm(folder, { recursive: true }));
  const model = join(folder, 'model.json');
  await writeFile(model, 'what was learned');
  const { config, remove } = await withModelCopy({ mode: 'enforce', behaviour: { refuse: '1 in 1000', model } });
  const copy = config.behaviour?.model ?? assert.fail('no model');
  assert.deepEqual(config, { mode: 'enforce', behaviour: { refuse: '1 in 1000', model: copy } });
  assert.notEqual(copy, model);
  assert.equal(await readFile(copy, 'utf8'), 'what was learned');
  await writeFile(copy, 'what attackers taught');
  await remove();
  assert.equal(existsSync(copy), false);
  assert.equal(await readFile(model, 'utf8'), 'what was learned');
});

test('where there is no model yet the gate is given none, and none is made; without the layer nothing changes', async () => {
  const missing = join(tmpdir(), 'no-such-folder', 'model.json');
  const { config, remove } = await withModelCopy({ behaviour: { note: '1 in 100', model: missing } });
  assert.deepEqual(config, { behaviour: { note: '1 in 100' } });
  await remove();
  assert.equal(existsSync(missing), false);
  const bare = { mode: 'report' as const };
  assert.equal((await withModelCopy(bare)).config, bare);
  await assert.rejects(withModelCopy({ behaviour: { note: '1 in 100', model: tmpdir() } }), /EISDIR|EPERM|ENOTSUP/);
});
