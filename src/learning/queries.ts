import { lengthOf, noteLength, type Rooms } from './lengths.ts';
import type { QueryField, QueryShape, QueryType } from './query.ts';
import { type Reading, readRare } from './rare.ts';
import type { LearnedSchema } from './schemas.ts';
import { createVoices, dropGreediest, isRare, type Sender, type Voices } from './voices.ts';

/** What the queries of one route look like, added up. Bounded by fields and values. */
export interface QueryBook {
  /** @param query null where two servers could read it differently */
  add(query: QueryShape, sender: Sender): void;
  /** The schema that all of them fit; null where nothing holds for all. */
  schema(): LearnedQuery | null;
}

export interface LearnedQuery {
  readonly schema: LearnedSchema;
  readonly calls: number;
  readonly sessions: number;
  /** Fields of which the values are listed, with the sessions that each of the values rests on at least. */
  readonly listed: readonly ListedField[];
  /** What few sent, and what became of it; '' for nothing. */
  readonly rare: string;
}

interface ListedField {
  readonly name: string;
  readonly sessions: number;
}

interface SeenField {
  readonly by: Voices;
  /** By the hashes of their names, as many as are asked for. */
  readonly sessions: Set<number>;
  readonly types: Map<QueryType, Voices>;
  readonly rooms: Rooms;
  /** Those in whose queries it stands more than once. */
  readonly lists: Voices;
  readonly values: Map<string, Voices>;
  /** Those who sent what is no word, or more words than are kept; those whose source does not show values. */
  readonly others: Voices;
}

const MOST_FIELDS = 50;
/** Values that are listed at the most, and that are kept meanwhile. */
const MOST_VALUES = 12;
const MOST_KEPT = 40;
/** Sessions that are counted of one route. */
export const MOST_COUNTED = 2000;
/** Calls and sessions after which fields that nobody sent are refused. */
const ENOUGH_CALLS = 300;
const ENOUGH_SESSIONS = 100;
/** Sessions after which a type is believed, and after which no further value is expected. */
const ENOUGH_FOR_TYPE = 100;
const ENOUGH_FOR_VALUES = 400;
/** Sessions that each value of a list has been used by, besides a few voices. */
const LEAST_SESSIONS = 10;
/** What somebody wrote into a program, and no person types. */
const WORD = /^[A-Za-z][\w-]{0,23}$/;
/** Texts may be at least so long. */
const LEAST_LENGTH = 200;

export function createQueryBook(): QueryBook {
  const fields = new Map<string, SeenField>();
  const sessions = new Set<number>();
  /** Those whose queries could be read in two ways, or had more fields than are kept. */
  const unreadable = createVoices();
  let calls = 0;
  return {
    add(query, sender) {
      calls += 1;
      if (sessions.size < MOST_COUNTED) sessions.add(sender.session);
      for (const one of query ?? []) {
        const field = fields.get(one.name) ?? makeField(fields, one.name);
        if (field === null) unreadable.add(sender.voice, sender.session);
        else note(field, one, sender);
      }
      if (query === null) unreadable.add(sender.voice, sender.session);
    },
    schema() {
      if (calls < ENOUGH_CALLS || sessions.size < ENOUGH_SESSIONS) return null;
      const { found, rare } = readRare(sessions.size, (reading) => read(fields, unreadable, sessions.size, reading));
      return found === null ? null : { ...found, calls, sessions: sessions.size, rare };
    },
  };
}

/** Null where there are too many that several have sent. */
function makeField(fields: Map<string, SeenField>, name: string): SeenField | null {
  if (fields.size >= MOST_FIELDS && !dropGreediest(fields, ({ by }) => by)) return null;
  const field: SeenField = {
    by: createVoices(),
    sessions: new Set(),
    types: new Map(),
    rooms: new Map(),
    lists: createVoices(),
    values: new Map(),
    others: createVoices(),
  };
  fields.set(name, field);
  return field;
}

function note(field: SeenField, { type, times, length, value }: QueryField, sender: Sender): void {
  const { voice, session } = sender;
  field.by.add(voice, session);
  if (field.sessions.size < ENOUGH_FOR_VALUES) field.sessions.add(session);
  let of = field.types.get(type);
  if (of === undefined) {
    of = createVoices();
    field.types.set(type, of);
  }
  of.add(voice, session);
  noteLength(field.rooms, length, LEAST_LENGTH, sender);
  if (times > 1) field.lists.add(voice, session);
  // Where several send what is no word of a few, none is listed.
  if (isRare(field.others)) valuesOf(field, value).add(voice, session);
}

function valuesOf({ values, others }: SeenField, value: string): Voices {
  const known = values.get(value);
  if (known !== undefined) return known;
  if (!WORD.test(value) || (values.size >= MOST_KEPT && !dropGreediest(values, (by) => by))) return others;
  const made = createVoices();
  values.set(value, made);
  return made;
}

function read(
  fields: ReadonlyMap<string, SeenField>,
  unreadable: Voices,
  sessions: number,
  reading: Reading,
): Pick<LearnedQuery, 'schema' | 'listed'> | null {
  const { leavesOut, remarks, isFew } = reading;
  if (unreadable.sessions > 0) {
    if (!leavesOut || !isRare(unreadable)) return null;
    remarks.leftOut('queries that can be read in two ways', unreadable);
  }
  const listed: ListedField[] = [];
  const properties: [string, LearnedSchema][] = [];
  for (const [name, field] of fields) {
    const at = `?${name}`;
    if (leavesOut && isRare(field.by)) {
      remarks.leftOut(at, field.by);
      continue;
    }
    if (isFew(field.by.sessions, sessions)) remarks.taken(at, field.by.sessions);
    const schema = schemaOf(field, at, reading);
    if ('enum' in schema) listed.push({ name, sessions: Math.min(2 * LEAST_SESSIONS, leastOf(field, reading)) });
    properties.push([name, isList(field, at, reading) ? { type: 'array', items: schema, maxItems: 100 } : schema]);
  }
  return { schema: { properties: Object.fromEntries(properties) }, listed };
}

function isList({ lists, by }: SeenField, at: string, { leavesOut, remarks, isFew }: Reading): boolean {
  if (lists.sessions === 0) return false;
  const what = `${at} more than once`;
  if (leavesOut && isRare(lists)) {
    remarks.leftOut(what, lists);
    return false;
  }
  if (isFew(lists.sessions, by.sessions)) remarks.taken(what, lists.sessions);
  return true;
}

/** Values are listed where there are few and each has been used by many: then a new one is not to be expected. */
function schemaOf(field: SeenField, at: string, reading: Reading): LearnedSchema {
  const isSure = field.sessions.size >= ENOUGH_FOR_TYPE;
  const types = isSure ? typesOf(field, at, reading) : ['string'];
  const [only] = types;
  if (types.length === 1 && only !== 'string') return { type: only };
  if (types.every((type) => type === 'integer' || type === 'number')) return { type: 'number' };
  if (field.sessions.size >= ENOUGH_FOR_VALUES && leastOf(field, reading) > 0) {
    const words = wordsOf(field, reading);
    const left = [...field.values].filter(([word]) => !words.has(word)).map(([, by]) => by);
    if (field.others.sessions > 0) left.push(field.others);
    for (const by of left) reading.remarks.leftOut(`a value of ${at}`, by);
    return { enum: [...words.keys()].toSorted() };
  }
  return { type: 'string', maxLength: lengthOf(field.rooms, field.by.sessions, at, reading) };
}

/** Types that are believed; all of them where none is by itself. What is text is told to be so where it makes a difference. */
function typesOf({ types, by }: SeenField, at: string, { leavesOut, remarks, isFew }: Reading): QueryType[] {
  const kept = new Map([...types].filter(([, one]) => !leavesOut || !isRare(one)));
  if (kept.size === 0) return [...types.keys()];
  const isText = kept.has('string');
  for (const [type, one] of types) {
    if (isText && type !== 'string') continue;
    if (!kept.has(type)) remarks.leftOut(`${at} as ${type}`, one);
    else if (kept.size > 1 && isFew(one.sessions, by.sessions)) remarks.taken(`${at} as ${type}`, one.sessions);
  }
  return [...kept.keys()];
}

const wordsOf = ({ values }: SeenField, { leavesOut }: Reading): ReadonlyMap<string, Voices> =>
  new Map([...values].filter(([, by]) => !leavesOut || !isRare(by)));

/** Sessions that used the value with the fewest; 0 where one was used by too few, or there are too many, or others. */
function leastOf(field: SeenField, reading: Reading): number {
  const { others } = field;
  const words = [...wordsOf(field, reading).values()];
  const hasOthers = others.sessions > 0 && !(reading.leavesOut && isRare(others));
  if (hasOthers || words.length === 0 || words.length > MOST_VALUES) return 0;
  const isSupported = words.every((by) => !isRare(by) && by.sessions >= LEAST_SESSIONS);
  return isSupported ? Math.min(...words.map(({ sessions }) => sessions)) : 0;
}
