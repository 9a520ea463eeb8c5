import { isExact, pointerStep } from '../../lib/i-json.ts';
import type { JsonSchema } from './close.ts';
import type { Checker, Fault } from './engine.ts';

/** How the text of one parameter is read: what its schema takes, in the order of trying. */
export interface FieldType {
  readonly types: readonly ('integer' | 'number' | 'boolean' | 'string' | 'null')[];
  /** A list: of values that come one by one, or in one text with commas. Null for a single value. */
  readonly list: 'apart' | 'commas' | null;
}

export type FieldTypes = ReadonlyMap<string, FieldType>;

/** What text of `name=value` has to fit. */
export interface FormRule {
  readonly types: FieldTypes;
  readonly checker: Checker;
}

export interface BodyRule {
  /** Null where no JSON is taken. */
  readonly json: Checker | null;
  /** Null where no form is taken. */
  readonly form: FormRule | null;
  /** Whether a request without a body is refused. GET and HEAD never have one. */
  readonly required: boolean;
}

export type FormReading =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly fault: Fault };

const TEXT: FieldType = { types: ['string'], list: null };
const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/**
 * Reads `a=1&b=2` (WHATWG URL §5.1) where every server reads the same: parted at `&` alone, percent sequences of
 * UTF-8, no zero bytes, a name twice only where it is a list. Values get the type that their schema names, where they are
 * written as one; what is not stays text.
 *
 * @param own name, as it is written, of a field of the guard's own, which is left out
 */
export function readForm(text: string, types: FieldTypes, own = ''): FormReading {
  const given = new Map<string, string[]>();
  for (const part of text.split('&')) {
    if (part === '' || (own !== '' && (part === own || part.startsWith(`${own}=`)))) continue;
    const at = part.indexOf('=');
    const name = decoded(at === -1 ? part : part.slice(0, at));
    if (name === null) return broken('', 'must have names that every server reads alike');
    const value = at === -1 ? '' : decoded(part.slice(at + 1));
    if (value === null) return broken(name, 'must be text that every server reads alike');
    if (name === '__proto__') return broken(name, 'must not be there');
    const before = given.get(name);
    if (before === undefined) given.set(name, [value]);
    else if (types.get(name)?.list === 'apart') before.push(value);
    else return broken(name, 'must be there once');
  }
  return {
    ok: true,
    value: Object.fromEntries([...given].map(([name, values]) => [name, typed(values, types.get(name))])),
  };
}

const broken = (name: string, rule: string): FormReading => ({
  ok: false,
  fault: { pointer: name === '' ? '' : pointerStep(name), rule },
});

/** Null where two servers could read it differently. */
function decoded(text: string): string | null {
  // Some part at semicolons; what is not visible ASCII no browser sends.
  if (/[^!-~]|;/.test(text)) return null;
  try {
    const value = decodeURIComponent(text.replaceAll('+', ' '));
    return value.includes('\0') ? null : value;
  } catch {
    return null;
  }
}

function typed(values: readonly string[], { types, list }: FieldType = TEXT): unknown {
  const read = (text: string): unknown => as(text, types);
  const [first = ''] = values;
  if (list === null) return read(first);
  return list === 'apart' ? values.map(read) : first.split(',').map(read);
}

function as(text: string, types: FieldType['types']): unknown {
  for (const type of types) {
    if (type === 'string') return text;
    if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
    if (type === 'null' && text === '') return null;
    const form = type === 'integer' ? INTEGER : type === 'number' ? NUMBER : null;
    if (form?.test(text) && isExact(text)) return Number(text);
  }
  return text;
}

/** Looks up what a reference of the document names; undefined where there is nothing. */
export type Resolve = (reference: string) => unknown;

/**
 * How the fields of a schema of objects are read.
 *
 * @throws Error naming the field whose text could be read in several ways
 */
export function fieldTypes(schema: JsonSchema, resolve: Resolve, commas: ReadonlySet<string> = new Set()): FieldTypes {
  const { type, properties = {} } = schema;
  if (type !== undefined && type !== 'object') throw new Error('has to be a schema of objects: one field by parameter');
  if (!isObject(properties)) throw new Error('properties has to be an object');
  return new Map(
    Object.entries(properties).map(([name, own]): [string, FieldType] => {
      const field = follow(own, resolve);
      if (!isObject(field)) return [name, TEXT];
      if (field['type'] !== 'array') return [name, { types: typesOf(field, name), list: null }];
      const items = follow(field['items'] ?? {}, resolve);
      return [
        name,
        { types: isObject(items) ? typesOf(items, name) : ['string'], list: commas.has(name) ? 'commas' : 'apart' },
      ];
    }),
  );
}

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function follow(schema: unknown, resolve: Resolve): unknown {
  let found = schema;
  for (let steps = 0; isObject(found) && typeof found['$ref'] === 'string' && steps < 32; steps++) {
    found = resolve(found['$ref']);
  }
  return found;
}

/** Numbers first: text takes everything. */
const READABLE = ['integer', 'number', 'boolean', 'null', 'string'] as const;
const COMPOSING = ['allOf', 'anyOf', 'oneOf', 'if', '$ref', '$dynamicRef'];

function typesOf(schema: JsonSchema, name: string): FieldType['types'] {
  const { type } = schema;
  const named: readonly unknown[] = type === undefined ? valueTypes(schema, name) : Array.isArray(type) ? type : [type];
  const types = READABLE.filter((known) => named.includes(known));
  if (types.length < named.length) throw new Error(`${name}: text can be no object, and no list in a list`);
  return types;
}

function valueTypes(schema: JsonSchema, name: string): readonly string[] {
  const values: readonly unknown[] = Array.isArray(schema['enum'])
    ? schema['enum']
    : 'const' in schema
      ? [schema['const']]
      : [];
  if (values.length > 0) return [...new Set(values.map((value) => (value === null ? 'null' : typeof value)))];
  if (COMPOSING.some((keyword) => keyword in schema))
    throw new Error(`${name}: say its type beside what it is composed of`);
  return ['string'];
}

/** What a reference within one schema names. */
export function resolverOf(root: unknown): Resolve {
  return (reference) => {
    if (reference !== '#' && !reference.startsWith('#/')) return undefined;
    let found = root;
    for (const part of reference.split('/').slice(1)) {
      const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
      found = Reflect.get(found, name);
    }
    return found;
  };
}
