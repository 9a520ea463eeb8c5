import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Bundle } from '../doors/script.ts';
import { SallyportError } from '../guard/errors.ts';
import type { Recipe } from './recipe.ts';

/** What the process that makes a build is told. It gets no secret: names stand in the texts. */
export interface Order {
  readonly texts: Readonly<Record<string, string>>;
  readonly recipe: Recipe;
}

export interface MakeOptions {
  /** Whether nobody waits for it: it then has the processor when others leave it. */
  readonly ahead: boolean;
  readonly signal: AbortSignal;
}

/** Longest that a build may take: a machine that is busy takes its time. */
const LONGEST_MS = 300_000;
/** Most that comes back. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Makes texts hard to read, in a process of its own: it takes seconds and hundreds of megabytes, and neither is the gate's.
 *
 * Rejects with SallyportError `config` where it fails, with AbortError where it was called off.
 */
export async function makeTexts(bundle: Bundle, recipe: Recipe, options: MakeOptions): Promise<Bundle> {
  const parts = Object.entries(bundle.chunks).filter(([name]) => !AS_THEY_ARE.has(name));
  const texts = { ...Object.fromEntries(parts), [SCRIPT]: bundle.script, [WORKER]: bundle.worker };
  const order: Order = { texts, recipe };
  const { [SCRIPT]: script = '', [WORKER]: worker = '', ...chunks } = parse(await run(JSON.stringify(order), options));
  return { script, worker, chunks: { ...bundle.chunks, ...chunks } };
}

/** No part is called so. */
const SCRIPT = '/script';
const WORKER = '/worker';
/** Parts that sign nothing and know no names: scripts of the gate's own pages, steps of challenges. */
const AS_THEY_ARE: ReadonlySet<string> = new Set(['account-page', 'captcha', 'done', 'login', 'media', 'work']);

const CHILD = fileURLToPath(new URL(`obfuscate${import.meta.url.slice(-3)}`, import.meta.url));

async function run(order: string, { ahead, signal }: MakeOptions): Promise<string> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]);
  // Nothing of our environment, the secret above all.
  const child = spawn(process.execPath, [CHILD], { env: {}, stdio: ['pipe', 'pipe', 'pipe'], signal: limited });
  const ended = new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done));
  if (ahead && child.pid !== undefined) lower(child.pid);
  // Whoever does not read says why by its exit.
  child.stdin.on('error', () => {});
  child.stdin.end(order);
  const [code, made, said] = await Promise.all([ended, textOf(child.stdout), textOf(child.stderr)]);
  if (code === 0) return made;
  throw new SallyportError(
    'config',
    `builds: javascript-obfuscator failed: ${said.trim().slice(-500) || `exit ${code}`}`,
  );
}

function lower(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not every system lets us; it is made all the same.
  }
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length <= MOST_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): Record<string, string> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new SallyportError('config', 'builds: nothing was made');
  return Object.fromEntries(Object.entries(value).map(([name, made]) => [name, String(made)]));
}
