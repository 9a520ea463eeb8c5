import type { RequestView } from '../guard/view.ts';
import { shapeOf } from './routebook.ts';

/** A page of ours that other sites show in frames, and that enforce mode would keep from being shown there. */
export interface FramedPage {
  /** Path with ids as `:id`. */
  readonly path: string;
  readonly requests: number;
}

export interface FrameBook {
  /** For `createPages`: a page whose answer lacks what says that frames may show it. */
  add(view: RequestView): void;
  list(): readonly FramedPage[];
}

const FRAMES: ReadonlySet<string> = new Set(['iframe', 'frame', 'embed', 'object', 'fencedframe']);
const ELSEWHERE: ReadonlySet<string> = new Set(['cross-site', 'same-site']);
const MAX_PAGES = 64;

/**
 * Whether a page of another origin puts this one into a frame. A program can say so too: for people's eyes, nothing is
 * decided by it.
 */
export function isFramedElsewhere({ headers }: RequestView): boolean {
  return FRAMES.has(headers.secFetchDest) && ELSEWHERE.has(headers.secFetchSite);
}

/** Bounded: beyond so many paths new ones are counted together. */
export function createFrameBook(): FrameBook {
  const pages = new Map<string, number>();
  return {
    add(view) {
      const shape = shapeOf(view.path).slice(0, 256);
      const path = pages.has(shape) || pages.size < MAX_PAGES ? shape : '…';
      pages.set(path, (pages.get(path) ?? 0) + 1);
    },
    list: () => [...pages].map(([path, requests]) => ({ path, requests })),
  };
}
