import type { Config, Mode } from '../../guard/config.ts';
import type { AdminActions } from '../admin.ts';
import { AdminRefusal, type AuditEntry, type Question, type Reply } from '../admin-route.ts';
import { type GateRoutes, lastOf, type ModeChanged, refused, spread, switched, toBeListed } from '../control.ts';
import { type FoundRoute, foundRoutes } from '../found.ts';
import { type Settings, stillSwitched, wordsOf } from '../live.ts';
import type { AnyDesk } from '../sessions-admin.ts';
import type { Switches } from '../switches.ts';
import { Gone } from './calls.ts';
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
  /** Layers that go on as an earlier configuration has them. */
  const restored = new Set<string>();
  const restoredNow = (): string[] => [...new Set([...Object.keys(current.settings.undone ?? {}), ...restored])];

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

  async function put(settings: Settings, mended: string): Promise<void> {
    await change('put', { settings, mended });
    current = { ...current, settings };
    restored.delete(mended);
  }

  const tellOthers = (by: string): Promise<ModeChanged['reach']> =>
    spread(parts.switches(), current.settings, current.words, by);

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
        const { mode, acceptFound, layer } = asked;
        const open = toBeListed(asked, before, acceptFound || mode === 'enforce' ? (await routes()).found : []);
        const listed = acceptFound ? open : [];
        const [lines = []] = listed.length === 0 ? [] : await change('amend', listed);
        if (listed.length > 0) {
          current = { ...current, accepted: [...current.accepted, ...listed] };
          parts.onAccepted(current.accepted);
        }
        const answer = (reach: ModeChanged['reach']): ModeChanged => {
          return { before, mode: modeIn(current), rollout: shareIn(current), lines, reach, undone: restoredNow() };
        };
        // Listing what was found, in report mode, is no switch.
        if (acceptFound && mode === 'report') return answer('here');
        await put(switched(current.settings, current.words, asked), layer);
        return answer(await tellOthers(parts.by));
      }),
    reload: () =>
      alone(async () => {
        const config = await parts.load().catch(refused);
        const words = wordsOf(config);
        const next: InForce = {
          change: current.change + 1,
          config: copyOf(config),
          digest: digestOf(config),
          words,
          settings: stillSwitched(current.settings, current.words, words),
          accepted: current.accepted,
        };
        await change('rebase', next);
        current = next;
        restored.clear();
        return { mode: modeIn(current) };
      }),
    take: (settings) => alone(() => put(settings, '')),
    undo: ({ layer, change: number, words, by }) =>
      alone(async () => {
        if (number !== null) {
          await askAll('restore', { layer, change: number });
          restored.add(layer);
          return;
        }
        await put({ ...current.settings, undone: { ...current.settings.undone, [layer]: words } }, '');
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

export const modeIn = ({ settings, words }: InForce): Mode => settings.mode ?? words.mode;

export const shareIn = ({ settings, words }: InForce): string => settings.rollout ?? words.rollout;

/** What a worker answered; null is an answer too. */
const found = <K extends keyof WorkerActions>(is: unknown): { readonly is: Answer<K> } => ({ is: is as Answer<K> });

const missing = (error: unknown): null => {
  if (error instanceof Gone) return null;
  throw error;
};

const nobody = (): AdminRefusal => new AdminRefusal('no worker answers just now; they are being replaced');
