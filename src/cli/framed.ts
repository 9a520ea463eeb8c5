import type { FramedPage } from '../gateway/frames.ts';
import { count, type Paint, shown, table } from './terminal.ts';

/** Pages that other sites show in frames, for `status` and `enforce`; '' where there are none. */
export function formatFramed(pages: readonly FramedPage[], enforcing: boolean, paint: Paint): string {
  if (pages.length === 0) return '';
  const rows = pages.map(({ path, requests }) => [shown(path), count(requests, 'time')]);
  const what = enforcing ? 'refuse to show them there' : 'would refuse to show them there in enforce mode';
  return `${paint.careful('Shown in frames by other sites')}\n${table(rows)}\n\nBrowsers ${what} (X-Frame-Options). If those frames are wanted, write into your configuration:\n  securityHeaders: 'frameable',`;
}
