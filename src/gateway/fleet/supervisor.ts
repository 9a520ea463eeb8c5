import { Worker } from 'node:worker_threads';
import { SallyportError } from '../../guard/errors.ts';
import type { Log } from '../log.ts';
import { type Calls, createCalls, Gone } from './calls.ts';
import type { SupervisorActions, WorkerActions, WorkerStart } from './messages.ts';
import { SILENT_SECONDS, watchPulse } from './pulse.ts';

/** One worker that answers. */
export interface Member {
  readonly worker: number;
  readonly calls: Calls<WorkerActions>;
}

export interface SupervisorParts {
  readonly count: number;
  /** Module that a worker runs, and what it gets besides {@link WorkerStart}. */
  readonly program: Program;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** For a worker that starts now. */
  start(worker: number): WorkerStart;
  /** What workers may ask for. */
  readonly actions: Omit<SupervisorActions, 'prepared'>;
  /** A worker is gone: what it held of the state they share is free again. */
  released(worker: number): Promise<void>;
}

export interface Program {
  readonly module: URL;
  /** Copied to each worker. */
  readonly data: object;
}

export interface Supervisor {
  /** Where people reach the gate, as the first worker says. */
  readonly url: string;
  members(): readonly Member[];
  /** One thing at a time: no worker starts in the midst of a change, and no two changes mix. */
  alone<T>(act: () => Promise<T>): Promise<T>;
  /** So often a worker was replaced. */
  replaced(): number;
  /** So often a worker was ended because it did not answer. */
  hung(): number;
  close(graceMs: number): Promise<void>;
}

/** A worker that is not ready by then is given up, and another one started. */
const READY_MS = 30_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;
/** Whoever has answered for so long did not fall over its own start. */
const STEADY_MS = 60_000;

/** Starts all workers, and again each that ends. Rejects where one cannot start at all. */
export async function startWorkers(parts: SupervisorParts): Promise<Supervisor> {
  const { count, log } = parts;
  const members = new Map<number, Member>();
  const threads = new Set<Worker>();
  let closing = false;
  let replaced = 0;
  let hung = 0;
  let url = '';
  let last: Promise<unknown> = Promise.resolve();

  const alone = <T>(act: () => Promise<T>): Promise<T> => {
    const done = last.then(act, act);
    last = done.catch(() => {});
    return done;
  };

  /** Resolves once it answers; `ended` is called when it has ended after that. */
  async function start(worker: number, ended: (why: string) => void): Promise<void> {
    const { module, data } = parts.program;
    const thread = new Worker(module, {
      workerData: { ...data, start: parts.start(worker) },
      name: `worker ${worker}`,
      execArgv: module.pathname.endsWith('.ts')
        ? [...process.execArgv, '--conditions=@sallyport/source']
        : process.execArgv,
    });
    threads.add(thread);
    const prepared = Promise.withResolvers<string>();
    let why = 'it ended by itself';
    let failure: unknown = null;
    let isReady = false;
    const free = Promise.withResolvers<void>();
    let unwatch = (): void => {};
    const giveUp = (): void => {
      failure = new SallyportError('listen', `worker ${worker} was not ready in ${READY_MS / 1000} s`);
      void thread.terminate();
    };
    let timer = setTimeout(giveUp, READY_MS);
    const calls = createCalls<WorkerActions>(thread, {
      ...parts.actions,
      prepared: prepared.resolve,
      // A build takes its time, and has a limit of its own.
      async makeBuild(order) {
        clearTimeout(timer);
        try {
          return await parts.actions.makeBuild(order);
        } finally {
          if (!isReady && threads.has(thread)) timer = setTimeout(giveUp, READY_MS);
        }
      },
    } satisfies SupervisorActions);
    const member: Member = { worker, calls };
    thread.on('error', (error: unknown) => {
      failure = error;
      why = error instanceof Error ? error.message : String(error);
    });
    thread.once('exit', () => {
      clearTimeout(timer);
      unwatch();
      threads.delete(thread);
      members.delete(worker);
      calls.end();
      prepared.reject(failure ?? new Gone());
      parts.released(worker).then(
        () => {
          free.resolve();
          if (isReady && !closing) ended(why);
        },
        (error: unknown) => log.error(`worker ${worker}: what it held of the shared state cannot be given back`, error),
      );
    });
    try {
      url = await prepared.promise;
      await calls.call('open', undefined);
    } catch (error) {
      await thread.terminate();
      await free.promise;
      throw failure ?? error;
    }
    clearTimeout(timer);
    isReady = true;
    members.set(worker, member);
    unwatch = watchPulse({
      beat: () => calls.call('beat', undefined),
      hung() {
        hung += 1;
        why = `it has not answered for ${SILENT_SECONDS} s: a function that does not return, as in the configuration`;
        void thread.terminate();
      },
    });
  }

  /** @param wait milliseconds until the next try, doubled each time that it fails */
  function replace(worker: number, why: string, wait: number): void {
    if (closing) return;
    log.error(`worker ${worker} has ended; a new one takes its place in ${wait / 1000} s`, new Error(why));
    setTimeout(() => {
      if (closing) return;
      const longer = Math.min(LONGEST_WAIT_MS, wait * 2);
      alone(() => watched(worker, longer)).then(
        () => {
          replaced += 1;
          log.info(`worker ${worker} answers again`);
        },
        (error: unknown) => replace(worker, error instanceof Error ? error.message : String(error), longer),
      );
    }, wait).unref();
  }

  function watched(worker: number, nextWait: number): Promise<void> {
    const since = performance.now();
    return start(worker, (why) => {
      replace(worker, why, performance.now() - since > STEADY_MS ? FIRST_WAIT_MS : nextWait);
    });
  }

  async function close(graceMs: number): Promise<void> {
    closing = true;
    await last;
    await Promise.all([...members.values()].map(({ calls }) => calls.call('close', { graceMs }).catch(() => {})));
    await Promise.all([...threads].map((thread) => thread.terminate()));
  }

  const places = Array.from({ length: count }, (_, index) => index + 1);
  const started = await Promise.allSettled(places.map((worker) => watched(worker, FIRST_WAIT_MS)));
  const failed = started.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') {
    await close(0);
    throw failed.reason;
  }
  return {
    get url() {
      return url;
    },
    members: () => [...members.values()].sort((one, other) => one.worker - other.worker),
    alone,
    replaced: () => replaced,
    hung: () => hung,
    close,
  };
}
