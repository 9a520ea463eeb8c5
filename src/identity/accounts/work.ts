import { availableParallelism } from 'node:os';

/**
 * Password work, rationed: so many checks at once and a minute, so that logins never starve the gate. Who waits is
 * served network by network in turn, browsers that the account knows first: a flood from one place makes that place wait.
 */
export interface LoginWork {
  /**
   * Runs the task when its turn comes.
   *
   * @param prefix network that asks
   * @param known whether the account knows this browser or its network
   * @throws {Busy} at once where its turn would come too late
   */
  run<T>(prefix: string, known: boolean, task: () => Promise<T>): Promise<T>;
  readonly waiting: number;
}

/** Too much login work waits already. */
export class Busy extends Error {
  /** Seconds. */
  readonly retryAfter: number;
  constructor(retryAfter: number) {
    super('too many logins at once');
    this.name = 'Busy';
    this.retryAfter = retryAfter;
  }
}

export interface LoginWorkOptions {
  /** Tasks a minute; as many may come at once. */
  readonly perMinute: number;
  readonly monotonic: () => number;
  /** Tasks at once. Default one fewer than there are cores, 2 at most: of the four threads that files and names are read by, too. */
  readonly atOnce?: number;
  /** Tasks that may wait. Default 512. */
  readonly queue?: number;
  /** Default setTimeout, which keeps no process alive. */
  readonly later?: (run: () => void, ms: number) => void;
}

interface Job {
  readonly prefix: string;
  readonly known: boolean;
  start(): void;
  refuse(error: Error): void;
}

/** Share of a minute's tasks that only browsers known to their account may use. */
const RESERVED = 0.2;
/** What a page would wait at most before it is told to come again, in milliseconds. */
const PATIENCE_MS = 25_000;

export function createLoginWork(options: LoginWorkOptions): LoginWork {
  const { perMinute, monotonic, atOnce = besideTheGate(), queue = 512, later = unheldTimer } = options;
  const perMs = perMinute / 60_000;
  const reserve = perMinute * RESERVED;
  const lanes = { known: new Map<string, Job[]>(), strange: new Map<string, Job[]>() };
  let credit = perMinute;
  let counted = monotonic();
  let running = 0;
  let waiting = 0;
  let timer = false;

  function refill(): void {
    const now = monotonic();
    credit = Math.min(perMinute, credit + (now - counted) * perMs);
    counted = now;
  }

  /** The first job of the network whose turn it is; the network goes to the back of the line. */
  function take(lane: Map<string, Job[]>): Job | null {
    for (const [prefix, jobs] of lane) {
      const job = jobs.shift();
      lane.delete(prefix);
      if (jobs.length > 0) lane.set(prefix, jobs);
      if (job === undefined) continue;
      waiting--;
      return job;
    }
    return null;
  }

  function next(): Job | null {
    if (credit >= 1 && lanes.known.size > 0) return take(lanes.known);
    return credit >= 1 + reserve ? take(lanes.strange) : null;
  }

  function pump(): void {
    refill();
    while (running < atOnce) {
      const job = next();
      if (job === null) break;
      credit--;
      running++;
      job.start();
    }
    if (waiting > 0 && running === 0 && !timer) {
      timer = true;
      later(
        () => {
          timer = false;
          pump();
        },
        Math.ceil(1 / perMs),
      );
    }
  }

  /** Makes room by turning away the latest of the network that waits most, or refuses the newcomer. */
  function makeRoom(job: Job): boolean {
    if (waiting < queue) return true;
    let longest: Job[] = [];
    for (const jobs of lanes.strange.values()) if (jobs.length > longest.length) longest = jobs;
    const mine = lanes.strange.get(job.prefix)?.length ?? 0;
    if (longest.length === 0 || (!job.known && mine + 1 >= longest.length)) return false;
    longest.pop()?.refuse(new Busy(retryAfter()));
    waiting--;
    return true;
  }

  const retryAfter = (): number => Math.max(2, Math.min(60, Math.ceil(waiting / perMs / 1000)));

  /** How long the newcomer would wait at the pace of a minute, were everybody before it. */
  const wouldWait = (known: boolean): number => {
    refill();
    const before = known ? [...lanes.known.values()].reduce((sum, jobs) => sum + jobs.length, 0) : waiting;
    return Math.max(0, before + 1 + (known ? 0 : reserve) - credit) / perMs;
  };

  return {
    get waiting() {
      return waiting;
    },
    run(prefix, known, task) {
      return new Promise((resolve, reject) => {
        const start = (): void => {
          const done = Promise.try(task);
          done.then(resolve, reject);
          const over = (): void => {
            running--;
            pump();
          };
          done.then(over, over);
        };
        const job: Job = { prefix, known, start, refuse: reject };
        if (wouldWait(known) > PATIENCE_MS || !makeRoom(job)) return reject(new Busy(retryAfter()));
        const lane = known ? lanes.known : lanes.strange;
        const jobs = lane.get(prefix);
        if (jobs === undefined) lane.set(prefix, [job]);
        else jobs.push(job);
        waiting++;
        pump();
      });
    },
  };
}

/** Calls are answered on a core of their own, where there are two. */
const besideTheGate = (): number => Math.max(1, Math.min(2, availableParallelism() - 1));

function unheldTimer(run: () => void, ms: number): void {
  setTimeout(run, ms).unref();
}
