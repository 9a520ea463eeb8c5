const WIDTH = 120;

/**
 * A JSON value as TypeScript that a formatter would leave alone: single quotes, names without quotes where they can be,
 * on one line where it fits.
 *
 * @param indent spaces before the line that it stands on
 * @param before characters that stand before it on its line
 */
export function toLiteral(value: unknown, indent = 0, before = 0): string {
  const flat = flatLiteral(value);
  if (indent + before + flat.length + 1 <= WIDTH || typeof value !== 'object' || value === null) return flat;
  const inner = indent + 2;
  const pad = ' '.repeat(inner);
  if (Array.isArray(value)) {
    const items = value.map((item) => `${pad}${toLiteral(item, inner)},\n`);
    return `[\n${items.join('')}${' '.repeat(indent)}]`;
  }
  const members = Object.entries(value).map(([name, one]) => {
    const key = nameLiteral(name);
    return `${pad}${key}: ${toLiteral(one, inner, key.length + 2)},\n`;
  });
  return `{\n${members.join('')}${' '.repeat(indent)}}`;
}

function flatLiteral(value: unknown): string {
  if (typeof value === 'string') return textLiteral(value);
  if (Array.isArray(value)) return `[${value.map(flatLiteral).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const members = Object.entries(value).map(([name, one]) => `${nameLiteral(name)}: ${flatLiteral(one)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

const nameLiteral = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : textLiteral(name));

/** What shows as nothing, ends a line or turns the direction of writing: of texts that come from requests. */
const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Cc}]/gu;

/** JSON with the same of its texts escaped. Line feeds between its members stay. */
export const toPlainJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replaceAll(UNSEEN, (one) =>
    one === '\n' ? one : Array.from({ length: one.length }, (_, at) => unitEscape(one.charCodeAt(at))).join(''),
  );

const unitEscape = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;

/** In single quotes, unless it holds some: nothing in it ends a line, or shows as something else. */
export function textLiteral(text: string): string {
  const escaped = JSON.stringify(text).replaceAll(UNSEEN, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`);
  if (text.includes("'")) return escaped;
  return `'${escaped.slice(1, -1).replaceAll('\\"', '"')}'`;
}
