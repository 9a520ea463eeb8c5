import { type BuildNames, createBuildReader, invert, renameMembers, toBuildFields } from '../wire/build.ts';
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

/** The call again as it was: what travels sealed is in the protocol's own names. */
export function outOfBuild(names: BuildNames, call: RawRequest): RawRequest {
  const at = (name: string): string => call.fields[call.fields.indexOf(name) + 1] ?? '';
  const proof = createBuildReader(names)(at(names.input), at(names.signature));
  if (proof === null) return call;
  const own = new Set([names.input, names.signature]);
  const others = call.fields.filter((_, index) => !own.has(call.fields[index - (index % 2)] ?? ''));
  return { ...call, fields: [...others, 'Signature-Input', proof.input, 'Signature', proof.signature] };
}

const isProof = (name: string): boolean => name === 'Signature-Input' || name === 'Signature';
