import { createGuard, type Guard, type RequestView } from 'sallyport';
import { type Door, signedShot } from '../lib/client.ts';
import { openDoorsInProcess, viewOf } from '../lib/in-process.ts';

const { rounds } = JSON.parse(process.argv.at(-1) ?? '{}');
const CALLS = 6000;
/** Calls in a batch: enough for the clock, few enough that some batch is undisturbed. */
const BATCH = 100;
const DOORS = 64;
/** Sessions that are watched at a time. */
const SESSIONS = 16_384;
const AUTHORITY = '127.0.0.1:4000';
const PATHS = ['/api/posts', '/api/posts/7', '/api/posts/81'];

type Config = Parameters<typeof createGuard>[0];

const CONFIG: Config = {
  mode: 'enforce',
  listen: AUTHORITY,
  clients: { default: { stamp: 'waive' } },
  mint: { perPrefix: 1_000_000, total: 1_000_000 },
  routes: [{ match: 'GET /api/posts' }, { match: 'GET /api/posts/:id' }],
};

const figures: Record<'more' | 'ratio' | 'bytes', number[]> = { more: [], ratio: [], bytes: [] };

const plain = await open(CONFIG);
const before = used();
const guard = await createGuard({ ...CONFIG, behaviour: { note: '1 in 100' } });
// Without its code and the guard's own, what is left is a table for so many sessions, and the model.
figures.bytes.push((used() - before) / SESSIONS);
const watched = { guard, doors: await openDoorsInProcess(guard, AUTHORITY, DOORS) };

for (let round = -2; round < rounds; round += 1) {
  const [one, other] = round % 2 === 0 ? [plain, watched] : [watched, plain];
  const times = [await fastest(one), await fastest(other)] as const;
  const [none, more] = round % 2 === 0 ? times : [times[1], times[0]];
  if (round < 0) continue;
  figures.more.push(more - none);
  figures.ratio.push(more / none);
}
await plain.guard.close();
await guard.close();
process.stdout.write(`${JSON.stringify(figures)}\n`);

interface Side {
  readonly guard: Guard;
  readonly doors: readonly Door[];
}

async function open(config: Config): Promise<Side> {
  const made = await createGuard(config);
  return { guard: made, doors: await openDoorsInProcess(made, AUTHORITY, DOORS) };
}

function used(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Microseconds of one admission in the fastest of the batches: nobody interrupted that one. */
async function fastest({ guard: judge, doors }: Side): Promise<number> {
  const views: RequestView[] = [];
  for (let at = 0; at < CALLS; at += 1) {
    const door = doors[at % doors.length];
    if (door !== undefined) views.push(viewOf(signedShot(door, 'GET', PATHS[at % PATHS.length] ?? '')));
  }
  globalThis.gc?.();
  let best = Number.POSITIVE_INFINITY;
  for (let at = 0; at + BATCH <= views.length; at += BATCH) {
    const batch = views.slice(at, at + BATCH);
    const from = performance.now();
    for (const view of batch) {
      const decided = judge.decide(view);
      const decision = decided instanceof Promise ? await decided : decided;
      if (decision.outcome !== 'admit') throw new Error(`a call that is allowed was refused: ${decision.code}`);
      await judge.settle(view, decision, { status: 200, location: '' });
      judge.finish?.(decision);
    }
    best = Math.min(best, ((performance.now() - from) * 1000) / BATCH);
  }
  return best;
}
