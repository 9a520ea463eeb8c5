import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHealth } from '../../src/gateway/health.ts';

test('health is 200 while the gate lives and 503 once it drains, and no cache keeps either', () => {
  const health = createHealth();
  assert.equal(health.answer().status, 200);
  assert.equal(health.answer().body, 'ok\n');
  health.drain();
  assert.equal(health.answer().status, 503);
  assert.ok(health.answer().fields.includes('no-store'));
});
