import type { Shape } from './shape.ts';

/** JSON Schema, as much of it as is learned. */
export type LearnedSchema = Readonly<Record<string, unknown>>;

/** What bodies of one route look like, added up. Bounded by depth and number of fields. */
export interface SchemaBook {
  add(shape: Shape): void;
  readonly bodies: number;
  /** The schema that all of them fit, with room for what they may become; null where nothing holds for all. */
  schema(): LearnedSchema | null;
}

interface Seen {
  count: number;
  readonly types: Map<Shape['type'], number>;
  longest: number;
  readonly fields: Map<string, Seen>;
  items: Seen | null;
}

const MOST_FIELDS = 200;
const DEEPEST = 8;
/** Bodies after which a field that was in all of them is required. */
const ENOUGH_FOR_REQUIRED = 100;
/** Bodies after which fields that nobody sent are refused. */
const ENOUGH_FOR_CLOSED = 300;
/** Texts and lists may become so much longer, and are at least so long. */
const HEADROOM = 4;
const LEAST_LENGTH = 1000;
const LEAST_ITEMS = 100;

export function createSchemaBook(): SchemaBook {
  const root = newSeen();
  return {
    add: (shape) => add(root, shape, 0),
    get bodies() {
      return root.count;
    },
    schema: () => (root.types.size === 1 && root.types.has('object') ? toSchema(root) : null),
  };
}

const newSeen = (): Seen => ({ count: 0, types: new Map(), longest: 0, fields: new Map(), items: null });

function add(seen: Seen, shape: Shape, depth: number): void {
  seen.count += 1;
  seen.types.set(shape.type, (seen.types.get(shape.type) ?? 0) + 1);
  if ('length' in shape) seen.longest = Math.max(seen.longest, shape.length);
  if (depth >= DEEPEST) return;
  if (shape.type === 'array') {
    seen.items ??= newSeen();
    for (const item of shape.items) add(seen.items, item, depth + 1);
  }
  if (shape.type !== 'object') return;
  for (const [name, inner] of Object.entries(shape.fields)) {
    let field = seen.fields.get(name);
    if (field === undefined) {
      if (seen.fields.size >= MOST_FIELDS) continue;
      field = newSeen();
      seen.fields.set(name, field);
    }
    add(field, inner, depth + 1);
  }
}

function toSchema(seen: Seen): LearnedSchema {
  const types = [...seen.types.keys()].filter((type) => type !== 'integer' || !seen.types.has('number')).toSorted();
  const [only = 'null'] = types;
  const schema: Record<string, unknown> = { type: types.length === 1 ? only : types };
  if (types.includes('string')) schema['maxLength'] = roomFor(seen.longest, LEAST_LENGTH);
  if (types.includes('array')) {
    schema['maxItems'] = roomFor(seen.longest, LEAST_ITEMS);
    schema['items'] = seen.items === null || seen.items.count === 0 ? true : toSchema(seen.items);
  }
  if (types.includes('object')) Object.assign(schema, ofObject(seen));
  return schema;
}

function ofObject({ count, types, fields }: Seen): LearnedSchema {
  const objects = types.get('object') ?? count;
  const required = [...fields].filter(([, field]) => field.count === objects).map(([name]) => name);
  return {
    ...(objects >= ENOUGH_FOR_REQUIRED && required.length > 0 ? { required } : {}),
    properties: Object.fromEntries([...fields].map(([name, field]) => [name, toSchema(field)])),
    // Fewer bodies than that leave open which fields there are.
    ...(objects >= ENOUGH_FOR_CLOSED && fields.size < MOST_FIELDS ? {} : { additionalProperties: true }),
  };
}

/** A power of ten times 1, 2 or 5. */
function roomFor(longest: number, least: number): number {
  const wanted = Math.max(least, HEADROOM * longest);
  const unit = 10 ** Math.floor(Math.log10(wanted));
  return [1, 2, 5, 10].map((step) => step * unit).find((step) => step >= wanted) ?? wanted;
}
