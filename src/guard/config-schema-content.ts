import * as z from 'zod/mini';
import { parseRoute } from '../wire/pattern.ts';
import { HELD_BODY_BYTES } from '../wire/constants.ts';
import type { Config, RouteConfig } from './config.ts';
import type { Rule } from './config-rules.ts';
import { fields, optional, text } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';

const file: Rule = (value) =>
  /\.(?:json|ya?ml)$/i.test(value) && !/^[a-z][a-z\d+.-]+:/i.test(value)
    ? ''
    : 'write a schema, or its file, as in "post.json"';

/** A document is a file of this machine: none is fetched. */
export const openapiFile: Rule = (value) =>
  file(value) === '' ? '' : 'write a file, as in "openapi.yaml" or "openapi.json"; documents are not fetched';

const SCHEMA = 'write a JSON Schema, as in { properties: { title: { type: "string" } } }, or its file';
const oneSchema = z.union([text(file), z.record(z.string(), z.unknown(), SCHEMA)], SCHEMA);

const SCHEMAS = 'write an object, as in { body: "post.json" }, or false';

/** The shape of {@link import('./schema/rule.ts').SchemaConfig}. */
export const schemaSchema = z.union(
  [z.literal(false), fields({ body: optional(oneSchema), query: optional(oneSchema) })],
  SCHEMAS,
);

/** Schemas of what never comes, or comes in a way that nobody can check. */
export function contentProblems({ routes = [] }: Config): ConfigProblem[] {
  return routes.flatMap((route, at) => {
    const rule = troubleWith(route);
    return rule === '' ? [] : [{ field: `routes[${at}].schema`, value: 'an object', rule }];
  });
}

function troubleWith({ schema, match, maxBody = HELD_BODY_BYTES, contentTypes = [] }: RouteConfig): string {
  if (!schema) return '';
  if (schema.body === undefined) return schema.query === undefined ? 'write body, query or both' : '';
  const { method } = parseRoute(match);
  if (method === 'GET' || method === 'HEAD') return `${method} has no body; write query, or another method`;
  if (maxBody === 0 || maxBody > HELD_BODY_BYTES) {
    return `a body is held to its schema as a whole: write a maxBody of at most ${HELD_BODY_BYTES} bytes, or none`;
  }
  const other = contentTypes.find((type) => !CHECKED.test(type));
  return other === undefined
    ? ''
    : `contentTypes lists ${other}, which no schema can check; JSON and simple forms can be`;
}

const CHECKED = /^application\/(?:x-www-form-urlencoded|(?:[\w.-]+\+)?json)$/i;
