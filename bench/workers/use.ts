import { createGuard, type Decision, type Guard, type RequestView } from 'sallyport';
import { type Door, signedShot } from '../lib/client.ts';
import { openDoorsInProcess, viewOf } from '../lib/in-process.ts';

const { rounds } = JSON.parse(process.argv.at(-1) ?? '{}');
const CALLS = 6000;
/** Calls in a batch: enough for the clock, few enough that some batch is undisturbed. */
const BATCH = 100;
const DOORS = 64;
const AUTHORITY = '127.0.0.1:4000';
const PATH = '/api/posts/7';

type Config = Parameters<typeof createGuard>[0];
type Route = NonNullable<Config['routes']>[number];

const MANY = 100_000_000;
const RULES = {
  limit: { limit: [`${MANY}/minute`, { rate: `${MANY}/minute`, per: 'prefix' }] },
  concurrent: { concurrent: { session: 1000, prefix: 10_000 } },
  order: { after: 'POST /api/start', within: 3600 },
  served: { served: { from: 'GET /api/posts', at: '$[*].id' } },
  budget: { cost: '0.000001 USD', budget: { amount: '1000000 USD/day', share: 1, keep: 0, release: 'at-once' } },
} satisfies Record<string, Partial<Route>>;

/** The busy route has all but money, which goes with few calls. */
const { budget, ...busy } = RULES;
const rows: Readonly<Record<string, Partial<Route>>> = {
  none: {},
  ...busy,
  budget,
  all: Object.assign({}, ...Object.values(busy)),
};

interface Row {
  readonly guard: Guard;
  readonly doors: readonly Door[];
}

const made = new Map<string, Row>();
for (const [name, rule] of Object.entries(rows)) made.set(name, await open(rule));
const figures: Record<string, number[]> = {};

for (let round = -2; round < rounds; round += 1) {
  const times = new Map<string, number>();
  for (const [name, row] of made) times.set(name, await fastest(row));
  if (round < 0) continue;
  const none = times.get('none') ?? Number.NaN;
  for (const [name, time] of times) if (name !== 'none') note(name, time - none);
  note('ratio', (times.get('all') ?? Number.NaN) / none);
}
process.stdout.write(`${JSON.stringify(figures)}\n`);

/** A guard with this rule, and sessions that have done and seen what it asks for. */
async function open(rule: Partial<Route>): Promise<Row> {
  const guard = await createGuard({
    mode: 'enforce',
    listen: AUTHORITY,
    records: 'memory',
    clients: { default: { stamp: 'waive' } },
    mint: { perPrefix: 1_000_000, total: 1_000_000 },
    routes: [{ match: 'GET /api/posts' }, { match: 'POST /api/start' }, { match: 'GET /api/posts/:id', ...rule }],
  });
  const doors = await openDoorsInProcess(guard, AUTHORITY, DOORS);
  for (const door of doors) {
    const step = viewOf(signedShot(door, 'POST', '/api/start'));
    const taken = await guard.decide(step);
    await guard.settle?.(step, taken, { status: 200, location: '' });
    // A page’s address that names the id gives it, and from then on it was given.
    const shot = signedShot(door, 'GET', PATH);
    const named = shot.fields.map((text, at) =>
      shot.fields[at - 1] === 'Referer' ? `http://${AUTHORITY}/posts/7` : text,
    );
    admit(await guard.decide(viewOf({ ...shot, fields: named })));
  }
  return { guard, doors };
}

/** Microseconds of one admission in the fastest of the batches: nobody interrupted that one. */
async function fastest({ guard, doors }: Row): Promise<number> {
  const views: RequestView[] = [];
  for (let at = 0; at < CALLS; at += 1) {
    const door = doors[at % doors.length];
    if (door !== undefined) views.push(viewOf(signedShot(door, 'GET', PATH)));
  }
  globalThis.gc?.();
  let best = Number.POSITIVE_INFINITY;
  for (let at = 0; at + BATCH <= views.length; at += BATCH) {
    const batch = views.slice(at, at + BATCH);
    const before = performance.now();
    for (const view of batch) {
      const decided = guard.decide(view);
      const decision = decided instanceof Promise ? await decided : decided;
      admit(decision);
      guard.finish?.(decision);
    }
    best = Math.min(best, ((performance.now() - before) * 1000) / BATCH);
  }
  return best;
}

function admit({ outcome, code }: Decision): void {
  if (outcome !== 'admit') throw new Error(`a call that is allowed was refused: ${code}`);
}

function note(name: string, value: number): void {
  figures[name] = [...(figures[name] ?? []), value];
}
