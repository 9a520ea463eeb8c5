import type { Config, Mode } from '../../guard/config.ts';
import { policyIdOf, type Terms, termsOf, wordsOf } from '../../guard/terms.ts';
import type { AdminActions } from '../admin.ts';
import { AdminRefusal, type AuditEntry, type Question, type Reply } from '../admin-route.ts';
import { type FoundRoute, foundRoutes, withAccepted, withFound } from '../found.ts';
import { type GateRoutes, lastOf } from '../gate-status.ts';
import { inForce, movedTo, type Settings, stillSwitched, undoneIn } from '../live.ts';
import type { AnyDesk } from '../sessions-admin.ts';
import type { Switches } from '../switches.ts';
import { type ModeChanged, refused, spread, switched, toBeListed, withUndone } from '../switching.ts';
import { Gone } from './calls.ts';
import type { ChangeBook } from '../change-book.ts';
import { copyOf, digestOf } from './digest.ts';
import { joinSeen, joinSessions, joinStatus } from './merge.ts';
import type { InForce, SupervisorActions, WorkerActions } from './messages.ts';
import type { Member, Supervisor } from './supervisor.ts';

export interface FleetControlParts {
  readonly supervisor: () => Pick<Supervisor, 'members' | 'alone' | 'replaced' | 'hung'>;
  /** At the start. */
  readonly first: InForce;
  /** How switches reach other gates; null where this gate shares no records. */
  switches(): Switches | null;
  /** Where changes are written down; null where nobody would read them. */
  book(): Pick<ChangeBook, 'changed' | 'settle'> | null;
  /** Who makes switches here, for other gates' status. */
  readonly by: string;
  onAccepted(accepted: readonly FoundRoute[]): void;
  /** Reads the configuration anew, checked for what a fleet cannot take up while it runs; throws ConfigError. */
  load(): Promise<Config>;
  metrics(): Promise<string>;
  audit(entry: AuditEntry): Promise<void>;
}

export interface FleetControl extends AdminActions {
  /** What every worker goes by, and one that starts now. */
  readonly current: InForce;
  readonly sessions: AnyDesk;
  reload(): Promise<{ readonly mode: Mode }>;
  /** Puts settings in force that another gate made. */
  take(settings: Settings): Promise<void>;
  /** A worker's guard rail puts a layer back. */
  undo(undo: Parameters<SupervisorActions['undo']>[0]): Promise<void>;
  /** Keys and users: what any worker can answer, by the records that all share. */
  elsewhere(question: Question): Promise<Reply> | null;
}

type Answer<K extends keyof WorkerActions> = Awaited<ReturnType<WorkerActions[K]>>;

/** Administration of a gate of several workers: asks all, and says what they say together. */
export function createFleetControl(parts: FleetControlParts): FleetControl {
  let current = parts.first;
  const restoredNow = (): string[] => undoneIn(current.settings, policyIdOf(current.terms)).map(([name]) => name);

  const become = (next: InForce): void => {
    const before = termsIn(current);
    current = next;
    parts.book()?.changed(before, termsIn(next));
  };

  const members = (): readonly Member[] => parts.supervisor().members();

  /** Of each that is there; one that ends meanwhile is not. */
  async function askAll<K extends keyof WorkerActions & string>(
    name: K,
    value: Parameters<WorkerActions[K]>[0],
  ): Promise<Answer<K>[]> {
    const answers = await Promise.all(
      members().map(({ calls }) => calls.call(name, value as never).then(found<K>, missing)),
    );
    return answers.flatMap((answer) => (answer === null ? [] : [answer.is]));
  }

  /** All take a change up, or none does: those who did take it back. */
  async function change<K extends 'put' | 'amend' | 'rebase'>(name: K, value: Parameters<WorkerActions[K]>[0]) {
    const all = members();
    const done = await Promise.allSettled(all.map(({ calls }) => calls.call(name, value as never)));
    const failed = done.find((one) => one.status === 'rejected' && !(one.reason instanceof Gone));
    if (failed?.status === 'rejected') {
      const changed = all.filter((_member, index) => done[index]?.status === 'fulfilled');
      await Promise.all(changed.map(({ calls }) => calls.call('takeBack', undefined).catch(() => {})));
      return refused(failed.reason);
    }
    return done.flatMap((one) => (one.status === 'fulfilled' ? [one.value as Answer<K>] : []));
  }

  async function routes(): Promise<GateRoutes> {
    const all = await askAll('routes', undefined);
    const [first] = all;
    if (first === undefined) throw nobody();
    const seen = joinSeen(all.flatMap((one) => one.seen));
    const pending = all.flatMap((one) => one.pending);
    return { config: JSON.parse(first.config), seen, persons: first.persons, found: foundRoutes(pending, seen) };
  }

  const alone = <T>(act: () => Promise<T>): Promise<T> => parts.supervisor().alone(act);

  async function put(settings: Settings): Promise<void> {
    await change('put', settings);
    become({ ...current, settings });
  }

  const tellOthers = (by: string): Promise<ModeChanged['reach']> =>
    spread(parts.switches(), current.settings, current.terms.words, by);

  return {
    get current() {
      return current;
    },
    async status() {
      const [first, ...rest] = await askAll('status', undefined);
      if (first === undefined) throw nobody();
      const { replaced, hung } = parts.supervisor();
      const workers = { answering: 1 + rest.length, replaced: replaced(), hung: hung() };
      return { ...joinStatus([first, ...rest]), switched: lastOf(parts.switches()), workers };
    },
    why: async (id) => (await askAll('why', id)).find((record) => record !== null) ?? null,
    routes,
    mode: (asked) =>
      alone(async (): Promise<ModeChanged> => {
        const before = modeIn(current);
        const { mode, acceptFound } = asked;
        const open = toBeListed(asked, before, acceptFound || mode === 'enforce' ? (await routes()).found : []);
        const listed = acceptFound ? open : [];
        const [lines = []] = listed.length === 0 ? [] : await change('amend', listed);
        if (listed.length > 0) {
          become(amended(current, listed));
          parts.onAccepted(current.accepted);
        }
        const answer = (reach: ModeChanged['reach']): ModeChanged => {
          return { before, mode: modeIn(current), rollout: shareIn(current), lines, reach, undone: restoredNow() };
        };
        // Listing what was found, in report mode, is no switch.
        if (acceptFound && mode === 'report') return answer('here');
        await put(switched(current.settings, current.terms.words, asked));
        return answer(await tellOthers(parts.by));
      }),
    reload: () =>
      alone(async () => {
        const config = await parts.load().catch(refused);
        const terms = termsOf(withAccepted(config, current.accepted), current.terms.version);
        const next: InForce = {
          config: copyOf(config),
          digest: digestOf(config),
          terms,
          settings: stillSwitched(current.settings, current.terms.words, terms.words, policyIdOf(terms)),
          accepted: current.accepted,
        };
        await change('rebase', next);
        become(next);
        return { mode: modeIn(current) };
      }),
    take: (settings) => alone(() => put(settings)),
    undo: ({ layer, undone, by, change: made }) =>
      alone(async () => {
        await put(withUndone(current.settings, layer, undone, current.terms));
        parts.book()?.settle(made, layer);
        await tellOthers(by);
      }),
    metrics: parts.metrics,
    audit: parts.audit,
    sessions: {
      list: async () => joinSessions((await askAll('sessions', undefined)).flat()),
      revoke: async (label) => (await askAll('revoke', label)).find((facts) => facts !== null) ?? null,
      async revokeAll() {
        // Each knows them all, and ends those that another has not ended yet.
        return Math.max(0, ...(await askAll('revokeAll', undefined)));
      },
    },
    elsewhere(question) {
      if (!/^\/(?:keys|users)(?:[/?]|$)/.test(question.url)) return null;
      const [member] = members();
      return member === undefined ? Promise.reject(nobody()) : member.calls.call('ask', question);
    },
  };
}

/** With routes that were found; what was put back under this policy is meant for it with them, too. */
function amended(current: InForce, listed: readonly FoundRoute[]): InForce {
  const { version, words } = current.terms;
  const { pages } = termsOf(withFound(current.terms.pages, listed).config, version);
  const terms = { version, words, pages };
  const settings = movedTo(current.settings, policyIdOf(current.terms), policyIdOf(terms));
  return { ...current, terms, settings, accepted: [...current.accepted, ...listed] };
}

export const modeIn = ({ settings, terms }: InForce): Mode => settings.mode ?? terms.words.mode;

export const shareIn = ({ settings, terms }: InForce): string => settings.rollout ?? terms.words.rollout;

/** What pages are asked for, with what was switched. */
export const termsIn = ({ settings, terms }: Pick<InForce, 'settings' | 'terms'>): Terms => ({
  ...terms,
  words: wordsOf(inForce(terms.words, settings)),
});

/** What a worker answered; null is an answer too. */
const found = <K extends keyof WorkerActions>(is: unknown): { readonly is: Answer<K> } => ({ is: is as Answer<K> });

const missing = (error: unknown): null => {
  if (error instanceof Gone) return null;
  throw error;
};

const nobody = (): AdminRefusal => new AdminRefusal('no worker answers just now; they are being replaced');
