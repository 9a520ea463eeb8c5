import { escapeHtml } from './escape-html.ts';

/** One bar, with what a reader sees beside it. */
export interface Bar {
  readonly label: string;
  /** Above 0. */
  readonly value: number;
  readonly shown: string;
}

const WIDTH = 720;
const LABEL = 250;
const ROOM = 330;
const ROW = 22;
/** What is less is drawn as this. */
const LEAST = 0.001;

/** Horizontal bars on a logarithmic scale that begins below the least; `title` is what those hear who do not see it. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const values = bars.map(({ value }) => Math.max(value, LEAST));
  const start = Math.min(...values) / 2;
  const lengthOf = (value: number): number =>
    (Math.log(Math.max(value, LEAST) / start) / Math.log(Math.max(...values) / start)) * ROOM;
  const rows = bars.map(({ label, value, shown }, index) => {
    const y = index * ROW;
    const length = lengthOf(value).toFixed(1);
    return `<text x="${LABEL - 8}" y="${y + 15}" text-anchor="end">${escapeHtml(label)}</text><rect class="bar" x="${LABEL}" y="${y + 3}" width="${length}" height="16"/><text x="${LABEL + Number(length) + 6}" y="${y + 15}">${escapeHtml(shown)}</text>`;
  });
  return svg(title, Math.max(1, bars.length) * ROW, rows.join(''));
}

/** One part of a stacked bar. */
export interface Part {
  /** Class of its colour, and its words in the legend. */
  readonly kind: string;
  readonly count: number;
}

/** Bars that are cut into parts, the counts written into them. */
export function stackedChart(
  title: string,
  bars: readonly { readonly label: string; readonly parts: readonly Part[] }[],
): string {
  const left = 130;
  const rows = bars.map(({ label, parts }, index) => {
    const y = index * 34;
    const all = parts.reduce((sum, { count }) => sum + count, 0) || 1;
    let x = left;
    const cells = parts.map(({ kind, count }) => {
      const width = (count / all) * (WIDTH - left);
      const start = x;
      x += width;
      if (count === 0) return '';
      const middle = (start + width / 2).toFixed(1);
      return `<rect class="${kindClass(kind)}" x="${start.toFixed(1)}" y="${y + 3}" width="${width.toFixed(1)}" height="26"/><text class="on" x="${middle}" y="${y + 21}" text-anchor="middle">${count}</text>`;
    });
    return `<text x="${left - 8}" y="${y + 21}" text-anchor="end">${escapeHtml(label)}</text>${cells.join('')}`;
  });
  return svg(title, bars.length * 34, rows.join(''));
}

/** `gets in` → `gets-in`. */
export const kindClass = (kind: string): string => kind.replaceAll(' ', '-');

const svg = (title: string, height: number, body: string): string =>
  `<svg role="img" aria-label="${escapeHtml(title)}" viewBox="0 0 ${WIDTH} ${height}" xmlns="http://www.w3.org/2000/svg">${body}</svg>`;
