import { type FieldType, readForm } from '../guard/schema/form.ts';

/** What the values of one field of a query look like, the most particular that fits. */
export type QueryType = 'integer' | 'number' | 'boolean' | 'string';

/** One field of one query. */
export interface QueryField {
  readonly name: string;
  readonly type: QueryType;
  /** So often it stands there. */
  readonly times: number;
  /** Characters of the longest value. */
  readonly length: number;
  /** The value, where the source shows it and it stands there once; else ''. */
  readonly value: string;
}

/** The fields of a query; null where two servers could read it differently. */
export type QueryShape = readonly QueryField[] | null;

export const NO_QUERY: readonly QueryField[] = Object.freeze([]);

const MOST_FIELDS = 50;
/** What a name may look like to be learned, or told. */
export const QUERY_NAME = /^[A-Za-z_$][\w$.[\]-]{0,63}$/;

/** @param query what stands behind `?` */
export function queryShape(query: string): QueryShape {
  if (query === '') return NO_QUERY;
  const texts = valuesIn(query, ['string']);
  const typed = valuesIn(query, ['integer', 'number', 'boolean', 'string']);
  if (texts === null || typed === null || texts.length > MOST_FIELDS) return null;
  if (texts.some(({ name }) => !QUERY_NAME.test(name))) return null;
  return texts.map(({ name, values }, index): QueryField => {
    const written = values.map(String);
    const [value = ''] = written;
    return {
      name,
      type: typeIn(written, typed[index]?.values ?? []),
      times: values.length,
      length: Math.max(...written.map((one) => one.length)),
      value: values.length === 1 ? value : '',
    };
  });
}

/** As the gate itself reads them, whatever their names: what stands there twice is a list. */
function valuesIn(query: string, types: FieldType['types']): { name: string; values: readonly unknown[] }[] | null {
  const names = [...new URLSearchParams(query).keys()];
  const read = readForm(query, new Map(names.map((name) => [name, { types, list: 'apart' as const }])));
  return read.ok ? Object.entries(read.value).map(([name, given]) => ({ name, values: [given].flat() })) : null;
}

/** The same for somebody who is not to see values. */
export const withoutValues = (shape: QueryShape): QueryShape =>
  shape?.map((field) => ({ ...field, value: '' })) ?? null;

function typeIn(written: readonly string[], read: readonly unknown[]): QueryType {
  if (read.every((value) => typeof value === 'boolean')) return 'boolean';
  if (!read.every((value) => typeof value === 'number')) return 'string';
  return written.every((text) => /^-?\d+$/.test(text)) ? 'integer' : 'number';
}
