import type { ModeChanged } from '../gateway/switching.ts';

/** How far a switch went; begins on a line of its own. */
export function reachWords(reach: ModeChanged['reach']): string {
  if (reach === 'all')
    return '\nEvery gate that shares its records hears of it within seconds, and finds it so after a restart.';
  if (reach === 'later')
    return '\nRecords cannot be reached: other gates hear of it as soon as they can. Until then switch each of them.';
  return '';
}
