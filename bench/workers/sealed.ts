import { createGuard, type Guard, type RequestView } from 'sallyport';
import { type Door, signedShot } from '../lib/client.ts';
import { openDoorsInProcess, viewOf } from '../lib/in-process.ts';
import { sealShot } from '../lib/sealed-client.ts';

const { rounds } = JSON.parse(process.argv.at(-1) ?? '{}');
const CALLS = 4000;
/** Calls in a batch: enough for the clock, few enough that some batch is undisturbed. */
const BATCH = 100;
const DOORS = 64;
const AUTHORITY = '127.0.0.1:4000';
const PATH = '/api/posts';
/** What is sent, and what is answered. */
const BODY = JSON.stringify({ title: 'A title', text: 'x'.repeat(270) });
const ANSWER = Buffer.from(BODY);

const plain = await open(false);
const sealed = await open(true);
const figures: Record<'more' | 'ratio', number[]> = { more: [], ratio: [] };

for (let round = -2; round < rounds; round += 1) {
  const turns = round % 2 === 0 ? [timePlain, timeSealed] : [timeSealed, timePlain];
  const times = new Map<unknown, number>();
  for (const turn of turns) times.set(turn, await turn());
  const [none, more] = [times.get(timePlain) ?? Number.NaN, times.get(timeSealed) ?? Number.NaN];
  if (round < 0) continue;
  figures.more.push(more - none);
  figures.ratio.push(more / none);
}
await plain.guard.close();
await sealed.guard.close();
process.stdout.write(`${JSON.stringify(figures)}\n`);

interface Side {
  readonly guard: Guard;
  readonly doors: readonly Door[];
}

async function open(isSealed: boolean): Promise<Side> {
  const guard = await createGuard({
    mode: 'enforce',
    listen: AUTHORITY,
    clients: { default: { stamp: 'waive' } },
    mint: { perPrefix: 1_000_000, total: 1_000_000 },
    sealed: isSealed,
    routes: [{ match: `POST ${PATH}` }],
  });
  return { guard, doors: await openDoorsInProcess(guard, AUTHORITY, DOORS) };
}

function held(view: RequestView, bytes: Uint8Array): RequestView {
  return { ...view, body: { length: bytes.length, collect: async () => bytes } };
}

function timePlain(): Promise<number> {
  const views = made(plain, (door) => held(viewOf(signedShot(door, 'POST', PATH, BODY)), Buffer.from(BODY)));
  return fastest(views, (view) => admitted(plain.guard, view));
}

function timeSealed(): Promise<number> {
  const views = made(sealed, (door) => {
    const shot = sealShot(door, signedShot(door, 'POST', PATH, BODY));
    return held(viewOf(shot), shot.bytes);
  });
  return fastest(views, async (view) => {
    const opened = await sealed.guard.sealed?.open(view);
    if (opened === undefined || 'status' in opened) throw new Error('a sealed call that is allowed was refused');
    const { method, target, fields, body, ticket, begun, seal } = opened;
    if (method !== 'POST') throw new Error(`another call was opened: ${method} ${target}`);
    const lengths = ['Content-Length', `${body.length}`];
    const inner = viewOf({ method: 'POST', path: target, fields: [...fields, ...lengths], body: '' });
    await admitted(sealed.guard, { ...held(inner, body), sealed: ticket, begun });
    opened.release();
    seal.head(200, ['content-type', 'application/json']);
    seal.body(ANSWER);
    seal.end();
  });
}

function made({ doors }: Side, make: (door: Door) => RequestView): RequestView[] {
  return Array.from({ length: CALLS }, (_, at) => doors[at % doors.length]).flatMap((door) =>
    door === undefined ? [] : [make(door)],
  );
}

async function admitted(guard: Guard, view: RequestView): Promise<void> {
  const decided = guard.decide(view);
  const decision = decided instanceof Promise ? await decided : decided;
  if (decision.outcome !== 'admit') throw new Error(`a call that is allowed was refused: ${decision.code}`);
  guard.finish?.(decision);
}

/** Microseconds of one call in the fastest of the batches: nobody interrupted that one. */
async function fastest(views: readonly RequestView[], one: (view: RequestView) => Promise<void>): Promise<number> {
  globalThis.gc?.();
  let best = Number.POSITIVE_INFINITY;
  for (let at = 0; at + BATCH <= views.length; at += BATCH) {
    const batch = views.slice(at, at + BATCH);
    const from = performance.now();
    for (const view of batch) await one(view);
    best = Math.min(best, ((performance.now() - from) * 1000) / BATCH);
  }
  return best;
}
