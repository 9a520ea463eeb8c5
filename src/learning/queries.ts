import type { QueryShape, QueryType } from './query.ts';
import type { LearnedSchema } from './schemas.ts';
import { createUsers, type Users } from './users.ts';

/** What the queries of one route look like, added up. Bounded by fields and values. */
export interface QueryBook {
  /** @param query null where two servers could read it differently */
  add(query: QueryShape, session: string, prefix: string): void;
  /** The schema that all of them fit; null where nothing holds for all. */
  schema(): LearnedQuery | null;
}

export interface LearnedQuery {
  readonly schema: LearnedSchema;
  readonly calls: number;
  readonly sessions: number;
  /** Fields of which the values are listed, with the sessions that each of the values rests on at least. */
  readonly listed: readonly { readonly name: string; readonly sessions: number }[];
}

interface SeenField {
  readonly types: Set<QueryType>;
  longest: number;
  isList: boolean;
  readonly users: Users;
  /** Null where there are too many, or the source does not show them. */
  values: Map<string, Users> | null;
}

const MOST_FIELDS = 50;
const MOST_VALUES = 12;
/** Sessions that are counted of one route. */
export const MOST_COUNTED = 2000;
/** Calls and sessions after which fields that nobody sent are refused. */
const ENOUGH_CALLS = 300;
const ENOUGH_SESSIONS = 100;
/** Sessions after which a type is believed, and after which no further value is expected. */
const ENOUGH_FOR_TYPE = 100;
const ENOUGH_FOR_VALUES = 400;
/** Sessions and networks that each value of a list has been used by. */
const LEAST_SESSIONS = 10;
const LEAST_NETWORKS = 3;
/** What somebody wrote into a program, and no person types. */
const WORD = /^[A-Za-z][\w-]{0,23}$/;
/** Texts may become so much longer, and are at least so long. */
const HEADROOM = 4;
const LEAST_LENGTH = 200;

export function createQueryBook(): QueryBook {
  const fields = new Map<string, SeenField>();
  const all = createUsers(MOST_COUNTED);
  let calls = 0;
  let isReadable = true;
  return {
    add(query, session, prefix) {
      calls += 1;
      all.add(session, prefix);
      if (query === null) {
        isReadable = false;
        return;
      }
      for (const { name, type, times, length, value } of query) {
        let field = fields.get(name);
        if (field === undefined) {
          if (fields.size >= MOST_FIELDS) {
            isReadable = false;
            return;
          }
          field = {
            types: new Set(),
            longest: 0,
            isList: false,
            users: createUsers(ENOUGH_FOR_VALUES),
            values: new Map(),
          };
          fields.set(name, field);
        }
        field.types.add(type);
        field.longest = Math.max(field.longest, length);
        field.isList ||= times > 1;
        field.users.add(session, prefix);
        noteValue(field, value, session, prefix);
      }
    },
    schema() {
      if (!isReadable || calls < ENOUGH_CALLS || all.sessions < ENOUGH_SESSIONS) return null;
      const listed: LearnedQuery['listed'][number][] = [];
      const properties = [...fields].map(([name, field]) => {
        const schema = schemaOf(field);
        if ('enum' in schema) listed.push({ name, sessions: leastOf(field) });
        return [name, field.isList ? { type: 'array', items: schema, maxItems: 100 } : schema] as const;
      });
      return {
        schema: { properties: Object.fromEntries(properties) },
        calls,
        sessions: all.sessions,
        listed,
      };
    },
  };
}

function noteValue(field: SeenField, value: string, session: string, prefix: string): void {
  if (field.values === null) return;
  let users = field.values.get(value);
  if (users === undefined) {
    if (!WORD.test(value) || field.values.size >= MOST_VALUES) {
      field.values = null;
      return;
    }
    users = createUsers(2 * LEAST_SESSIONS);
    field.values.set(value, users);
  }
  users.add(session, prefix);
}

/** Values are listed where there are few and each has been used by many: then a new one is not to be expected. */
function schemaOf(field: SeenField): LearnedSchema {
  const { types, longest, users, values } = field;
  const [only] = types;
  const isSure = users.sessions >= ENOUGH_FOR_TYPE;
  if (isSure && types.size === 1 && only !== 'string') return { type: only };
  if (isSure && [...types].every((type) => type === 'integer' || type === 'number')) return { type: 'number' };
  const isList = users.sessions >= ENOUGH_FOR_VALUES && values !== null && values.size > 0 && leastOf(field) > 0;
  if (isList) return { enum: [...values.keys()].toSorted() };
  return { type: 'string', maxLength: Math.max(LEAST_LENGTH, HEADROOM * longest) };
}

/** Sessions that used the value with the fewest; 0 where one was used by too few, or from too few networks. */
function leastOf({ values }: SeenField): number {
  const all = [...(values ?? new Map<string, Users>()).values()];
  const isSupported = all.every(({ sessions, networks }) => sessions >= LEAST_SESSIONS && networks >= LEAST_NETWORKS);
  return isSupported ? Math.min(...all.map(({ sessions }) => sessions)) : 0;
}
