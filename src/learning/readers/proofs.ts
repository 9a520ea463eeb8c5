import { LABEL, PROOF_PARAMETER, TAG } from '../../wire/constants.ts';

/**
 * Proofs of recorded requests. They are in the protocol's own names, or in those of a build of the page's script
 * (docs/protocol.md §13), which no recording says: these are told by their shape.
 */

/** What stands between a build's words is as in every proof, and comes in one order. */
const INPUT =
  /^([a-z]{8})=(\("@method" [^()]{0,2048}\));[a-z]{8}=(\d{1,12});[a-z]{8}="(\d{1,16})";[a-z]{8}="([\w.-]{1,512})";[a-z]{8}="[a-z]{8}"$/;
const SIGNATURE = /^([a-z]{8})=:([A-Za-z0-9+/]{43}=):$/;
const FIELD = /^x-[a-z]{10}$/i;
/** The last parameter of an address: tag or its word, time, counter, signature, ticket. */
const COMPACT = new RegExp(
  `[?&](?:${PROOF_PARAMETER}=${TAG}(?:-[a-z]{1,8})?|[a-z]{8}=[a-z]{8})\\.\\d{1,12}\\.\\d{1,16}\\.[\\w-]{43}\\.[\\w.-]{1,512}$`,
);

/**
 * A proof's two fields under the protocol's own names. Which tag a build's word stands for they do not say: it becomes that of
 * calls. Nobody could check them: it is seen that the request was signed.
 *
 * @param fields name, value, name, value …
 */
export function inOwnNames(fields: readonly string[]): readonly string[] {
  const input = find(fields, INPUT);
  const signature = find(fields, SIGNATURE);
  if (input === null || signature === null || input.found[1] !== signature.found[1]) return fields;
  const [, , list, created, nonce, keyid] = input.found;
  return fields
    .with(input.at, 'Signature-Input')
    .with(input.at + 1, `${LABEL}=${list};created=${created};nonce="${nonce}";keyid="${keyid}";tag="${TAG}"`)
    .with(signature.at, 'Signature')
    .with(signature.at + 1, `${LABEL}=:${signature.found[2]}:`);
}

function find(
  fields: readonly string[],
  shape: RegExp,
): { readonly at: number; readonly found: RegExpExecArray } | null {
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const found = FIELD.test(fields[at] ?? '') ? shape.exec(fields[at + 1] ?? '') : null;
    if (found !== null) return { at, found };
  }
  return null;
}

/** An address without the proof that the page's script has put behind it: what the app asked for. */
export const withoutProof = (target: string): string => target.replace(COMPACT, '');
