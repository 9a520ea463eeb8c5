import { createHash } from 'node:crypto';

/**
 * SHA-256 of a configuration without secrets, in hexadecimal: JSON without spaces, fields in the order of their names, functions by
 * their text. Where the gate listens and where its backend is are left out: two runs on one configuration have one digest.
 */
export function digestOf(config: object): string {
  const rest = Object.fromEntries(Object.entries(config).filter(([name]) => name !== 'to' && name !== 'listen'));
  return createHash('sha256').update(canonical(rest)).digest('hex');
}

function canonical(value: unknown): string {
  if (typeof value === 'function') return JSON.stringify(String(value));
  if (value instanceof RegExp || value instanceof Date) return JSON.stringify(String(value));
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
}
