import { promises as dns } from 'node:dns';
import type { Resolver } from '../guard/bots.ts';

/** The name servers that this machine is set up with. */
export function systemResolver(): Resolver {
  const resolver = new dns.Resolver({ timeout: 1000, tries: 2 });
  return {
    namesOf: (address) => resolver.reverse(address),
    addressesOf: (name, family) => (family === 6 ? resolver.resolve6(name) : resolver.resolve4(name)),
  };
}
