import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientBit } from '../../src/guard/client-bits.ts';
import { compilePolicy } from '../../src/guard/compile.ts';

const policyOf = (names: readonly string[]) =>
  compilePolicy({ clients: Object.fromEntries(names.map((name) => [name, {}])) });
const named = (count: number): string[] => Array.from({ length: count }, (_, at) => `client${at}`);

test('each of 32 clients has a bit of its own, in whatever order they are listed', () => {
  const names = named(31);
  const policy = policyOf(names);
  const bits = [...policy.clients.keys()].map((name) => clientBit(policy, name));
  assert.equal(new Set(bits).size, policy.clients.size);
  for (const bit of bits) assert.ok(bit > 0 && bit <= 2 ** 31 && Number.isInteger(Math.log2(bit)), `${bit}`);
  const turned = policyOf(names.toReversed());
  for (const name of names) assert.equal(clientBit(turned, name), clientBit(policy, name));
});

test('of more, some share; none is without, and no other name has one', () => {
  const policy = policyOf(named(40));
  for (const name of policy.clients.keys()) assert.notEqual(clientBit(policy, name), 0);
  assert.equal(clientBit(policy, 'nobody'), 0);
  assert.equal(clientBit(policy, '*'), 0, 'a rule for the pages of every client asks for none');
});
