import type { BuildsRule } from '../guard/config-builds.ts';
import type { Enter, EntryResult } from '../doors/entry.ts';
import { refuse } from '../doors/entry-refusal.ts';
import { whenKnown } from '../lib/eventually.ts';
import { invert, renameMembers } from '../wire/build.ts';
import { ENTRY_REQUEST_BYTES } from '../wire/entry.ts';
import type { Build, LiveBuilds } from './book.ts';

/**
 * The second door where pages have builds: an entry names its build, comes and goes in its names, and its keys are
 * derived with its label. One that names none is for the clients that policy lists.
 */
export function withBuilds(enter: Enter, live: () => LiveBuilds, rule: () => BuildsRule | null): Enter {
  return (view, body, facts) => {
    const record = parse(body);
    // Whatever it is, it is no entry request: the door says so.
    if (record === null) return enter(view, body, facts);
    const id = record['build'];
    if (id === undefined) {
      const isPlain = rule()?.plain.has(String(record['client'])) === true;
      return isPlain
        ? enter(view, body, facts)
        : refuse('build', 'no build, and not of a client that builds.plain lists');
    }
    const build = typeof id === 'string' ? live().entering.get(id) : undefined;
    if (build === undefined) return refuse('build', `build ${JSON.stringify(id).slice(0, 40)} is not taken now`);
    const plain = toPlain(build, record);
    if (plain === null) return refuse('schema', `a member that build ${build.names.id} does not have`);
    const { label } = build.names;
    return whenKnown(enter(view, plain, { ...facts, label }), (result) => named(build, result));
  };
}

function parse(body: Uint8Array): Record<string, unknown> | null {
  if (body.length > ENTRY_REQUEST_BYTES) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** The request in the protocol's own names; null where it has a member that is not this build's. */
function toPlain({ names }: Build, { build: _, v, ...members }: Record<string, unknown>): Buffer | null {
  const table = invert(names.members);
  if (Object.keys(members).some((name) => table[name] === undefined)) return null;
  return Buffer.from(JSON.stringify({ v, ...renameMembers(members, table) }));
}

function named({ names }: Build, result: EntryResult): EntryResult {
  if (result.kind === 'refuse' || typeof result.answer.body !== 'string') return result;
  const body = JSON.stringify(renameMembers(JSON.parse(result.answer.body), names.members));
  return { ...result, answer: { ...result.answer, body } };
}
