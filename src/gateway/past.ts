import { idOf, type Past, type PastChange, type Terms } from '../guard/terms.ts';

/** For how long a change is watched. */
export const WATCHED_MS = 24 * 3_600_000;
/** How far the clocks of gates may be apart. */
export const MARGIN_MS = 60_000;
export const MOST_CHANGES = 8;

/** A change that led to what is in force, and what it led to. */
export interface WatchedChange {
  readonly at: number;
  readonly before: Terms;
  readonly after: Terms;
  readonly settled: readonly string[];
}

/**
 * Brings what is remembered up to now. Where the clock was put back, all that happened lies further back by as much: sessions
 * that began since must not look older than a change that came before them.
 */
export function upTo(past: Past, now: number, expected = past.mark): Past {
  const back = Math.max(past.mark, expected) - now;
  const shift = back > MARGIN_MS ? back : 0;
  return {
    ...past,
    mark: shift > 0 ? now : Math.max(now, past.mark),
    changes: past.changes
      .map((change) => ({ ...change, at: change.at - shift }))
      .filter(({ at }) => at > now - WATCHED_MS),
    earlier: past.earlier
      .map((each) => ({ ...each, until: each.until - shift }))
      .filter(({ until }) => until > now - WATCHED_MS),
  };
}

/**
 * A gate starts by these terms. What another gate beside it went by within the last day is no change: while a new version comes to
 * all machines, those of before start again as well.
 */
export function begun(past: Past | null, terms: Terms, now: number): Past {
  if (past === null) return { latest: terms, mark: now, changes: [], earlier: [] };
  const known = upTo(past, now);
  const id = idOf(terms);
  if (idOf(known.latest) === id) return known;
  if (known.earlier.some((each) => each.id === id)) return { ...known, latest: terms, earlier: left(known, id, now) };
  return changed(known, known.latest, terms, now);
}

/** The terms of a gate that runs have changed. Of several gates that hear of the same, the first writes it down. */
export function changed(past: Past, before: Terms, after: Terms, now: number): Past {
  const known = upTo(past, now);
  const id = idOf(after);
  if (idOf(known.latest) === id) return known;
  const change: PastChange = { at: now, before, after: id, settled: [] };
  return {
    ...known,
    latest: after,
    changes: [change, ...known.changes].slice(0, MOST_CHANGES),
    earlier: left(known, id, now),
  };
}

/** A change was taken back for a layer: that was it for this layer. */
export const settled = (past: Past, at: number, after: string, layer: string): Past => ({
  ...past,
  changes: past.changes.map((change) =>
    change.after === after && change.at <= at && !change.settled.includes(layer)
      ? { ...change, settled: [...change.settled, layer] }
      : change,
  ),
});

/** The changes by which terms came to be what they are, the latest first. Those of gates that go by others are none of them. */
export function leadingTo(past: Past, terms: Terms): WatchedChange[] {
  const reached = new Map([[idOf(terms), terms]]);
  const found: WatchedChange[] = [];
  for (const { at, before, after, settled: layers } of past.changes) {
    const then = reached.get(after);
    if (then === undefined) continue;
    reached.set(idOf(before), before);
    found.push({ at, before, after: then, settled: layers });
  }
  return found;
}

const left = ({ latest, earlier }: Past, now: string, until: number): Past['earlier'] =>
  [{ id: idOf(latest), until }, ...earlier.filter(({ id }) => id !== now && id !== idOf(latest))].slice(
    0,
    MOST_CHANGES,
  );
