import type { Dispatcher } from 'undici';

/** Field lines as text, name, value, name, value …: undici hands them over raw, as Buffers. */
export function textOf(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return [];
  const out = new Array<string>(raw.length);
  for (let i = 0; i < raw.length; i += 1) {
    const item = raw[i];
    out[i] = typeof item === 'string' ? item : (item?.toString('latin1') ?? '');
  }
  return out;
}
