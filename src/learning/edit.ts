import { parse } from '@babel/parser';
import type { ArrayExpression, Expression, Node, ObjectExpression, ObjectProperty, Program } from '@babel/types';
import { createTwoFilesPatch } from 'diff';
import { wrap } from '../lib/wrap.ts';
import { toLiteral, toPlainJson } from './literal.ts';
import type { Proposal, ProposedField, ProposedRoute } from './proposal.ts';

/** A configuration file with a proposal written into it. */
export interface Edited {
  readonly text: string;
  /** Unified diff; '' where nothing changes. */
  readonly diff: string;
  /** Routes that stand where they cannot be found by reading: their lines have to be placed by hand. */
  readonly unplaced: readonly ProposedRoute[];
}

/** Comments on fields: what they would have refused, by route and field. */
export type Comment = (route: ProposedRoute, field: ProposedField | null) => string;

/** The file cannot be edited: its routes are not written down as a list. */
export class NotEditable extends Error {}

/**
 * Writes a proposal into the text of a configuration. Everything else stays byte for byte. An empty text becomes a whole file.
 *
 * @throws NotEditable naming what was found in place of a list of routes
 */
export function editConfig(name: string, text: string, proposal: Proposal, comment: Comment): Edited {
  const isNew = text.trim() === '';
  const before = isNew ? newFile() : text;
  const { text: edited, unplaced } = name.endsWith('.json')
    ? editJson(before, proposal)
    : editModule(name, before, proposal, comment);
  const changes = edited !== (isNew ? '' : text);
  const diff = changes ? createTwoFilesPatch(isNew ? '/dev/null' : name, name, isNew ? '' : text, edited) : '';
  return { text: edited, diff, unplaced };
}

const newFile = (): string => `import { defineConfig } from 'sallyport/config';

export default defineConfig({
  to: 'http://localhost:3000',
});
`;

/** Text to be put in place of what stands between two offsets. */
interface Change {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function editModule(
  name: string,
  text: string,
  { routes, openapi }: Proposal,
  comment: Comment,
): { text: string; unplaced: ProposedRoute[] } {
  const named = openapi === '' ? text : withField(name, text, (pad) => [`${pad}openapi: ${toLiteral(openapi)},`]);
  const { text: edited, unplaced } = withKnown(name, named, routes, comment);
  // A doubt that stands there as a comment is not written twice.
  const isThere = ({ match, doubt }: ProposedRoute): boolean =>
    doubt !== '' && text.includes(`match: ${toLiteral(match)}`);
  const more = routes.filter((route) => !route.known && !isThere(route));
  if (more.length === 0) return { text: edited, unplaced };
  const list = routesIn(configIn(name, edited), edited);
  if (list !== null) {
    const indent = indentAt(edited, placeOf(list).from) + 2;
    const lines = more.flatMap((route) => routeLines(route, indent, comment));
    return { text: replaced(edited, [withMembers(edited, list, lines)]), unplaced };
  }
  const whole = (pad: string): string[] => {
    const lines = more.flatMap((route) => routeLines(route, pad.length + 2, comment));
    return [`${pad}routes: [`, ...lines, `${pad}],`];
  };
  return { text: withField(name, edited, whole), unplaced };
}

/** Puts lines at the end of the configuration object. */
function withField(name: string, text: string, lines: (pad: string) => string[]): string {
  const config = configIn(name, text);
  return replaced(text, [withMembers(text, config, lines(' '.repeat(indentAt(text, placeOf(config).from) + 2)))]);
}

/** Puts fields into the routes that are there. */
function withKnown(
  name: string,
  text: string,
  routes: readonly ProposedRoute[],
  comment: Comment,
): { text: string; unplaced: ProposedRoute[] } {
  const list = routesIn(configIn(name, text), text);
  const changes: Change[] = [];
  const unplaced: ProposedRoute[] = [];
  for (const route of routes.filter(({ known }) => known)) {
    const found = list === null ? null : routeIn(list, route.match);
    if (found === null) unplaced.push(route);
    else changes.push(withMembers(text, found, fieldLines(route, indentAt(text, placeOf(found).from) + 2, comment)));
  }
  return { text: replaced(text, changes), unplaced };
}

/** From the end on, so that the offsets before stay true. */
const replaced = (text: string, changes: readonly Change[]): string =>
  changes
    .toSorted((a, b) => b.from - a.from)
    .reduce((done, { from, to, text: put }) => done.slice(0, from) + put + done.slice(to), text);

/** The object that the file exports, itself or as what `defineConfig` is given. */
function configIn(name: string, text: string): ObjectExpression {
  let program: Program;
  try {
    program = parse(text, { sourceType: 'module', plugins: ['typescript'] }).program;
  } catch {
    throw new NotEditable(`${name} cannot be read as TypeScript`);
  }
  for (const statement of program.body) {
    if (statement.type !== 'ExportDefaultDeclaration') continue;
    const found = objectIn(statement.declaration, program);
    if (found !== null) return found;
  }
  throw new NotEditable(`${name} does not export an object that could be read`);
}

function objectIn(node: Node | null | undefined, program: Program): ObjectExpression | null {
  switch (node?.type) {
    case 'ObjectExpression':
      return node;
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'ParenthesizedExpression':
      return objectIn(node.expression, program);
    case 'CallExpression':
      return objectIn(node.arguments[0], program);
    case 'Identifier':
      return objectIn(initOf(node.name, program), program);
    default:
      return null;
  }
}

/** What a constant of the file begins as. */
function initOf(name: string, program: Program): Expression | null {
  for (const statement of program.body) {
    if (statement.type !== 'VariableDeclaration' || statement.kind !== 'const') continue;
    for (const { id, init } of statement.declarations)
      if (id.type === 'Identifier' && id.name === name) return init ?? null;
  }
  return null;
}

/** The list of routes; null where there is none. */
function routesIn(config: ObjectExpression, text: string): ArrayExpression | null {
  const found = memberOf(config, 'routes');
  if (found === null) return null;
  if (found.value.type === 'ArrayExpression') return found.value;
  const { from, to } = placeOf(found.value);
  throw new NotEditable(`routes is ${text.slice(from, to).slice(0, 40)}, and no list that could be read`);
}

function routeIn(list: ArrayExpression, match: string): ObjectExpression | null {
  for (const element of list.elements) {
    if (element?.type !== 'ObjectExpression') continue;
    const value = memberOf(element, 'match')?.value;
    if (value?.type === 'StringLiteral' && value.value === match) return element;
  }
  return null;
}

function memberOf(object: ObjectExpression, name: string): ObjectProperty | null {
  for (const property of object.properties) {
    if (property.type !== 'ObjectProperty' || property.computed) continue;
    const { key } = property;
    if ((key.type === 'Identifier' && key.name === name) || (key.type === 'StringLiteral' && key.value === name))
      return property;
  }
  return null;
}

/** Offsets in the text, the end excluded: what the parser read has both. */
const placeOf = ({ start, end }: Node): { from: number; to: number } => ({ from: start ?? 0, to: end ?? 0 });

/** Puts lines behind the last member of an object or list, and each on a line of its own where all stood on one. */
function withMembers(text: string, node: ObjectExpression | ArrayExpression, lines: readonly string[]): Change {
  const members: Node[] = (node.type === 'ObjectExpression' ? node.properties : node.elements).filter(
    (one) => one !== null,
  );
  const { from: start, to: end } = placeOf(node);
  const close = end - 1;
  const [first] = members;
  const last = members.at(-1);
  const pad = ' '.repeat(indentAt(text, start));
  if (first === undefined || last === undefined)
    return { from: start + 1, to: close, text: `\n${lines.join('\n')}\n${pad}` };
  const behind = placeOf(last).to;
  if (!text.slice(start, end).includes('\n')) {
    const inner = text.slice(placeOf(first).from, behind);
    return { from: start + 1, to: close, text: `\n${pad}  ${inner},\n${lines.join('\n')}\n${pad}` };
  }
  const comma = /^\s*,/.exec(text.slice(behind, close))?.[0].length ?? 0;
  // What stands behind it on the same line, a comment, stays there.
  const line = text.indexOf('\n', behind + comma);
  const to = line < 0 || line > close ? behind + comma : line;
  const kept = text.slice(behind + comma, to) + text.slice(to, close).trimEnd();
  return { from: behind, to: close, text: `,${kept}\n${lines.join('\n')}\n${pad}` };
}

/** Spaces that the line begins with. */
function indentAt(text: string, offset: number): number {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^ */.exec(line)?.[0].length ?? 0;
}

function routeLines(route: ProposedRoute, indent: number, comment: Comment): string[] {
  const pad = ' '.repeat(indent);
  const said = comments(indent, comment(route, null), { loosens: route.loosens, rare: '' });
  const fields = fieldLines(route, indent + 2, comment);
  const lines =
    fields.length === 0
      ? [`${pad}{ match: ${toLiteral(route.match)} },`]
      : [`${pad}{`, `${pad}  match: ${toLiteral(route.match)},`, ...fields, `${pad}},`];
  if (route.doubt === '') return [...said, ...lines];
  const doubts = comments(indent, `Not taken up: ${route.doubt}.`);
  return [...said, ...doubts, ...lines.map((line) => `${pad}// ${line.slice(indent)}`)];
}

function fieldLines(route: ProposedRoute, indent: number, comment: Comment): string[] {
  const pad = ' '.repeat(indent);
  return route.fields.flatMap((field) => [
    ...comments(indent, comment(route, field), field),
    `${pad}${field.name}: ${toLiteral(field.value, indent, field.name.length + 2)},`,
  ]);
}

function comments(
  indent: number,
  evidence: string,
  { loosens, rare }: Pick<ProposedField, 'loosens' | 'rare'> = { loosens: '', rare: '' },
): string[] {
  const prefix = `${' '.repeat(indent)}// `;
  return [
    ...(evidence === '' ? [] : wrap(evidence, prefix, prefix)),
    ...(loosens === '' ? [] : wrap(`loosens: ${loosens}`, prefix, prefix)),
    ...(rare === '' ? [] : wrap(`rare: ${rare}`, prefix, prefix)),
  ];
}

/** JSON has no comments: there the evidence is in the output alone. */
function editJson(text: string, { routes, openapi }: Proposal): { text: string; unplaced: ProposedRoute[] } {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new NotEditable('the file holds no object');
  const before: unknown = Reflect.get(value, 'routes') ?? [];
  if (!Array.isArray(before)) throw new NotEditable('routes is no list');
  const sure = routes.filter(({ doubt }) => doubt === '');
  const fieldsOf = ({ fields }: ProposedRoute): object =>
    Object.fromEntries(fields.map(({ name, value: one }) => [name, one]));
  const known = before.map((route: object) => {
    const own = sure.find((one) => one.known && one.match === Reflect.get(route, 'match'));
    return own === undefined ? route : { ...route, ...fieldsOf(own) };
  });
  const more = sure.filter((route) => !route.known).map((route) => ({ match: route.match, ...fieldsOf(route) }));
  const all = [...known, ...more];
  const edited = { ...value, ...(openapi === '' ? {} : { openapi }), ...(all.length === 0 ? {} : { routes: all }) };
  return { text: `${toPlainJson(edited)}\n`, unplaced: [] };
}
