import { hash } from 'node:crypto';
import { ANY_CLIENT, type Policy } from './policy.ts';

const BITS = 32;
const known = new WeakMap<Policy['clients'], ReadonlyMap<string, number>>();

/**
 * The bit by which state remembers that a session has entered as a client; 0 for a rule that takes every client's pages.
 * Of 32 clients each has its own, the same in every process and, as a rule, after a reload: it follows from the name. Of
 * more, some share.
 */
export function clientBit({ clients }: Policy, name: string): number {
  if (name === ANY_CLIENT) return 0;
  const bits = known.get(clients) ?? assign(clients.keys());
  known.set(clients, bits);
  return bits.get(name) ?? 0;
}

function assign(names: Iterable<string>): ReadonlyMap<string, number> {
  const taken = new Set<number>();
  const bits = new Map<string, number>();
  for (const name of [...names].sort()) {
    let bit = hash('sha256', name, 'buffer').readUInt32BE(0) % BITS;
    while (taken.size < BITS && taken.has(bit)) bit = (bit + 1) % BITS;
    taken.add(bit);
    bits.set(name, 2 ** bit);
  }
  return bits;
}
