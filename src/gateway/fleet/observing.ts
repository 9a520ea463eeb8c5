import { type ObservedPage, PATIENCE, type Watching } from '../observing.ts';
import type { AnyObservingDesk } from '../observing-admin.ts';
import { Gone } from './calls.ts';
import type { Member, Supervisor } from './supervisor.ts';

/** Watching a gate of several workers: each keeps what passes through it, and all is fetched from here. */
export interface FleetObserving extends AnyObservingDesk {
  /** What a worker that starts now is to take part in; null while nobody watches. */
  current(): Watching | null;
}

/** What was fetched of one worker. */
interface Fetched {
  /** Number of the last that it told. */
  last: number;
  lost: number;
}

interface FleetWatch {
  /** As each worker has it. */
  readonly watching: Watching;
  readonly fetched: Map<Member, Fetched>;
  /** Told, and not taken note of yet: they are fetched of the workers only when all before have been. */
  page: ObservedPage;
  /** By workers that are gone. */
  lost: number;
  ended: number;
  heard: number;
}

const NOTHING: ObservedPage = Object.freeze({ lines: [], last: 0, lost: 0, until: 0, ended: 0 });

/** @param monotonic milliseconds */
export function createFleetObserving(
  supervisor: () => Pick<Supervisor, 'members' | 'alone'>,
  monotonic: () => number,
): FleetObserving {
  let watch: FleetWatch | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  const current = (): FleetWatch | null => {
    if (watch !== null && monotonic() - watch.heard > PATIENCE) watch = null;
    return watch;
  };
  const named = (token: string): FleetWatch | null => (current()?.watching.token === token ? watch : null);
  const members = (): readonly Member[] => supervisor().members();

  async function next(token: string, number: number): Promise<ObservedPage | null> {
    const to = named(token);
    if (to === null) return null;
    to.heard = monotonic();
    const { lines, last } = to.page;
    const waiting = lines.slice(Math.max(0, lines.length - Math.max(0, last - number)));
    to.page = { ...to.page, lines: waiting };
    if (waiting.length > 0) return to.page;
    const all = members();
    forget(to, all);
    const pages = await Promise.all(all.map((member) => fetch(to, member)));
    to.page = joined(to, last, pages);
    return to.page;
  }

  return {
    current: () => current()?.watching ?? null,
    open: (watching) =>
      // No worker starts meanwhile: each is told now, or starts with it.
      supervisor().alone(async () => {
        if (current() !== null) return false;
        const all = members();
        const own: Watching = { ...watching, most: Math.floor(watching.most / Math.max(1, all.length)) };
        const fetched = new Map(all.map((member): [Member, Fetched] => [member, { last: 0, lost: 0 }]));
        watch = { watching: own, fetched, page: NOTHING, lost: 0, ended: 0, heard: monotonic() };
        await Promise.all(all.map(({ calls }) => calls.call('observe', own).catch(unlessGone)));
        return true;
      }),
    after(token, number) {
      // One after the other: what two fetch at once would be told twice.
      const page = turn.then(() => next(token, number));
      turn = page.catch(() => {});
      return page;
    },
    close(token) {
      if (named(token) === null) return false;
      watch = null;
      for (const { calls } of members()) calls.tell('unobserve', token);
      return true;
    },
  };
}

/** What one worker has to tell; null where it has ended, or did not watch. */
async function fetch({ watching, fetched }: FleetWatch, member: Member): Promise<ObservedPage | null> {
  const known = fetched.get(member) ?? { last: 0, lost: 0 };
  const question = { token: watching.token, after: known.last };
  const page = (await member.calls.call('observed', question).catch(unlessGone)) ?? null;
  if (page === null) {
    // It was out of breath for longer than it waits for anybody.
    member.calls.tell('observe', watching);
    fetched.set(member, { last: 0, lost: known.lost });
    return null;
  }
  fetched.set(member, { last: page.last, lost: page.lost });
  return page;
}

/** Of workers that have ended no number is asked any more. */
function forget(to: FleetWatch, all: readonly Member[]): void {
  for (const [member, { lost }] of to.fetched) {
    if (all.includes(member)) continue;
    to.fetched.delete(member);
    to.lost += lost;
    to.ended += 1;
  }
}

function joined(to: FleetWatch, last: number, pages: readonly (ObservedPage | null)[]): ObservedPage {
  const told = pages.flatMap((page) => page ?? []);
  const lines = told.flatMap((page) => page.lines);
  const lost = [...to.fetched.values()].reduce((sum, fetched) => sum + fetched.lost, to.lost);
  const until = Math.min(...told.map((page) => page.until));
  return { lines, last: last + lines.length, lost, until: Number.isFinite(until) ? until : 0, ended: to.ended };
}

function unlessGone(error: unknown): null {
  if (error instanceof Gone) return null;
  throw error;
}
