import type { ListStatus } from '../guard/lists.ts';
import { count, shown } from './terminal.ts';

/** `1,204 networks, 2 reserved ones left out, 1 broken line: 17 "foo"` */
export function listCounts({ networks, reserved, broken, brokenLines }: ListStatus): string {
  const [first] = brokenLines;
  const parts = [
    count(networks, 'network'),
    ...(reserved > 0 ? [`${reserved} reserved left out`] : []),
    ...(broken > 0 && first !== undefined
      ? [`${count(broken, 'broken line')}, the first ${first.line}: ${shown(first.text)}`]
      : []),
  ];
  return parts.join(', ');
}

export function listAge({ checked, stale, trouble }: ListStatus, now: number): string {
  const age = checked === 0 ? 'never read' : `of ${minutes(now - checked)} ago`;
  const why = trouble === '' ? '' : `: ${shown(trouble)}`;
  return `${stale && checked !== 0 ? 'STALE, ' : ''}${age}${why}`;
}

function minutes(milliseconds: number): string {
  const whole = Math.max(0, Math.round(milliseconds / 60_000));
  return whole < 120 ? `${whole} min` : `${Math.round(whole / 60)} h`;
}
