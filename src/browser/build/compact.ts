import { toBuildCompact } from '../../wire/build.ts';
import { proveCompact as plainProve } from '../compact.ts';
import { namesOf } from './proof.ts';

/** Of the proof that was made last; a page has one door. */
let parameter = '';

export const proveCompact: typeof plainProve = async (sign, door, entry, url, tag) => {
  const proof = await plainProve(sign, door, entry, url, tag);
  const names = namesOf(door);
  ({ parameter } = names);
  return toBuildCompact(names, proof);
};

/** Puts a compact proof into an address's query, every other byte as it was. */
export function addProof(url: URL, proof: string): void {
  url.search += `${url.search ? '&' : '?'}${parameter}=${proof}`;
}
