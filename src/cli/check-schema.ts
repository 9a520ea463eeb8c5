import type { Policy, RouteRule } from '../guard/policy.ts';
import type { DocumentedCall } from '../guard/schema/documented.ts';
import type { BodyRule, FormRule } from '../guard/schema/form.ts';
import { NO_SCHEMAS } from '../guard/schema/rule.ts';

/** What a route's schemas take, a line for each part. */
export function describeContent({ schemas, maxBody }: RouteRule): readonly string[] {
  return schemas.flatMap(({ name, body, query }) => {
    const by = name.endsWith(': openapi') ? ', by openapi' : '';
    return [
      ...(body === null ? [] : [`body: ${bodyOf(body, maxBody)}${by}`]),
      ...(query === null ? [] : [`query: ${namesOf(query)}${by}`]),
    ];
  });
}

function bodyOf({ json, form, required }: BodyRule, maxBody: number): string {
  const kinds = [...(json === null ? [] : ['JSON']), ...(form === null ? [] : ['a form'])];
  if (kinds.length === 0) return 'none';
  return `${kinds.join(' or ')} that fits its schema, ${maxBody} bytes at most${required ? '' : ', or none'}`;
}

const namesOf = ({ types }: FormRule): string => (types.size === 0 ? 'no parameters' : [...types.keys()].join(', '));

const HOW: Readonly<Record<DocumentedCall['how'], string>> = {
  checked: 'held to the document',
  own: 'held to a schema of the route’s own in place of the document',
  unchecked: 'not held to the document, because their routes say schema: false',
  refused: 'refused, because no route lists them',
  outside: 'outside of what is protected: not held to the document',
};

/** What the document lists and the routes do not, and the other way round; nothing without a document. */
export function describeDocument({ config, documented, routes }: Policy): readonly string[] {
  if (config.openapi === undefined) return [];
  const byHow = Map.groupBy(documented, ({ how }) => how);
  const unlisted = routes.filter(({ named, schemas }) => named && schemas === NO_SCHEMAS);
  const silent = unlisted.filter(({ name }) => !documented.some(({ route }) => route === name));
  return [
    ...[...byHow].map(([how, calls]) => `${HOW[how]}: ${calls.map(({ match }) => match).join(' · ')}`),
    ...(silent.length === 0
      ? []
      : [`routes that the document does not list, with any content: ${silent.map(({ name }) => name).join(' · ')}`]),
  ];
}
