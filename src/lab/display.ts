import { type ChildProcess, spawn } from 'node:child_process';

/** Where a browser's window is drawn. */
export interface Display {
  /** `seen` by whoever sits there; `virtual`: drawn by an Xvfb of this run, seen by nobody; `none`: drawn nowhere. */
  readonly kind: 'seen' | 'virtual' | 'none';
  /** Variables that lead programs there. */
  readonly environment: Readonly<Record<string, string>>;
  close(): void;
}

const NOWHERE: Display = { kind: 'none', environment: {}, close: () => undefined };

/** Milliseconds in which an Xvfb says the number of its display. */
const PATIENCE = 5_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** The display that there is, else one of an Xvfb on a free number where Xvfb is installed, else none. Never rejects. */
export async function openDisplay(environment: Environment = process.env): Promise<Display> {
  if (hasDisplay(environment)) return { ...NOWHERE, kind: 'seen' };
  const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: { ...environment },
  });
  const close = (): void => {
    process.off('exit', close);
    child.kill();
  };
  process.once('exit', close);
  const number = await numberOf(child);
  if (number !== '') return { kind: 'virtual', environment: { DISPLAY: `:${number}` }, close };
  close();
  return NOWHERE;
}

/** Whether a window would be seen by anybody. */
export function hasDisplay(environment: Environment = process.env): boolean {
  return process.platform !== 'linux' || Boolean(environment['DISPLAY'] || environment['WAYLAND_DISPLAY']);
}

/** What it writes when it is ready; '' where it is not installed, ends or says nothing. */
function numberOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const timer = setTimeout(() => resolve(''), PATIENCE);
    const done = (number: string): void => {
      clearTimeout(timer);
      resolve(number);
    };
    child.once('error', () => done(''));
    child.once('exit', () => done(''));
    child.stdio[3]?.on('data', (part) => {
      text += String(part);
      const [, number] = /^(\d+)\n/.exec(text) ?? [];
      if (number !== undefined) done(number);
    });
  });
}
