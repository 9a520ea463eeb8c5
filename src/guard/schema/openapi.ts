import { pointerStep } from '../../lib/i-json.ts';
import type { JsonSchema } from './close.ts';
import type { Engine } from './engine.ts';
import { type BodyRule, type FormRule, fieldTypes, type Resolve, resolverOf } from './form.ts';

/** One operation of an OpenAPI document, in our words. */
export interface Documented {
  /** `POST /api/posts/:id` */
  readonly match: string;
  /** What it says of content. Throws an Error that names the place in the document. */
  compile(): { readonly body: BodyRule | null; readonly query: FormRule };
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'patch', 'trace'];
const NAME = 'openapi';
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/**
 * The operations of an OpenAPI 3.1 document that has been read. References go to its own components; nothing is fetched.
 *
 * @throws Error naming the place in the document and what is wrong there
 */
export function readDocument(document: unknown, engine: Engine): readonly Documented[] {
  const root = objectAt(document, '#');
  const { openapi, paths, servers, components } = root;
  if (typeof openapi !== 'string' || !/^3\.[12]\./.test(openapi)) {
    throw new Error('#/openapi has to be "3.1.0" or a later 3.x: earlier ones have schemas of their own kind');
  }
  const known = addComponents(components, engine);
  const prefix = prefixOf(servers);
  const reader: Reader = { engine, resolve: resolverOf(root), keys: known };
  const found = Object.entries(objectAt(paths ?? {}, '#/paths')).flatMap(([path, item]) => {
    const pointer = `#/paths${pointerStep(path)}`;
    const described = reached(reader, item, pointer);
    if ('servers' in described) throw new Error(`${pointer}/servers: write one server for the whole document`);
    return METHODS.filter((method) => method in described).map((method) => ({
      match: `${method.toUpperCase()} ${prefix}${patternOf(path)}`,
      compile: () => operation(reader, described, method, pointer),
    }));
  });
  return found.sort(byPlace);
}

interface Reader {
  readonly engine: Engine;
  readonly resolve: Resolve;
  /** Names of query parameters that keys come in, which operations do not list. */
  readonly keys: readonly string[];
}

/** What is written out goes before what a name stands for (OpenAPI 3.1 §4.8.8). */
const byPlace = (a: Documented, b: Documented): number =>
  a.match.replaceAll(/:\w+/g, '\x7f') < b.match.replaceAll(/:\w+/g, '\x7f') ? -1 : 1;

function objectAt(value: unknown, pointer: string): JsonSchema {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${pointer} has to be an object`);
  return { ...value };
}

/** An object, or the one that a reference in its place names. */
function reached({ resolve }: Reader, value: unknown, pointer: string): JsonSchema {
  let found = objectAt(value, pointer);
  for (let steps = 0; typeof found['$ref'] === 'string'; steps++) {
    const reference = found['$ref'];
    if (steps > 32) throw new Error(`${pointer}: its references go round in circles`);
    const target = resolve(reference);
    if (target === undefined) throw new Error(`${pointer}: there is no ${reference} in this document`);
    found = objectAt(target, reference);
  }
  return found;
}

function addComponents(components: unknown, engine: Engine): string[] {
  const { schemas = {}, securitySchemes = {} } = objectAt(components ?? {}, '#/components');
  const named = objectAt(schemas, '#/components/schemas');
  const given = Object.entries(named).map(([key, schema]): [string, JsonSchema | boolean] => [
    key,
    typeof schema === 'boolean' ? schema : objectAt(schema, `#/components/schemas${pointerStep(key)}`),
  ]);
  engine.add(NAME, Object.fromEntries(given));
  return Object.values(objectAt(securitySchemes, '#/components/securitySchemes')).flatMap((scheme) => {
    const { in: place, name } = objectAt(scheme, '#/components/securitySchemes');
    return place === 'query' && typeof name === 'string' ? [name] : [];
  });
}

/** The path that all operations lie under: that of the server. */
function prefixOf(servers: unknown): string {
  const urls = Array.isArray(servers) ? servers.map((server) => objectAt(server, '#/servers')['url']) : [];
  const paths = new Set(
    urls.map((url) => (URL.parse(String(url), 'http://localhost')?.pathname ?? '/').replace(/\/$/, '')),
  );
  if (paths.size > 1)
    throw new Error(`#/servers: their paths differ (${[...paths].map((path) => path || '/').join(', ')}); write one`);
  const [path = ''] = paths;
  return path;
}

/** `/posts/{id}` → `/posts/:id` */
function patternOf(path: string): string {
  return path
    .replaceAll(/\/\{(\w+)\}(?=\/|$)/g, (_, name: string) => `/:${/^[A-Za-z_]/.test(name) ? name : `_${name}`}`)
    .replaceAll(/\{[^}]*\}/g, '*');
}

function operation(reader: Reader, item: JsonSchema, method: string, path: string): ReturnType<Documented['compile']> {
  const pointer = `${path}/${method}`;
  const described = objectAt(item[method], pointer);
  if ('servers' in described) throw new Error(`${pointer}/servers: write one server for the whole document`);
  const query = queryRule(
    reader,
    [...listAt(item['parameters'], path), ...listAt(described['parameters'], pointer)],
    pointer,
  );
  const { requestBody } = described;
  return { query, body: requestBody === undefined ? null : bodyRule(reader, requestBody, `${pointer}/requestBody`) };
}

function listAt(value: unknown = [], pointer: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${pointer}/parameters has to be a list`);
  return value;
}

function queryRule(reader: Reader, parameters: readonly unknown[], pointer: string): FormRule {
  const properties = new Map<string, unknown>(reader.keys.map((key) => [key, { type: 'string' }]));
  const required = new Set<string>();
  const commas = new Set<string>();
  for (const given of parameters) {
    const parameter = reached(reader, given, `${pointer}/parameters`);
    const { name, in: place, schema = { type: 'string' }, style = 'form', explode = true } = parameter;
    if (place !== 'query') continue;
    if (typeof name !== 'string' || 'content' in parameter || style !== 'form') {
      throw new Error(
        `${pointer}/parameters: ${String(name)} is written in a way that cannot be checked; write schema and style "form"`,
      );
    }
    // An operation's own parameter replaces the path's.
    required.delete(name);
    properties.set(name, schema);
    if (parameter['required'] === true) required.add(name);
    if (explode === false) commas.add(name);
  }
  const schema = {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: [...required],
    additionalProperties: false,
  };
  return named(`${pointer}/parameters`, () => ({
    types: fieldTypes(schema, reader.resolve, commas),
    checker: reader.engine.compile(schema, NAME),
  }));
}

function bodyRule(reader: Reader, given: unknown, pointer: string): BodyRule {
  const { content, required } = reached(reader, given, pointer);
  const media = Object.entries(objectAt(content ?? {}, `${pointer}/content`));
  const other = media.find(([type]) => !JSON_TYPE.test(type) && !FORM_TYPE.test(type));
  if (other !== undefined || media.length === 0) {
    throw new Error(
      `${pointer}/content${pointerStep(other?.[0] ?? '')} cannot be checked: JSON and forms can; write schema: false in this route to leave it unchecked`,
    );
  }
  const schemaOf = (wanted: RegExp): JsonSchema | boolean | null => {
    const found = media.find(([type]) => wanted.test(type));
    if (found === undefined) return null;
    const { schema = true } = objectAt(found[1], `${pointer}/content${pointerStep(found[0])}`);
    return typeof schema === 'boolean' ? schema : objectAt(schema, `${pointer}/content${pointerStep(found[0])}/schema`);
  };
  const [json, form] = [schemaOf(JSON_TYPE), schemaOf(FORM_TYPE)];
  return named(`${pointer}/content`, () => ({
    json: json === null ? null : reader.engine.compile(json, NAME),
    form: form === null ? null : documentedForm(reader, form),
    required: required === true,
  }));
}

function documentedForm({ engine, resolve }: Reader, schema: JsonSchema | boolean): FormRule {
  if (typeof schema === 'boolean') throw new Error('a form has to say which fields it has');
  const { $ref } = schema;
  const written = typeof $ref === 'string' ? objectAt(resolve($ref), $ref) : schema;
  return { types: fieldTypes(written, resolve), checker: engine.compile(schema, NAME) };
}

function named<T>(pointer: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`${pointer}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
