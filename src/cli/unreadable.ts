import type { Unreadable } from '../learning/observation.ts';
import { count, type Paint, shown, table } from './terminal.ts';

/** What of some files could not be read, and where that began. */
export function formatUnreadable(all: readonly (Unreadable & { readonly source: string })[], paint: Paint): string {
  if (all.length === 0) return '';
  const rows = all.map(({ source, reason, count: times, first }) => [
    shown(source),
    count(times, 'time'),
    `${reason}, first at ${first}`,
  ]);
  return `${paint.careful('Passed over')}\n${table(rows)}`;
}
