import { lengthOf } from './lengths.ts';
import { type Reading, readRare } from './rare.ts';
import { createSeenTree, type Field, type Seen, type SeenType, voicesAt } from './schema-seen.ts';
import { type Shape, stepOf } from './shape.ts';
import { isRare, type Sender } from './voices.ts';

/** JSON Schema, as much of it as is learned. */
export type LearnedSchema = Readonly<Record<string, unknown>>;

export interface LearnedBody {
  /** What bodies have in common, with room for what they may become. */
  readonly schema: LearnedSchema;
  readonly bodies: number;
  readonly sessions: number;
  /** What few sent, and what became of it: for whoever reads the proposal; '' for nothing. */
  readonly rare: string;
}

/** What bodies of one route look like, added up. Bounded by depth and number of fields. */
export interface SchemaBook {
  add(shape: Shape, sender: Sender): void;
  /** Null where nothing holds for all. */
  body(): LearnedBody | null;
}

/** Sessions after which a field that was in all of them is required, and after which fields that nobody sent are refused. */
const ENOUGH_FOR_REQUIRED = 100;
const ENOUGH_FOR_CLOSED = 400;

export function createSchemaBook(): SchemaBook {
  const { root, add } = createSeenTree();
  return {
    add,
    body() {
      const sessions = sessionsAt(root);
      const { found: schema, rare } = readRare(sessions, (reading) => toSchema(root, '$', reading));
      if (schema['type'] !== 'object') return null;
      return { schema, bodies: bodiesAt(root), sessions, rare };
    },
  };
}

const sessionsAt = ({ types }: Seen): number => Math.max(0, ...[...types.values()].map(({ by }) => by.sessions));
const bodiesAt = ({ types }: Seen): number => [...types.values()].reduce((sum, { bodies }) => sum + bodies, 0);

function toSchema(seen: Seen, at: string, reading: Reading): LearnedSchema {
  const kept = typesOf(seen, at, reading);
  const types = [...kept.keys()].filter((type) => type !== 'integer' || !kept.has('number')).toSorted();
  const [only = 'null'] = types;
  const schema: Record<string, unknown> = { type: types.length === 1 ? only : types };
  const [text, list] = [kept.get('string'), kept.get('array')];
  if (text !== undefined) schema['maxLength'] = lengthOf(text.rooms, text.by.sessions, at, reading);
  if (list !== undefined) {
    schema['maxItems'] = lengthOf(list.rooms, list.by.sessions, at, reading);
    schema['items'] = seen.items === null ? true : toSchema(seen.items, `${at}[*]`, reading);
  }
  const object = kept.get('object');
  if (object !== undefined) Object.assign(schema, ofObject(seen, object, at, reading));
  return schema;
}

/** Types that are believed; all of them where none is by itself. */
function typesOf(
  { types }: Seen,
  at: string,
  { leavesOut, remarks, isFew }: Reading,
): ReadonlyMap<Shape['type'], SeenType> {
  const all = Math.max(...[...types.values()].map(({ by }) => by.sessions));
  const kept = new Map([...types].filter(([, { by }]) => !leavesOut || !isRare(by)));
  if (kept.size === 0) return types;
  for (const [type, { by }] of types) {
    if (!kept.has(type)) remarks.leftOut(`${at} as ${type}`, by);
    else if (isFew(by.sessions, all)) remarks.taken(`${at} as ${type}`, by.sessions);
  }
  return kept;
}

function ofObject(seen: Seen, { by: { sessions } }: SeenType, at: string, reading: Reading): LearnedSchema {
  const { leavesOut, remarks, isFew } = reading;
  const isEnough = sessions >= ENOUGH_FOR_CLOSED;
  const rare = new Map([...seen.fields].filter(([, field]) => isEnough && isRare({ first: voicesAt(field.seen) })));
  const isClosed = isEnough && !seen.isCrowded && (leavesOut || rare.size === 0);
  for (const [name, field] of rare) {
    const [what, sent] = [at + stepOf(name), sessionsAt(field.seen)];
    if (isClosed) remarks.leftOut(what, { first: voicesAt(field.seen), sessions: sent });
    else remarks.open(what, sent);
  }
  const fields = [...seen.fields].filter(([name]) => !rare.has(name));
  for (const [name, field] of fields) {
    const sent = sessionsAt(field.seen);
    if (isFew(sent, sessions)) remarks.taken(at + stepOf(name), sent);
  }
  const required =
    sessions < ENOUGH_FOR_REQUIRED
      ? []
      : fields.filter(([name, field]) => isRequired(field, at + stepOf(name), sessions, reading));
  return {
    ...(required.length > 0 ? { required: required.map(([name]) => name) } : {}),
    properties: Object.fromEntries(
      fields.map(([name, { seen: inner }]) => [name, toSchema(inner, at + stepOf(name), reading)]),
    ),
    // Fewer sessions than that, or rare fields among them, leave open which fields there are.
    ...(isClosed ? {} : { additionalProperties: true }),
  };
}

function isRequired({ without }: Field, at: string, sessions: number, { leavesOut, remarks, isFew }: Reading): boolean {
  if (without.sessions === 0) return true;
  if (leavesOut && isRare(without)) {
    remarks.leftOut(`bodies without ${at}`, without);
    return true;
  }
  if (isFew(without.sessions, sessions)) remarks.taken(`bodies without ${at}`, without.sessions);
  return false;
}
