import { workerData } from 'node:worker_threads';
import { compileUse } from '../../../../src/guard/config-use.ts';
import { noClaims } from '../../../../src/guard/context.ts';
import type { Claims, EntryClaim } from '../../../../src/guard/state.ts';
import { newUseResult } from '../../../../src/guard/use.ts';
import { openSharedState, type SharedMemory } from '../../../../src/stores/shared/index.ts';

/** A thread that works until it is killed, or falls by itself. */
export interface Life {
  readonly memory: SharedMemory;
  readonly worker: number;
  readonly pages: readonly Partial<Claims>[];
  /** Word 0: how much has been done; then of each page the counter that comes next; then how often each call was admitted. */
  readonly board: Int32Array;
  /** Counters of each page. */
  readonly calls: number;
  /** Steps after which it falls: by an exception, or by an exit. 0: never. */
  readonly falls: number;
  readonly by: 'exception' | 'exit';
}

const START = 1_750_000_000_000;
const { memory, worker, pages, board, calls, falls, by }: Life = workerData;
const state = openSharedState(memory, { worker, monotonic: null });
const use = compileUse(
  {},
  { match: 'POST /mortal', limit: { rate: '1000/second', per: 'route' }, concurrent: { session: 3 } },
  'proof',
);
const admitted = 1 + pages.length;
/** All threads have one clock. */
const wall = (): number => START + Atomics.load(board, 0);

for (let step = 1; ; step += 1) {
  if (step === falls && by === 'exit') process.exit(1);
  if (step === falls) throw new Error('this thread falls');
  const page = step % pages.length;
  const fresh = Atomics.add(board, 1 + page, 1) + 1;
  call(page, fresh % calls);
  call(page, Math.max(1, (fresh - 3) % calls));
  if (step % 5 === 0) await comeAndGo(step);
  Atomics.add(board, 0, 1);
  Atomics.notify(board, 0);
}

function call(page: number, nonce: number): void {
  if (nonce === 0) return;
  const claims: Claims = { ...noClaims(wall()), ...pages[page], nonce, use, used: newUseResult() };
  if (state.commit(claims) !== '') return;
  Atomics.add(board, admitted + page * calls + nonce, 1);
  if (claims.used.hold !== null) state.release(claims.used.hold);
}

/** Somebody enters, logs in and is ended. */
async function comeAndGo(step: number): Promise<void> {
  const id = () => Math.floor(Math.random() * 2 ** 32);
  const entry = (): EntryClaim => ({
    now: wall(),
    windowIdHigh: id(),
    windowIdLow: id(),
    windowLife: 600_000,
    client: 1,
    session: null,
    replaces: null,
    newIdHigh: id(),
    newIdLow: id(),
    prefix: `192.0.2.${step % 50}`,
    mintsPerMinute: 1e9,
    mintsPerMinuteTotal: 1e9,
    entriesPerMinute: 1e9,
  });
  const came = await state.enter(entry());
  if (!came.ok) return;
  const { session } = came;
  state.serve({ session, account: '', source: 0, ids: [`${step}`, `${step + 1}`] });
  state.done({ now: wall(), session, account: '', step: 0 });
  const until = wall() + 60_000;
  const next = await state.enter({ ...entry(), replaces: { session, until, reason: 'login' } });
  if (next.ok && step % 2 === 0) state.revoke(next.session, until, 'ended');
}
