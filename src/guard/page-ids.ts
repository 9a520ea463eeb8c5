import { NO_SERVED, type PagePattern, type ServedRule } from './served.ts';
import type { Policy } from './policy.ts';
import type { News } from './siblings.ts';

/** Browsers whose pages' ids are remembered, and ids of one: beyond, the oldest are forgotten. Of one page no more are taken. */
const MOST_BROWSERS = 4096;
const MOST_IDS = 512;
/** Loads of one browser that are known at a time: its cookie names the latest, which need not be that of the tab that calls. */
const MOST_OF_ONE = 32;
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
   * @param before the one that its browser had: what that gave is not forgotten, and what comes of tabs opened beside it is shared
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
  const loads = new Map<string, Browser>();
  /** Who loaded a page last stands last. */
  const browsers = new Set<Browser>();
  let asked: { readonly of: Policy; readonly rules: readonly ServedRule[] } | null = null;

  const rules = (): readonly ServedRule[] => {
    const now = policy();
    if (asked?.of !== now) asked = { of: now, rules: rulesIn(now) };
    return asked.rules;
  };

  /** Of a load that gives nothing, and comes after none that did, nothing is kept. */
  function idsOf(load: string, before: string): Set<string> {
    const held = loads.get(load);
    if (held !== undefined) return held.ids;
    const browser = loads.get(before) ?? { ids: new Set(), loads: new Set() };
    // Many tabs may be opened from one page: it stays as long as the latest of them.
    for (const name of before === '' ? [load] : [before, load]) {
      browser.loads.delete(name);
      browser.loads.add(name);
      loads.set(name, browser);
    }
    for (const oldest of browser.loads) {
      if (browser.loads.size <= MOST_OF_ONE) break;
      browser.loads.delete(oldest);
      loads.delete(oldest);
    }
    browsers.delete(browser);
    browsers.add(browser);
    for (const idle of browsers) {
      if (browsers.size <= MOST_BROWSERS) break;
      browsers.delete(idle);
      for (const name of idle.loads) loads.delete(name);
    }
    return browser.ids;
  }

  return {
    get isAsked() {
      return rules().length > 0;
    },
    reader(load, before) {
      if (loads.has(before)) {
        idsOf(load, before);
        tell({ kind: 'page', load, before, ids: [] });
      }
      const own = new Set<string>();
      let rest = '';
      return (html) => {
        const found: string[] = [];
        const text = rest + Buffer.from(html.buffer, html.byteOffset, html.byteLength).toString('latin1');
        for (const { number, pages } of rules()) {
          for (const page of pages) take(own, found, number, page, text);
        }
        rest = text.slice(-LONGEST_ADDRESS);
        if (found.length === 0) return;
        remember(idsOf(load, before), found);
        tell({ kind: 'page', load, before, ids: found });
      };
    },
    learn({ load, before, ids }) {
      remember(idsOf(load, before), ids);
    },
    has: (load, { number }, id) => loads.get(load)?.ids.has(nameOf(number, id)) === true,
  };
}

/** The ids that it was given, and the loads by which it is known, both the oldest first. */
interface Browser {
  readonly ids: Set<string>;
  readonly loads: Set<string>;
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
function take(own: Set<string>, found: string[], rule: number, page: PagePattern, text: string): void {
  for (const match of text.matchAll(page.inHtml)) {
    const end = match.index + match[0].length;
    if (end === text.length || own.size >= MOST_IDS) continue;
    const name = nameOf(rule, page.idOf(match[1] ?? ''));
    if (own.has(name)) continue;
    own.add(name);
    found.push(name);
  }
}

/** What is given again is the latest again. */
function remember(ids: Set<string>, given: readonly string[]): void {
  for (const id of given) {
    ids.delete(id);
    ids.add(id);
  }
  for (const oldest of ids) {
    if (ids.size <= MOST_IDS) return;
    ids.delete(oldest);
  }
}
