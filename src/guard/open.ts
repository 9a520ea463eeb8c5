import type { Eventually } from '../lib/eventually.ts';
import { type Decision, refusal } from './decision.ts';
import type { Fallen, Standing } from './standing.ts';
import type { RequestView } from './view.ts';

/** An admitted request that may stay open: a stream, a socket, a download, an answer that takes its time. */
export interface Open {
  readonly decision: Decision;
  readonly view: RequestView;
  /** Ends it, by this refusal. Called once at most, and never after {@link Watched.leave}. */
  end(refused: Decision): void;
}

export interface Watched {
  /** It is over. */
  leave(): void;
}

export interface OpenBook {
  watch(open: Open): Watched;
  close(): void;
}

/** Half of what a revocation may take: whoever opens something right after a look is looked at by the next. */
const EVERY_MS = 500;
/** Asked in one go; in between, others get their turn. */
const AT_ONCE = 512;
/** Questions under way to records and to the app's own code; what is left out comes first next time. */
const MOST_ASKED = 256;
/**
 * So long something may stay open of which nobody can say whether it still may: records that fail over must not throw
 * everybody out. New requests are refused meanwhile.
 */
const PATIENCE_MS = 30_000;

class Entry implements Watched {
  readonly open: Open;
  readonly since: number;
  isAsked = false;
  /** Since when nobody knows; 0 while somebody does. */
  unsureSince = 0;
  readonly #entries: Set<Entry>;

  constructor(open: Open, since: number, entries: Set<Entry>) {
    this.open = open;
    this.since = since;
    this.#entries = entries;
    entries.add(this);
  }

  leave(): void {
    this.#entries.delete(this);
  }
}

/**
 * Everything that is open, asked about again while there is anything. What ends between two looks costs its entry and
 * leaving it, nothing else.
 *
 * @param ended told of what was ended
 */
export function createOpenBook(
  standing: Standing,
  wall: () => number,
  ended: (refused: Decision, view: RequestView) => void,
): OpenBook {
  const entries = new Set<Entry>();
  let timer: NodeJS.Timeout | null = null;
  let asked = 0;
  let closed = false;

  function end(entry: Entry, { layer, refused }: Fallen): void {
    if (!entries.delete(entry)) return;
    const { open, since } = entry;
    const openFor = wall() - since;
    const { code, wouldPass } = refused;
    const evidence = `ended after ${Math.round(openFor / 1000)} s`;
    const trail = [...open.decision.trail, { layer, code, enforced: true, evidence, wouldPass }];
    const decision: Decision = { ...open.decision, outcome: 'refuse', code, layer, trail, openFor };
    ended(decision, open.view);
    open.end(decision);
  }

  function judge(entry: Entry, found: Fallen | null, now: number): void {
    if (found === null) entry.unsureSince = 0;
    else if (found.refused.code !== 'unsure') end(entry, found);
    else if (entry.unsureSince === 0) entry.unsureSince = now;
    else if (now - entry.unsureSince > PATIENCE_MS) end(entry, found);
  }

  function look(entry: Entry): void {
    if (entry.isAsked || asked >= MOST_ASKED) return;
    const now = wall();
    const found = ask(standing, entry, now);
    if (found instanceof Promise) void wait(entry, found);
    else judge(entry, found, now);
  }

  async function wait(entry: Entry, asks: Promise<Fallen | null>): Promise<void> {
    entry.isAsked = true;
    asked += 1;
    // To the end of the line: whoever finds all places taken comes first next time.
    entries.delete(entry);
    entries.add(entry);
    const found = await asks.catch(() => UNKNOWN);
    entry.isAsked = false;
    asked -= 1;
    judge(entry, found, wall());
  }

  /** @param left how many were there when the walk began: what comes meanwhile waits for the next */
  function walk(rest: Iterator<Entry>, left: number): void {
    for (let i = 0; i < Math.min(left, AT_ONCE); i++) {
      const { value, done } = rest.next();
      if (done === true) break;
      look(value);
    }
    if (left > AT_ONCE) setImmediate(walk, rest, left - AT_ONCE);
    else rearm();
  }

  /** No timer where nothing is open. */
  function rearm(): void {
    timer = null;
    if (closed || entries.size === 0) return;
    timer = setTimeout(() => walk(entries.values(), entries.size), EVERY_MS).unref();
  }

  return {
    watch(open) {
      const entry = new Entry(open, wall(), entries);
      if (timer === null) rearm();
      return entry;
    },
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      entries.clear();
    },
  };
}

const UNKNOWN: Fallen = {
  layer: 'guard',
  refused: refusal('unsure', 'records, or whoever else knows, that can be reached'),
};

function ask(standing: Standing, { open, since }: Entry, now: number): Eventually<Fallen | null> {
  const { grounds } = open.decision;
  if (grounds === undefined) return null;
  try {
    return standing(grounds, since, now);
  } catch {
    return UNKNOWN;
  }
}
