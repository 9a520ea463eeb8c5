import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { Server as NetServer } from 'node:net';
import { isatty } from 'node:tty';
import type { Mode } from '../guard/config.ts';
import type { Gate } from './gate.ts';
import type { Settings } from './live.ts';
import { keepEarlyConnections } from './listen.ts';

/** Tells a process that the one before it will hand over its socket. Taken out of the environment at once. */
const SUCCESSOR = 'SALLYPORT_SUCCESSOR';

/**
 * Milliseconds a successor gets until it has to be ready; then it is ended and nothing has changed. Longer than what each of
 * its workers gets: where one of those does not come up, it says so itself.
 */
const READY_MS = 60_000;

/** What a gate leaves to the process that replaces it. Travels by IPC alone: never in the environment or a file. */
export interface Inheritance {
  /**
   * Listens already; nothing that connects meanwhile is lost. Null where the workers of the other listen by sockets of
   * their own, beside which one can listen too.
   */
  readonly server: NetServer | null;
  /** Where those listen; 0 where the socket comes with it. */
  readonly port: number;
  /** So that tickets, stamps and sessions stay valid. */
  readonly secret: string;
  /** Mode in force, which may differ from the file's. */
  readonly mode: Mode;
  /** What was switched live. */
  readonly settings: Settings;
  /** To be called once this gate answers: the other stops accepting then, finishes what it has, and exits. */
  ready(): void;
}

interface Handover {
  readonly type: 'sallyport-inherit';
  readonly secret: string;
  readonly mode: Mode;
  readonly settings: Settings;
  /** Whether a socket comes with it. */
  readonly listens: boolean;
  readonly port: number;
}

/** What the gate that started this process hands over; null where a person started it. */
export function receiveInheritance(): Promise<Inheritance | null> {
  const send = process.send?.bind(process);
  if (process.env[SUCCESSOR] === undefined || send === undefined) return Promise.resolve(null);
  delete process.env[SUCCESSOR];
  return new Promise((resolve, reject) => {
    process.once('disconnect', () => reject(new Error('the gate that was to be replaced is gone')));
    process.once('message', (message: unknown, handle: unknown) => {
      if (!isHandover(message) || (message.listens && !(handle instanceof NetServer))) {
        reject(new Error('the gate that was to be replaced handed over something else'));
        return;
      }
      const server = handle instanceof NetServer ? handle : null;
      if (server !== null) keepEarlyConnections(server);
      process.removeAllListeners('disconnect');
      resolve({
        server,
        port: message.port,
        secret: message.secret,
        mode: message.mode,
        settings: message.settings,
        ready() {
          send({ type: 'sallyport-ready' }, () => process.disconnect());
        },
      });
    });
    send({ type: 'sallyport-hello' });
  });
}

function isHandover(message: unknown): message is Handover {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'sallyport-inherit';
}

/** What is tied to the process: a gate, or several threads of one. */
export type Tied = Pick<Gate, 'mode' | 'close'> & {
  /** The listening socket, for a successor that takes it over; null where it can listen beside this one. */
  readonly server: NetServer | null;
  /** The port beside which a successor listens, which its configuration may leave to chance. Needed without a socket. */
  readonly port?: number;
};

export interface LifecycleOptions {
  readonly gate: Tied;
  /** The secret in force, for a successor. */
  readonly secret: string;
  /** Reads the configuration again and puts it in force: SIGHUP. A throw leaves the old one in force. */
  reload(): unknown;
  /** What was switched live, for a successor. Default: nothing. */
  readonly settings?: () => Settings;
  /** Told what happens, in a few words. */
  say(message: string): void;
  warn(message: string): void;
  /** Milliseconds for what is under way when the gate stops. Default 10,000. */
  readonly graceMs?: number;
  /** Whether a terminal is there, asked anew each time. Default: whether any standard stream is one. */
  readonly atTerminal?: () => boolean;
}

export interface Lifecycle {
  /** Resolves once the gate has closed for good, by a signal or by {@link Lifecycle.stop}. */
  readonly stopped: Promise<void>;
  stop(): Promise<void>;
  /** Starts this command anew in a process that takes over the socket: SIGUSR2. */
  upgrade(): Promise<void>;
}

/**
 * Ties a gate to its process: SIGTERM and SIGINT stop it gracefully (a second one at once), SIGHUP reloads, or stops
 * where the terminal that it was started from is gone; SIGUSR2 replaces the process without a moment in which nobody
 * listens.
 */
export function manageLifecycle(options: LifecycleOptions): Lifecycle {
  const { gate, say, warn, graceMs = 10_000, atTerminal = anyTerminal } = options;
  const hadTerminal = atTerminal();
  const done = Promise.withResolvers<void>();
  let stopping = false;
  let upgrading = false;

  const stop = async (): Promise<void> => {
    if (stopping) return done.promise;
    stopping = true;
    await gate.close({ graceMs });
    for (const [signal, act] of handlers) process.off(signal, act);
    done.resolve();
    return done.promise;
  };
  const onStop = (): void => {
    if (stopping) process.exit(1);
    say('stopping: finishing what is under way');
    stop().catch((error: unknown) => warn(`stop: ${reason(error)}`));
  };
  const onReload = (): void => {
    Promise.try(options.reload).then(
      () => say('configuration reloaded'),
      (error: unknown) => warn(`reload: the old configuration stays in force: ${reason(error)}`),
    );
  };
  // A window that is closed says so by the same signal as `systemctl reload`; a gate must not stay behind unseen.
  const onHangup = (): void => {
    if (!hadTerminal || atTerminal()) onReload();
    else stop().catch((error: unknown) => warn(`stop: ${reason(error)}`));
  };
  const upgrade = async (): Promise<void> => {
    if (upgrading || stopping) return;
    upgrading = true;
    try {
      const pid = await startSuccessor(gate, options.secret, options.settings?.() ?? {});
      say(`process ${pid} has taken over; finishing what is under way`);
      await stop();
    } catch (error) {
      warn(`upgrade: nothing has changed: ${reason(error)}`);
    } finally {
      upgrading = false;
    }
  };
  const handlers: [NodeJS.Signals, () => void][] = [
    ['SIGTERM', onStop],
    ['SIGINT', onStop],
    ['SIGHUP', onHangup],
    ['SIGUSR2', () => void upgrade()],
  ];
  for (const [signal, act] of handlers) process.on(signal, act);
  return { stopped: done.promise, stop, upgrade };
}

/** The system is asked: a stream whose terminal was closed is none any more. */
const anyTerminal = (): boolean => [0, 1, 2].some((stream) => isatty(stream));

/** Resolves to the new process's id once it answers on our socket. */
function startSuccessor(gate: Tied, secret: string, settings: Settings): Promise<number> {
  const [, script, ...args] = process.argv;
  if (script === undefined) return Promise.reject(new Error('this process has no script to start again'));
  const child = fork(script, args, { env: { ...process.env, [SUCCESSOR]: '1' }, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail('it was not ready in time'), READY_MS);
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`the new process did not take over: ${why}`));
    };
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`it exited with code ${code ?? 'none'}`));
    child.on('message', (message: unknown) => {
      const type = typeof message === 'object' && message !== null && 'type' in message ? message.type : '';
      if (type === 'sallyport-hello') handOver(child, gate, secret, settings);
      if (type !== 'sallyport-ready') return;
      clearTimeout(timer);
      child.removeAllListeners('exit');
      child.unref();
      resolve(child.pid ?? 0);
    });
  });
}

function handOver(child: ChildProcess, gate: Tied, secret: string, settings: Settings): void {
  const { server, port = 0 } = gate;
  const listens = server !== null;
  const message: Handover = { type: 'sallyport-inherit', secret, mode: gate.mode(), settings, listens, port };
  if (server === null) child.send(message);
  else child.send(message, server);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
