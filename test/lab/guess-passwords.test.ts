import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGate } from '../../src/gateway/index.ts';
import { bruteForce, stuffing } from '../../src/lab/attackers/guess-passwords.ts';
import { runAttackers } from '../../src/lab/run.ts';
import { startBackend } from './backend.ts';

const attackers = [bruteForce, stuffing];

async function attack(login: { accounts: true } | undefined) {
  const backend = await startBackend();
  const gate = await startGate({
    to: backend.url,
    listen: '127.0.0.1:0',
    mode: 'enforce',
    ...(login === undefined ? {} : { login }),
  });
  try {
    const report = await runAttackers(`http://127.0.0.1:${gate.address.port}/api/posts`, { seconds: 120 }, attackers);
    return report.rungs;
  } finally {
    await gate.close({ graceMs: 100 });
    await backend.close();
  }
}

test('R67 guesses are slowed: five at one account, about twenty at many, then next to none', async () => {
  const [brute, many] = await attack({ accounts: true });
  assert.equal(brute?.verdict, 'slowed', JSON.stringify(brute));
  assert.ok(brute.admitted >= 5 && brute.admitted <= 12, `${brute.admitted} guesses looked at`);
  assert.equal(brute.refused['limit'], brute.tried - brute.admitted);
  assert.equal(many?.verdict, 'slowed', JSON.stringify(many));
  assert.ok(many.admitted >= 15 && many.admitted <= 30, `${many.admitted} tries looked at`);
});

test('where the gate keeps no accounts neither has run', async () => {
  const rungs = await attack(undefined);
  for (const rung of rungs) {
    assert.equal(rung.verdict, 'not run');
    assert.match(rung.why, /keeps no accounts/);
  }
});
