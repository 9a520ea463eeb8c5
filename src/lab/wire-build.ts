import { type BuildNames, invert, renameMembers, toBuildFields } from '../wire/build.ts';
import type { RawRequest } from './http.ts';

/** The wire under the names of a build (docs/protocol.md §13), for a client that knows them. */

/** An entry request's body. */
export const toBuildEntry = ({ id, members }: BuildNames, plain: string): string =>
  JSON.stringify({ build: id, ...renameMembers(JSON.parse(plain), members) });

/** An entry answer in the protocol's own names. */
export function fromBuildEntry(names: BuildNames | null, answer: unknown): unknown {
  if (names === null || typeof answer !== 'object' || answer === null) return answer;
  return renameMembers({ ...answer }, invert(names.members));
}

/** A signed call. */
export function inBuild(names: BuildNames, call: RawRequest): RawRequest {
  const at = (name: string): string => call.fields[call.fields.indexOf(name) + 1] ?? '';
  const proof = toBuildFields(names, at('Signature-Input'), at('Signature'));
  const others = call.fields.filter((_, index) => !isProof(call.fields[index - (index % 2)] ?? ''));
  return { ...call, fields: [...others, ...Object.entries(proof).flat()] };
}

const isProof = (name: string): boolean => name === 'Signature-Input' || name === 'Signature';
