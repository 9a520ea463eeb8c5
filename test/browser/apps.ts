import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Real apps under test/apps, built and run as their own people would. Each has its packages to itself;
 * `npm test -- browser` installs them.
 */
const APPS = fileURLToPath(new URL('../apps/', import.meta.url));
const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

export interface App {
  /** Absolute path. */
  readonly folder: string;
  /** The program that builds and runs it, a script for Node. */
  readonly program: string;
  /** Folder that the build writes, below the app's own. */
  readonly output: string;
  readonly build: readonly string[];
  /** What the build reads, below the app's folder. */
  readonly inputs: readonly string[];
  /** What it reads of src/. */
  readonly sources: readonly string[];
}

export const NEXT: App = {
  folder: join(APPS, 'next'),
  program: 'node_modules/next/dist/bin/next',
  output: '.next',
  build: ['build'],
  inputs: ['app', 'next.config.mjs', 'package-lock.json'],
  sources: [],
};

export const STORYBOOK: App = {
  folder: join(APPS, 'storybook'),
  program: 'node_modules/storybook/dist/bin/dispatcher.js',
  output: 'storybook-static',
  build: ['build', '--output-dir', 'storybook-static'],
  inputs: ['.storybook', 'stories', 'package-lock.json'],
  sources: ['browser', 'wire', 'lib'],
};

const QUIET = { NEXT_TELEMETRY_DISABLED: '1', STORYBOOK_DISABLE_TELEMETRY: '1', CI: '1' };

/** Builds an app unless the last build read the same. Returns the folder that it wrote. */
export async function buildApp(app: App): Promise<string> {
  const output = join(app.folder, app.output);
  const note = join(output, 'built-from.txt');
  const inputs = fingerprint(app);
  if (existsSync(note) && readFileSync(note, 'utf8') === inputs) return output;
  const { child, said } = startApp(app, app.build);
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${app.build.join(' ')} in ${app.folder} ended with ${code}:\n${said()}`);
  writeFileSync(note, inputs);
  return output;
}

/** What a build depends on. Its own place is part of it: builds hold absolute paths. */
function fingerprint({ folder, inputs, sources }: App): string {
  const hash = createHash('sha256').update(folder);
  const read = [...inputs.map((name) => join(folder, name)), ...sources.map((name) => join(SRC, name))];
  for (const path of read.flatMap(filesBelow)) hash.update(`\n${path}\n`).update(readFileSync(path));
  return hash.digest('hex');
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

/** Runs an app's program. `said` is what it has written until now. */
export function startApp(app: App, args: readonly string[]): { child: ChildProcess; said: () => string } {
  const program = join(app.folder, app.program);
  if (!existsSync(program)) throw new Error(`${program} is missing: npm test -- browser installs it`);
  // The test runner's own words to its children are none of the app's business.
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  const child = spawn(process.execPath, [program, ...args], {
    cwd: app.folder,
    env: { ...env, ...QUIET },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  }
  return { child, said: () => text };
}

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts an app that serves until it is told to stop, and says where on standard output. */
export async function serveApp(app: App, args: readonly string[]): Promise<Served> {
  const { child, said } = startApp(app, args);
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const found = /Local: +(http:\/\/\S+?:[1-9]\d*)\s/.exec(said())?.[1];
      if (found !== undefined && /Ready in/.test(said())) resolve(found);
    });
    child.once('close', (code) => reject(new Error(`${args.join(' ')} ended with ${code}:\n${said()}`)));
  });
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('close', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}
