import { parseRoute } from '../wire/pattern.ts';
import type { OwnerConfig } from './config-authorization.ts';
import { type JsonStep, parseJsonPath, toName, valuesAt } from './json-path.ts';
import { namesIn, type Params } from './params.ts';
import { type Subject, subjectName } from './subject.ts';

/** A compiled question about an owner. */
export interface OwnerRule {
  /** Path to ask the backend for, with the call's own `:names` in it, byte for byte as the call has them. */
  path(params: Params): string;
  /** Whether the answer says that this person, of this call, is the owner. */
  fits(json: unknown, subject: Subject, params: Params): boolean;
  /** Source that has to vouch for the person; '' for any. */
  readonly source: string;
  /** Names of the call's fields that go along, lower case. */
  readonly fields: readonly string[];
}

/** Compiles a checked configuration. Throws TypeError for what {@link ownerTrouble} complains of. */
export function compileOwner({ ask, at, is = 'id', source = '', fields = [] }: OwnerConfig): OwnerRule {
  const { pattern } = parseRoute(ask);
  const steps = parseJsonPath(at);
  const expected = expectation(is);
  return Object.freeze({
    source,
    fields: fields.map((name) => name.toLowerCase()),
    path: ({ raw }: Params) => pattern.replace(/\/:([A-Za-z_]\w*)/g, (_, name: string) => `/${raw[name] ?? ''}`),
    fits(json: unknown, subject: Subject, params: Params) {
      const names = expected(subject, params);
      return names.length > 0 && valuesAt(json, steps).some((value) => names.includes(toName(value)));
    },
  });
}

type Expectation = (subject: Subject, params: Params) => readonly string[];

/** Names of which the answer has to hold one. Nobody is called ''. */
function expectation(is: string): Expectation {
  if (is === 'id') return ({ id }) => named([id]);
  if (is === 'name') return (subject) => named([subjectName(subject)]);
  if (is.startsWith(':')) return (_, { decoded }) => named([decoded[is.slice(1)] ?? '']);
  const steps: readonly JsonStep[] = parseJsonPath(is);
  return ({ claims }) => named(valuesAt(claims, steps).map(toName));
}

const named = (names: readonly string[]): readonly string[] => names.filter((name) => name !== '');

/** What is wrong with a question about an owner, between its parts and the pattern of its route; '' for nothing. */
export function ownerTrouble(owner: OwnerConfig, pattern: string): { field: keyof OwnerConfig; rule: string } | null {
  const known = namesIn(pattern);
  const twice = known.find((name, index) => known.indexOf(name) < index);
  if (twice !== undefined)
    return { field: 'ask', rule: `the route’s match has two segments called :${twice}; give them names of their own` };
  const asked = parseRoute(owner.ask);
  if (asked.method !== 'GET') return { field: 'ask', rule: 'the backend is asked by GET alone; write "GET /path"' };
  if (/[*]/.test(asked.pattern)) return { field: 'ask', rule: 'one object is asked for; write a path without *' };
  const missing = namesIn(asked.pattern).find((name) => !known.includes(name));
  if (missing !== undefined) return { field: 'ask', rule: unknownName(missing, known) };
  const { is = 'id' } = owner;
  if (is.startsWith(':')) {
    return known.includes(is.slice(1)) ? null : { field: 'is', rule: unknownName(is.slice(1), known) };
  }
  return namesIn(asked.pattern).length > 0 || known.length === 0
    ? null
    : { field: 'ask', rule: `this is the same whatever the call names; write :${known[0] ?? ''} in it, or in "is"` };
}

function unknownName(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'the route’s match names no segment; write one there, as in "DELETE /api/posts/:id"';
  return `the route’s match has no :${name}; it has ${known.map((one) => `:${one}`).join(', ')}`;
}
