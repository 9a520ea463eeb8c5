import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/web/pbkdf2';
import { puzzleOf } from '../../wire/puzzle.ts';

/**
 * Solves a proof of work, in a worker of the page's own. One file is both: the worker is made of the file that the page has
 * loaded. Where none can be made (a policy that admits none, an app's bundle, a worker), the page solves it: its browser computes on
 * threads of its own, so the page stays usable, and only takes a little longer.
 */

export interface Work {
  readonly id: string;
  readonly cost: number;
  readonly puzzles: number;
}

/** Name of the worker: an app's own workers hold this file as well. */
const WORKER = 'sallyport-work';

const isWorker = self.name === WORKER && !self.document;

/** One after the other: a page has one worker at most. */
let last: Promise<unknown> = Promise.resolve();

/** Rejects where the browser cannot. */
export function solve(work: Work): Promise<string> {
  const solution = last.then(() => inWorker(work)).then((found) => found || inPage(work));
  last = solution.catch(() => {});
  return solution;
}

/**
 * All puzzles side by side: while the answer of one derivation is on its way back, the browser's own threads compute the next. No
 * time limit: a tab that slept in between goes on, and whether it is too late is for the gate to say.
 */
async function inPage({ id, cost, puzzles }: Work): Promise<string> {
  const solutions = await Promise.all(
    Array.from({ length: puzzles }, (_, index) =>
      solveChallenge({ challenge: { parameters: puzzleOf(id, cost, index) }, deriveKey, timeout: 0 }),
    ),
  );
  return solutions.map((solution) => solution?.counter ?? 0).join('.');
}

/** Starts the worker before there is work for it; it is kept for as long as after work. */
export function start(): void {
  // A page that is at work has one.
  if (worker || isWorker) return;
  try {
    worker = made();
    idle = setTimeout(end, IDLE);
  } catch {
    // Solved without one.
  }
}

/** Undefined in bundles of somebody else's, which are no file of a worker. Throws where policy admits none. */
function made(): Worker | undefined {
  const { url } = import.meta;
  // Behind the name stands how often it was asked for (parts.ts).
  if (!/\/work\.[0-9a-f]{16}\.js(?:#\d+)?$/.test(url)) return undefined;
  const fresh = new Worker(url, { type: 'module', name: WORKER });
  fresh.onerror = (event) => {
    event.preventDefault();
    end();
  };
  return fresh;
}

/** '' where there is no worker to be had. */
function inWorker(work: Work): Promise<string> {
  return new Promise((resolve) => {
    try {
      clearTimeout(idle);
      worker ??= made();
      if (!worker) return resolve('');
      worker.onmessage = ({ data }) => {
        idle = setTimeout(end, IDLE);
        resolve(`${data}`);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        end();
        resolve('');
      };
      worker.postMessage(work);
    } catch {
      resolve('');
    }
  });
}

let worker: Worker | undefined;
/** How long it is kept for the next challenge: milliseconds. */
const IDLE = 5000;
let idle: ReturnType<typeof setTimeout> | undefined;

function end(): void {
  worker?.terminate();
  worker = undefined;
}

if (isWorker) {
  self.onmessage = ({ data }) => {
    inPage(data).then(
      (solution) => self.postMessage(solution),
      () => self.postMessage(''),
    );
  };
}
