import { createHash } from 'node:crypto';
import type { Config } from '../../guard/config.ts';

/** Of two configurations with one digest, the fields have the same values and the functions the same text. */
export function digestOf(config: Config): string {
  return createHash('sha256').update(JSON.stringify(config, shown)).digest('base64url');
}

const shown = (_name: string, value: unknown): unknown => {
  if (typeof value === 'function' || value instanceof RegExp || typeof value === 'bigint') return String(value);
  return value;
};

/** The configuration where another thread can be given a copy; null where it holds functions. */
export function copyOf(config: Config): Config | null {
  try {
    return structuredClone(config);
  } catch {
    return null;
  }
}
