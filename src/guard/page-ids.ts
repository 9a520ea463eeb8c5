import { NO_SERVED, type PagePattern, type ServedRule } from './served.ts';
import type { Policy } from './policy.ts';
import type { News } from './siblings.ts';

/** Page loads whose ids are remembered, and ids of one: beyond, the oldest load is forgotten, and further ids are not taken. */
const MOST_LOADS = 4096;
const MOST_IDS = 512;
/** Longest piece of a page that can hold an address with an id. */
const LONGEST_ADDRESS = 512;

/**
 * Ids that pages of the backend hold in their HTML. A first visit has no session yet, so they belong to the load of the
 * page, which its stamp names, until a call of it needs them.
 */
export interface PageIds {
  /** Whether the policy asks for ids that pages give. */
  readonly isAsked: boolean;
  /**
   * For the HTML of one load, piece by piece.
   *
   * @param load the stamp that the page goes out with
   * @param before the one that its browser had: what that gave is not forgotten
   */
  reader(load: string, before: string): (html: Uint8Array) => void;
  /** Whether a page of this load holds an id. */
  has(load: string, rule: ServedRule, id: string): boolean;
  /** A page that another guard gave. */
  learn(page: PageNews): void;
}

export type PageNews = Extract<News, { kind: 'page' }>;

/** @param tell told of each piece that gives ids, before it goes on */
export function createPageIds(policy: () => Policy, tell: (page: PageNews) => void = () => {}): PageIds {
  const loads = new Map<string, Set<string>>();
  let asked: { readonly of: Policy; readonly rules: readonly ServedRule[] } | null = null;

  const rules = (): readonly ServedRule[] => {
    const now = policy();
    if (asked?.of !== now) asked = { of: now, rules: rulesIn(now) };
    return asked.rules;
  };

  function idsOf(load: string, before: string): Set<string> {
    const ids = new Set(loads.get(before));
    loads.delete(before);
    loads.set(load, ids);
    for (const oldest of loads.size > MOST_LOADS ? loads.keys() : []) {
      loads.delete(oldest);
      break;
    }
    return ids;
  }

  return {
    get isAsked() {
      return rules().length > 0;
    },
    reader(load, before) {
      const ids = idsOf(load, before);
      let rest = '';
      return (html) => {
        const known = ids.size;
        const text = rest + Buffer.from(html.buffer, html.byteOffset, html.byteLength).toString('latin1');
        for (const { number, pages } of rules()) {
          for (const page of pages) take(ids, number, page, text);
        }
        rest = text.slice(-LONGEST_ADDRESS);
        if (ids.size > known) tell({ kind: 'page', load, before, ids: [...ids].slice(known) });
      };
    },
    learn({ load, before, ids }) {
      const held = loads.get(load) ?? idsOf(load, before);
      for (const id of ids) if (held.size < MOST_IDS) held.add(id);
    },
    has: (load, { number }, id) => loads.get(load)?.has(nameOf(number, id)) === true,
  };
}

const nameOf = (rule: number, id: string): string => `${rule} ${id}`;

function rulesIn({ routes }: Policy): readonly ServedRule[] {
  const found = new Map<number, ServedRule>();
  for (const { served } of routes) {
    for (const rule of served === NO_SERVED ? [] : served) if (rule.pages.length > 0) found.set(rule.number, rule);
  }
  return [...found.values()];
}

/** An id that reaches the end may go on in the next piece: it is found there. */
function take(ids: Set<string>, rule: number, page: PagePattern, text: string): void {
  for (const match of text.matchAll(page.inHtml)) {
    const end = match.index + match[0].length;
    if (end < text.length && ids.size < MOST_IDS) ids.add(nameOf(rule, page.idOf(match[1] ?? '')));
  }
}
