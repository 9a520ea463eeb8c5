import * as rules from './config-rules.ts';
import { fields, list, optional, text } from './config-schema-parts.ts';
import { parseJsonPath } from './json-path.ts';

const some: rules.Rule = (value) => (value.trim() === '' ? 'write some text' : '');

/** Fields that would change what is asked, or who asks. */
const OUR_OWN =
  /^(?:host|connection|accept|accept-.*|range|if-.*|content-.*|transfer-encoding|te|upgrade|expect|trailer|sallyport-.*|x-forwarded-.*|forwarded|signature|signature-input)$/;

const askedField: rules.Rule = (value) => {
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(value)) return 'write a header field’s name in lower case';
  return OUR_OWN.test(value) ? 'the gate asks in its own name; this field stays with the call' : '';
};

const jsonPath: rules.Rule = (value) => {
  try {
    parseJsonPath(value);
    return '';
  } catch {
    return 'write a path into the JSON, as in $.author.id or $[*].id';
  }
};

const ownerName: rules.Rule = (value) => {
  if (value === 'id' || value === 'name' || /^:[A-Za-z_]\w*$/.test(value)) return '';
  if (value.startsWith('$')) return jsonPath(value);
  return 'write id, name, a claim as in $.email, or a :name of the route’s match';
};

export const ownerSchema = fields({
  ask: text(rules.route, 'write a route of the backend, as in "GET /api/posts/:id"'),
  at: text(jsonPath, 'write a path into the JSON, as in "$.author.id"'),
  is: optional(text(ownerName)),
  source: optional(text(some)),
  fields: optional(list(text(askedField), 'write a list of header fields, as in ["cookie"]')),
});

export const creatorSchema = fields({
  of: text(rules.route, 'write the route that creates these objects, as in "POST /api/posts"'),
  at: optional(text(jsonPath, 'write a path into the JSON, as in "$.id"')),
  param: optional(text(some)),
});

export const cedarRouteSchema = fields({ action: text(some), resource: text(some) });

/** The shape of {@link import('./config-authorization.ts').AuthorizationConfig}. */
export const authorizationSchema = fields({
  cedar: optional(
    fields({
      policies: text(some, 'write policies, or the file they stand in: "policies.cedar"'),
      schema: optional(text(some)),
      entities: optional(text(some)),
    }),
  ),
});
