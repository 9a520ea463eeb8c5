import type { Decision } from '../guard/decision.ts';
import type { GuardRailConfig } from '../guard/config-rail.ts';
import { BUCKETS, EVERYBODY, NEVER_ROLLED_OUT, NOBODY, shareFrom, type Visitor } from '../guard/rollout.ts';
import { labelOf } from '../guard/session-label.ts';
import type { Terms } from '../guard/terms.ts';
import type { RequestView } from '../guard/view.ts';
import type { Clock } from '../lib/clock.ts';
import type { Code } from '../wire/codes.ts';
import { createActive } from './active.ts';
import { type Call, createHarm, type Harm } from './harm.ts';
import { MARGIN_MS, MOST_CHANGES, WATCHED_MS, type WatchedChange } from './past.ts';
import { type Reach, reached } from './reached.ts';

/** `before`: the layer goes on as it was before the change; `spared`: it only records the sessions from before. */
export type Undoing = 'before' | 'spared';

/** A layer that refuses pages which worked before. */
export interface RailEvent {
  /** `undone`: it goes on as it was before the change. `alert`: nothing changed of late that could be undone, so somebody has to look. */
  readonly kind: 'undone' | 'alert';
  /** What was done about it; null where nothing was. */
  readonly undoing: Undoing | null;
  readonly layer: string;
  /** The code it refuses with most lately. */
  readonly code: Code;
  /** Networks whose sessions were refused, and networks with such sessions that were seen. */
  readonly hurt: number;
  readonly seen: number;
}

export interface GuardRailParts {
  readonly clock: Clock;
  /** The configuration in force says; false for none. */
  readonly limits: () => GuardRailConfig | false;
  readonly visitorOf: (request: RequestView) => Visitor | null;
  /** Lets a layer go on as it was before this change, or sessions from before it be. Null where it can do neither. */
  undo(layer: string, change: WatchedChange): Undoing | null;
  tell(event: RailEvent): void;
}

export interface GuardRail {
  /** Another configuration is in force, or another share. */
  changed(before: Terms, after: Terms): void;
  /** Watches on what changed before this process began, or as it did. */
  resume(changes: readonly WatchedChange[]): void;
  /** For `Guard.onDecision`. */
  decided(decision: Decision, request: RequestView): void;
}

/**
 * Codes that a correct page can cause by itself, when policy or pages have changed under it. What says that somebody forged or
 * altered something is not among them, nor what one visitor can bring upon another.
 */
export const COUNTED: ReadonlySet<Code> = new Set<Code>([
  ...(['entry-required', 'stale', 'stale-nonce', 'wrong-instance', 'clock', 'site', 'origin'] as const),
  ...(['session-mismatch', 'digest'] as const),
]);

const HOUR_MS = 3_600_000;
/** How long before a change a network counts as one that is there, at least. */
const ACTIVE_MS = 10 * 60_000;
const DEFAULTS = { share: '10%', networks: 5 };

/** Where nothing has changed. */
const ALL: Reach = { layer: '', from: NOBODY, to: EVERYBODY };
const NO_CHANGE = { made: null, others: new Set<string>(), settled: [] };

/** One change, or the lack of any, and what has come of it. */
interface Change extends Reach {
  readonly made: WatchedChange | null;
  /** Layers that have a reach of their own by this change. */
  readonly others: ReadonlySet<string>;
  /** Sessions that began before are older than the change: milliseconds since 1970. */
  readonly olderThan: number;
  /** Monotonic. */
  readonly until: number;
  /** Monotonic: until then it is only counted. */
  readonly judgedFrom: number;
  readonly harm: Harm;
  /** Layers about which all has been said. */
  readonly settled: Set<string>;
}

/**
 * Watches what comes of a change for 24 hours, and takes it back for the layer that refuses pages which worked before: never
 * further than to what held before the change, so that whoever brings that about gains no more than the change had just taken.
 * Counted are networks, each once, by sessions that are older than the change and were refused twice on a route with no call
 * that passed in between; of all that were seen shortly before the change or since. Where nothing has changed it only alerts, and so
 * it does where what held before is gone.
 */
export function createGuardRail({ clock, limits, visitorOf, undo, tell }: GuardRailParts): GuardRail {
  let changes: readonly Change[] = [];
  let standing: Change | null = null;
  /** Both, the latest change first. */
  let watching: readonly Change[] = [];
  const active = createActive(ACTIVE_MS, clock.monotonic);
  // A wall clock that was put back makes new sessions look old: by how much it went back since the start, at the most.
  const offset = clock.wall() - clock.monotonic();
  let setBack = 0;
  /** Monotonic: from then on it has been seen who is there. */
  let knownFrom = 0;

  const watch = (
    reach: Reach,
    life: number,
    olderThan: number,
    parts: Pick<Change, 'made' | 'others' | 'judgedFrom'> & Pick<WatchedChange, 'settled'>,
  ): Change => ({
    ...reach,
    ...parts,
    olderThan,
    until: clock.monotonic() + life,
    harm: createHarm(active.within(reach)),
    settled: new Set(parts.settled),
  });

  /** One line for each reach that a change has. */
  const linesOf = (made: WatchedChange, judgedFrom: number): Change[] => {
    const reaches = reached(made.before, made.after);
    const others = new Set(reaches.map(({ layer }) => layer));
    const now = clock.wall();
    // Where the clock is behind the change, those who come now are none from before it.
    const olderThan = Math.min(made.at, now) - MARGIN_MS;
    const life = WATCHED_MS - Math.max(0, now - made.at);
    const { settled } = made;
    return reaches.map((reach) => watch(reach, life, olderThan, { made, others, judgedFrom, settled }));
  };

  const put = (lasting: readonly Change[], fresh: Change | null): void => {
    changes = lasting;
    standing = fresh;
    watching = fresh === null ? lasting : [...lasting, fresh];
  };

  const look = (): void => {
    setBack = Math.max(setBack, offset - (clock.wall() - clock.monotonic()));
    const now = clock.monotonic();
    if (standing !== null && watching.every(({ until }) => until > now)) return;
    const lasting = changes.filter(({ until }) => until > now);
    const fresh =
      standing !== null && standing.until > now
        ? standing
        : watch(ALL, HOUR_MS, clock.wall() - HOUR_MS, { ...NO_CHANGE, judgedFrom: knownFrom });
    put(lasting, fresh);
  };

  const concerns = (change: Change, { created, bucket }: Visitor): boolean =>
    created * 1000 < change.olderThan - setBack && bucket >= change.from && bucket < change.to;

  const judge = (change: Change, layer: string, code: Code): void => {
    const set = limits();
    if (set === false || change.settled.has(layer) || clock.monotonic() < change.judgedFrom) return;
    const { share = DEFAULTS.share, networks = DEFAULTS.networks } = set;
    const { hurt, seen } = change.harm.of(layer);
    if (hurt < networks || hurt * BUCKETS < shareFrom(share) * seen) return;
    change.settled.add(layer);
    // The same harm is not told twice, as one of a change and one of none.
    standing?.settled.add(layer);
    const undoing = change.made === null ? null : undo(layer, change.made);
    tell({ kind: undoing === null ? 'alert' : 'undone', undoing, layer, code, hurt, seen });
  };

  const refused = (layer: string, code: Code, call: Call, visitor: Visitor): void => {
    for (const change of watching) {
      const isMeant = change.layer === layer || (change.layer === '' && !change.others.has(layer));
      if (!isMeant || !concerns(change, visitor)) continue;
      change.harm.refused(layer, call);
      judge(change, layer, code);
    }
  };

  return {
    changed(before, after) {
      look();
      const made = linesOf({ at: clock.wall(), before, after, settled: [] }, 0);
      put([...made, ...changes].slice(0, MOST_CHANGES), standing);
    },
    resume(found) {
      if (found.length === 0) return;
      // Nobody has been seen yet: the first few who come must not be taken for all there are.
      knownFrom = clock.monotonic() + ACTIVE_MS;
      const made = found.flatMap((change) => linesOf(change, knownFrom));
      put([...changes, ...made].slice(0, MOST_CHANGES), null);
    },
    decided(decision, request) {
      const { code, layer, route, prefix, outcome } = decision;
      if (limits() === false || decision.openFor !== undefined || route.level === 'open') return;
      const counts = outcome === 'refuse' && code !== '' && COUNTED.has(code) && !NEVER_ROLLED_OUT.has(layer);
      if (!counts && outcome !== 'admit') return;
      look();
      // Nearly every call that passes ends here: its network was seen of late, and nothing of its session failed.
      if (!counts && active.knows(prefix) && !watching.some(({ harm }) => harm.mends(decision.session, route.name)))
        return;
      const visitor = visitorOf(request);
      if (visitor === null) return;
      active.add(prefix, visitor.bucket);
      const call = { session: labelOf(visitor.session), prefix, route: route.name };
      if (counts) refused(layer, code, call, visitor);
      else for (const change of watching) if (concerns(change, visitor)) change.harm.passed(call);
    },
  };
}
