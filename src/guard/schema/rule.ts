import { HELD_BODY_BYTES } from '../../wire/constants.ts';
import { parseRoute } from '../../wire/pattern.ts';
import type { Config, RouteConfig } from '../config.ts';
import { type ConfigProblem, ConfigError } from '../errors.ts';
import { ruleNumber } from '../use.ts';
import type { JsonSchema } from './close.ts';
import { createEngine, type Engine } from './engine.ts';
import { FileTrouble, readStructured } from './files.ts';
import { type BodyRule, type FormRule, fieldTypes, resolverOf } from './form.ts';
import { type Documented, readDocument } from './openapi.ts';

/** Schemas of a route: part of {@link RouteConfig}. */
export interface SchemaConfig {
  /** JSON Schema (2020-12) of the body, or its file: `post.json`, `post.yaml`. Such a route takes JSON of at most 64 KiB. */
  body?: string | Record<string, unknown>;
  /** JSON Schema of the query, one property by parameter, or its file. */
  query?: string | Record<string, unknown>;
}

/** What a request's content has to fit. */
export interface SchemaRule {
  readonly number: number;
  readonly name: string;
  /** Null where nothing is asked of the body. */
  readonly body: BodyRule | null;
  /** Null where nothing is asked of the query. */
  readonly query: FormRule | null;
}

/** For routes that take any content. Compared by identity. */
export const NO_SCHEMAS: readonly SchemaRule[] = Object.freeze([]);

/** For operations whose requests have no body. */
const NO_CONTENT: BodyRule = Object.freeze({ json: null, form: null, required: false });

const FORM = 'application/x-www-form-urlencoded';

/** The schemas of one configuration. */
export interface Schemas {
  /** What a route asks of content. */
  of(route: RouteConfig, index: number): readonly SchemaRule[];
  /** What the document lists; none without a document. */
  readonly documented: readonly Documented[];
}

const NOTHING: Schemas = Object.freeze({ of: () => NO_SCHEMAS, documented: Object.freeze([]) });

/**
 * Reads and compiles what a configuration has of schemas; nothing is loaded where it has none.
 *
 * @throws ConfigError naming field, file and rule
 */
export function compileSchemas(config: Config): Schemas {
  const { openapi, routes = [] } = config;
  if (openapi === undefined && routes.every(({ schema }) => !schema)) return NOTHING;
  const engine = createEngine();
  const documented =
    openapi === undefined ? [] : at('openapi', openapi, () => readDocument(readStructured(openapi), engine));
  return {
    documented,
    of(route, index) {
      const { schema } = route;
      if (schema === false) return NO_SCHEMAS;
      if (schema !== undefined) return [ownRule(engine, route, schema, `routes[${index}].schema`)];
      const operation = documented.find(({ match }) => sameCall(match, route.match));
      if (operation === undefined || openapi === undefined) return NO_SCHEMAS;
      const { body, query } = at('openapi', openapi, operation.compile);
      const { maxBody = HELD_BODY_BYTES } = route;
      if (body !== null && (maxBody === 0 || maxBody > HELD_BODY_BYTES)) {
        const told = `openapi holds this body to its schema as a whole: write at most ${HELD_BODY_BYTES} bytes, or none`;
        throw new ConfigError('config', [{ field: `routes[${index}].maxBody`, value: String(maxBody), rule: told }]);
      }
      return [rule(openapiName(route.match), body ?? NO_CONTENT, query)];
    },
  };
}

/** What the rule of an operation is called. */
export const openapiName = (match: string): string => `${match}: openapi`;

/** Whether two routes are written for the same calls, whatever their `:names`. */
export const sameCall = (first: string, second: string): boolean => plainly(first) === plainly(second);

const plainly = (match: string): string => {
  const { method, pattern } = parseRoute(match);
  return `${method} ${pattern.replaceAll(/\/:\w+/g, '/:')}`;
};

const rule = (name: string, body: BodyRule | null, query: FormRule | null): SchemaRule =>
  Object.freeze({ number: ruleNumber(name), name, body, query });

function ownRule(engine: Engine, route: RouteConfig, { body, query }: SchemaConfig, field: string): SchemaRule {
  const read = {
    body: body === undefined ? null : sourceOf(body, `${field}.body`),
    query: query === undefined ? null : sourceOf(query, `${field}.query`),
  };
  const takesForms =
    route.contentTypes?.some((type) => type.toLowerCase() === FORM) || route.carriers?.includes('form');
  return rule(
    `${route.match}: schema`,
    read.body && at(`${field}.body`, body, () => bodyRule(engine, read.body ?? {}, takesForms === true)),
    read.query && at(`${field}.query`, query, () => formRule(engine, read.query ?? {})),
  );
}

function bodyRule(engine: Engine, schema: JsonSchema, takesForms: boolean): BodyRule {
  return Object.freeze({
    json: engine.compile(schema),
    form: takesForms ? formRule(engine, schema) : null,
    required: true,
  });
}

const formRule = (engine: Engine, schema: JsonSchema): FormRule =>
  Object.freeze({ types: fieldTypes(schema, resolverOf(schema)), checker: engine.compile({ ...OBJECT, ...schema }) });

const OBJECT = { type: 'object' };

function sourceOf(given: string | Record<string, unknown>, field: string): JsonSchema {
  if (typeof given !== 'string') return given;
  const found = at(field, given, () => readStructured(given));
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) return { ...found };
  throw problem(field, given, 'this file holds no schema: write an object');
}

/** What goes wrong with a schema is the configuration's. */
function at<T>(field: string, given: unknown, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw problem(field, given, error instanceof FileTrouble ? said : `this schema cannot be used: ${said}`);
  }
}

function problem(field: string, given: unknown, rule: string): ConfigError {
  const value = typeof given === 'string' ? JSON.stringify(given) : 'a schema';
  const problems: ConfigProblem[] = [{ field, value, rule }];
  return new ConfigError('config', problems);
}
