import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a server's process has used so far. */
export interface Usage {
  /** Microseconds, user and system. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss: number;
}

/** A server in a process of its own, so that it has one core and its own figures. */
export interface Child {
  readonly port: number;
  readonly origin: string;
  /** Milliseconds from the process's start until it listened. */
  readonly started: number;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'servers');

/** Starts `bench/servers/<name>.ts`; its settings arrive there as JSON in the last argument. */
export async function startChild(name: string, settings: object = {}, flags: readonly string[] = []): Promise<Child> {
  const begun = performance.now();
  const child = fork(join(folder, `${name}.ts`), [JSON.stringify(settings)], {
    execArgv: ['--disable-warning=ExperimentalWarning', ...flags],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const port = Number(await answerOf(child, name, 'port'));
  const started = performance.now() - begun;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    started,
    async usage() {
      const answer = answerOf(child, name, 'usage');
      child.send('usage');
      return toUsage(await answer);
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** The next message that has this field. */
function answerOf(child: ChildProcess, name: string, field: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const left = (code: number | null): void => reject(new Error(`bench/servers/${name}.ts ended with ${code}`));
    const listen = (message: unknown): void => {
      if (typeof message !== 'object' || message === null || !(field in message)) return;
      child.off('exit', left);
      child.off('message', listen);
      resolve(Object.entries(message).find(([key]) => key === field)?.[1]);
    };
    child.on('message', listen);
    child.once('exit', left);
  });
}

function toUsage(value: unknown): Usage {
  if (typeof value === 'object' && value !== null && 'cpu' in value && 'rss' in value) {
    return { cpu: Number(value.cpu), rss: Number(value.rss) };
  }
  throw new TypeError('a server answered without its usage');
}
