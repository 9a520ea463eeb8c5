import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One app of contract.md, running. */
export interface App {
  readonly url: string;
  /** Requests to the API that arrived: `METHOD target`. */
  calls(): readonly string[];
  /** How often the app heard that the reader of its events left. */
  gone(): number;
  /** Streams wait for their second piece from here on. */
  hold(): void;
  /** They wait no longer. */
  release(): void;
  stop(): Promise<void>;
}

export interface Backend {
  readonly name: string;
  /** Fields that differ from one answer to the next, in lower case. */
  readonly volatile: readonly string[];
  /** Whether it tells `/a?` from `/a`: ASGI does not say. */
  readonly emptyQuery: boolean;
  readonly program: string;
  /** Arguments by which the program says whether it can run the app. */
  readonly probe: readonly string[];
  /** The command that serves; `folder` is for what it makes, and gone afterwards. */
  command(folder: string): readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

const at = (...path: string[]): string => join(import.meta.dirname, ...path);
const program = (kind: string, otherwise: string): string => process.env[`SALLYPORT_${kind}`] || otherwise;

// FastAPI comes with the system's Python, which need not be the first on the path.
const PYTHON = program('FASTAPI', existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3');
const RUBY = program('RAILS', 'ruby');
const PHP = program('PHP', 'php');
const GO = program('GO', 'go');

export const BACKENDS: readonly Backend[] = [
  {
    name: 'FastAPI',
    volatile: [],
    emptyQuery: false,
    program: PYTHON,
    probe: ['-c', 'import fastapi, uvicorn, itsdangerous'],
    command: () => [PYTHON, '-B', at('fastapi', 'app.py')],
  },
  {
    name: 'Rails',
    volatile: ['x-request-id', 'x-runtime'],
    emptyQuery: true,
    program: RUBY,
    probe: ['-e', 'require "action_controller/railtie"; require "puma"'],
    command: () => [RUBY, at('rails', 'app.rb')],
    env: { RAILS_ENV: 'production' },
  },
  {
    name: 'PHP',
    volatile: [],
    emptyQuery: true,
    program: PHP,
    probe: ['--version'],
    command: (folder) => [
      PHP,
      ...['-d', 'upload_max_filesize=64M', '-d', 'post_max_size=64M', '-d', 'display_errors=0', '-d', 'log_errors=0'],
      ...['-d', `session.save_path=${folder}`, '-S', '127.0.0.1:0', at('php', 'app.php')],
    ],
    // A request each: a stream that waits must not keep the others.
    env: { PHP_CLI_SERVER_WORKERS: '4' },
  },
  {
    name: 'Go',
    volatile: [],
    emptyQuery: true,
    program: GO,
    probe: ['version'],
    command(folder) {
      const built = join(folder, 'app');
      const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-buildvcs=false' };
      execFileSync(GO, ['build', '-o', built, '.'], { cwd: at('go'), env, stdio: 'inherit' });
      return [built];
    },
  },
];

/** Why the backend cannot run here; false where it can. */
export function missing({ name, program, probe }: Backend): string | false {
  return spawnSync(program, probe, { stdio: 'ignore' }).status === 0 ? false : `no ${name} on this machine`;
}

/** Starts the app and waits until it says its port. */
export async function startApp({ name, command, env = {} }: Backend): Promise<App> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-backend-'));
  const release = join(folder, 'release');
  const [file, ...args] = command(folder);
  const child: ChildProcess = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: PHP's workers outlive the process that they were started by.
    detached: true,
    env: { ...process.env, ...env, PAGE: at('page.html'), RELEASE: release },
  });
  const ended = once(child, 'exit');
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      said += String(chunk);
    });
  const port = () => /^port (\d+)$|\(http:\/\/127\.0\.0\.1:(\d+)\) started/m.exec(said);
  while (port() === null) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${said}`);
    await Promise.race([once(child.stdout ?? child, 'data'), once(child.stderr ?? child, 'data'), ended]);
  }
  const lines = () => said.split('\n');
  const app: App = {
    url: `http://127.0.0.1:${port()?.[1] ?? port()?.[2]}`,
    calls: () => lines().filter((line) => /^[A-Z]+ \/+api\//.test(line)),
    gone: () => lines().filter((line) => line === 'gone').length,
    hold: () => rmSync(release, { force: true }),
    release: () => writeFileSync(release, ''),
    async stop() {
      app.release();
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
  app.release();
  return app;
}
