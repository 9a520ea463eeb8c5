import type { Marks } from './marks.ts';

/**
 * What a JSON value looks like: types, names of fields and lengths, and marks of scalars. Of values themselves nothing is
 * left.
 */
export type Shape =
  | { readonly type: 'null' | 'boolean' }
  | { readonly type: 'integer' | 'number'; readonly mark: string }
  | { readonly type: 'string'; readonly length: number; readonly mark: string }
  | { readonly type: 'array'; readonly length: number; readonly items: readonly Shape[] }
  | { readonly type: 'object'; readonly fields: Readonly<Record<string, Shape>> };

/** Bodies that are looked into are at most so long: characters. */
export const LONGEST_BODY = 1024 * 1024;
const DEEPEST = 12;
/** Of one body: elements of one list, fields of one object, values in all. */
const MOST_ITEMS = 100;
const MOST_FIELDS = 200;
const MOST_VALUES = 4000;
const LONGEST_NAME = 100;

/** The shape of a JSON text; null where it is none, or longer than anybody looks at. */
export function shapeOfText(text: string, marks: Marks): Shape | null {
  if (text === '' || text.length > LONGEST_BODY) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return shapeOf(value, marks);
}

/** The shape of a value that `JSON.parse` gave. */
export function shapeOf(value: unknown, marks: Marks): Shape {
  let left = MOST_VALUES;
  const visit = (one: unknown, depth: number): Shape => {
    left -= 1;
    if (typeof one === 'string') return { type: 'string', length: one.length, mark: marks.of(one) };
    if (typeof one === 'number')
      return { type: Number.isInteger(one) ? 'integer' : 'number', mark: marks.of(String(one)) };
    if (typeof one === 'boolean') return { type: 'boolean' };
    if (one === null || typeof one !== 'object') return { type: 'null' };
    const goesOn = depth < DEEPEST && left > 0;
    if (Array.isArray(one)) {
      const items = goesOn ? one.slice(0, MOST_ITEMS).map((item) => visit(item, depth + 1)) : [];
      return { type: 'array', length: one.length, items };
    }
    const named = goesOn ? Object.entries(one).slice(0, MOST_FIELDS) : [];
    const fields = named.filter(([name]) => name.length <= LONGEST_NAME && name !== '__proto__');
    return {
      type: 'object',
      fields: Object.fromEntries(fields.map(([name, inner]) => [name, visit(inner, depth + 1)])),
    };
  };
  return visit(value, 0);
}

/** Told of each scalar with a mark, and where it stands: `$.posts[*].id`. */
export function eachMark(shape: Shape, told: (path: string, mark: string) => void, at = '$'): void {
  if (shape.type === 'object') {
    for (const [name, inner] of Object.entries(shape.fields)) eachMark(inner, told, at + stepOf(name));
  } else if (shape.type === 'array') {
    for (const item of shape.items) eachMark(item, told, `${at}[*]`);
  } else if ('mark' in shape && shape.mark !== '' && shape.type !== 'number') told(at, shape.mark);
}

/** As `parseJsonPath` in src/guard/json-path.ts reads it. */
export const stepOf = (name: string): string => {
  if (/^[A-Za-z_$][\w$-]*$/.test(name)) return `.${name}`;
  return /^[^'\\]{1,100}$/.test(name) ? `['${name}']` : '.$unnamed';
};
