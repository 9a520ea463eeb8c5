/** A JSON Schema as it is written; 2020-12 knows `true` and `false` as schemas, too. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a schema is compiled from. */
export interface Closed {
  readonly schema: JsonSchema | boolean;
  /**
   * Whether closing may have widened what some part of it takes: what must not fit, or must fit once, fits less often
   * when it is closed. Then the schema as it was written has to hold as well.
   */
  readonly widened: boolean;
}

/** Keywords whose schemas describe another part of the value than their own. */
const PARTS_BY_NAME = ['properties', 'patternProperties'];
const PARTS = ['additionalProperties', 'unevaluatedProperties', 'items', 'unevaluatedItems'];
/** Keywords whose schemas describe the same part. */
const SAME_BY_NAME = ['dependentSchemas', '$defs', 'definitions'];
const SAME = ['then', 'else'];
const SAME_LISTS = ['allOf', 'anyOf', 'oneOf'];
/** Keywords whose schemas say what must not be, or only ask. They are left as they are. */
const QUESTIONS = ['not', 'if', 'contains', 'propertyNames'];
/** What does not rise where fewer values fit its schemas. */
const TURNS = ['not', 'if', 'contains', 'oneOf'];
/** Words of OpenAPI that check nothing. */
const NOTES: ReadonlySet<string> = new Set(['discriminator', 'xml', 'externalDocs', 'example']);

/** Any of these makes a schema one of objects. */
const OF_OBJECTS = [
  ...['properties', 'patternProperties', 'required', 'minProperties', 'maxProperties', 'propertyNames'],
  ...['dependentRequired', 'dependentSchemas', '$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'if'],
];

/** Keywords of our own, known to the engine. */
export const COUNTED = 'sallyport-counted';
export const SPELT = 'sallyport-spelt';

/**
 * Closes a schema: where it says nothing of further fields, there are none, at every depth. What it says itself, by
 * `additionalProperties` or `unevaluatedProperties`, holds; `true`, `{}` and what is compared as a whole stay as they are.
 *
 * @param base goes before references that begin with `#`
 * @param what `inside` leaves the outermost object as it is; `nothing` only leaves out what nobody checks
 */
export function closeSchema(
  schema: JsonSchema | boolean,
  base = '',
  what: 'all' | 'inside' | 'nothing' = 'all',
): Closed {
  const close = what !== 'nothing';
  let widened = false;
  const part = (value: unknown): unknown => {
    const copy = same(value);
    if (!close || !isObject(copy) || !isOpen(copy)) return copy;
    return composed(copy) ? { ...copy, unevaluatedProperties: false } : { ...copy, additionalProperties: false };
  };
  const same = (value: unknown): unknown => (isObject(value) ? walk(value, part, same) : value);
  const asWritten = (value: unknown): unknown => (isObject(value) ? walk(value, asWritten, asWritten) : value);

  const walk = (value: JsonSchema, inPart: Visit, inSame: Visit): JsonSchema => {
    widened ||= TURNS.some((keyword) => keyword in value);
    const entries = Object.entries(value).flatMap(([keyword, inner]): [string, unknown][] => {
      if (NOTES.has(keyword) || keyword.startsWith('x-')) return [];
      if (keyword === '$ref' || keyword === '$dynamicRef')
        return [
          [COUNTED, true],
          [keyword, from(base, inner)],
        ];
      return [[keyword, within(keyword, inner, inPart, inSame, asWritten)]];
    });
    return { ...Object.fromEntries(entries), ...spelling(value) };
  };
  const closed = what === 'all' ? part(schema) : same(schema);
  // A walk over an object makes an object.
  return { schema: closed as JsonSchema | boolean, widened: widened && close };
}

type Visit = (value: unknown) => unknown;

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const from = (base: string, reference: unknown): unknown =>
  typeof reference === 'string' && reference.startsWith('#') ? base + reference : reference;

function within(keyword: string, inner: unknown, part: Visit, same: Visit, asWritten: Visit): unknown {
  if (PARTS_BY_NAME.includes(keyword)) return byName(inner, part);
  if (PARTS.includes(keyword)) return part(inner);
  if (keyword === 'prefixItems') return Array.isArray(inner) ? inner.map(part) : inner;
  if (SAME_BY_NAME.includes(keyword)) return byName(inner, same);
  if (SAME.includes(keyword)) return same(inner);
  if (SAME_LISTS.includes(keyword)) return Array.isArray(inner) ? inner.map(same) : inner;
  return QUESTIONS.includes(keyword) ? asWritten(inner) : inner;
}

const byName = (value: unknown, visit: Visit): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner)])) : value;

/** Whether a schema takes objects, and leaves open which further fields they have. */
function isOpen(schema: JsonSchema): boolean {
  if ('additionalProperties' in schema || 'unevaluatedProperties' in schema) return false;
  if ('const' in schema || 'enum' in schema) return false;
  const { type } = schema;
  const takesObjects = type === undefined || type === 'object' || (Array.isArray(type) && type.includes('object'));
  return takesObjects && (type !== undefined || OF_OBJECTS.some((keyword) => keyword in schema));
}

const COMPOSING = ['$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas'];
const composed = (schema: JsonSchema): boolean => COMPOSING.some((keyword) => keyword in schema);

/** Where further fields are taken, none of them may be a named one in other letters: some backends take it for that. */
function spelling({ properties, additionalProperties, unevaluatedProperties }: JsonSchema): JsonSchema {
  if (!isObject(properties) || (additionalProperties ?? unevaluatedProperties ?? false) === false) return {};
  return { [SPELT]: Object.keys(properties) };
}
