import { type Claims, createMemoryState, noClaims, type EntryClaim, type StateUsage } from 'sallyport';
import { createSharedMemory, openSharedState } from 'sallyport/workers';

/** `shared`: the memory of worker threads, seen by one that is alone. */
const { sessions, rounds, shared } = JSON.parse(process.argv.at(-1) ?? '{}');
const START = 1_750_000_000_000;
/** Milliseconds over which a million entries come, so that no limit of the store is in the way. */
const STEP = 0.3;
const COMMITS = Math.max(sessions, 500_000);

const figures: Record<'entryBytes' | 'sessionBytes' | 'processBytes' | 'commit' | 'counter' | 'touch', number[]> = {
  entryBytes: [],
  sessionBytes: [],
  processBytes: [],
  commit: [],
  counter: [],
  touch: [],
};

globalThis.gc?.();
const before = process.memoryUsage();
const bounds = { sessions, entries: 2 * sessions };
const state = shared === true ? openSharedState(createSharedMemory(bounds), { worker: 0 }) : createMemoryState(bounds);
for (let at = 0; at < sessions; at += 1) admit(at);
globalThis.gc?.();
const after = process.memoryUsage();
const first = usage();
figures.processBytes.push((after.heapUsed + after.external - before.heapUsed - before.external) / sessions);

const order = shuffled(sessions);
const touched = new Uint32Array(40 * sessions).fill(1);
let counter = 0;
for (let round = -1; round < rounds; round += 1) {
  const [signed, alone, touch] = [timed(commitAll, true), timed(commitAll, false), timed(touchAll)];
  if (round < 0) continue;
  figures.commit.push(signed);
  figures.counter.push(alone);
  figures.touch.push(touch);
}

// A second entry of each session tells what an entry takes and what a session does.
for (let at = 0; at < sessions; at += 1) admit(at, true);
const second = usage();
const entryBytes = (second.bytes - first.bytes) / sessions;
figures.entryBytes.push(entryBytes);
figures.sessionBytes.push(first.bytes / sessions - entryBytes);
process.stdout.write(`${JSON.stringify(figures)}\n`);

function usage(): StateUsage {
  const found = state.usage();
  if (found instanceof Promise) throw new TypeError('the memory store answers at once');
  return found;
}

function admit(at: number, again = false): void {
  const claim: EntryClaim = {
    now: START + (again ? sessions : at) * STEP,
    windowIdHigh: again ? at : at + 1,
    windowIdLow: at * 7 + 1,
    windowLife: 3_600_000,
    client: 1,
    session: again ? { place: at + 1, idHigh: at + 5, idLow: at + 9 } : null,
    newIdHigh: at + 5,
    replaces: null,
    newIdLow: at + 9,
    prefix: `10.0.${at % 1000}`,
    mintsPerMinute: 1e9,
    mintsPerMinuteTotal: 1e9,
    entriesPerMinute: 1e9,
  };
  const grant = state.enter(claim);
  if (grant instanceof Promise || !grant.ok || grant.session.place !== at + 1) throw new Error('an entry went wrong');
}

function timed(work: (both: boolean) => void, both = false): number {
  const begun = process.hrtime.bigint();
  work(both);
  return Number(process.hrtime.bigint() - begun) / COMMITS;
}

function commitAll(both: boolean): void {
  const claims: Claims = noClaims(START + sessions * STEP);
  for (let done = 0; done < COMMITS; done += sessions) {
    counter += 1;
    for (let index = 0; index < sessions; index += 1) {
      const at = order[index] ?? 0;
      claims.nonce = counter;
      claims.windowPlace = at + 1;
      claims.windowIdHigh = at + 1;
      claims.windowIdLow = at * 7 + 1;
      if (both) {
        claims.sessionPlace = at + 1;
        claims.sessionIdHigh = at + 5;
        claims.sessionIdLow = at + 9;
      }
      if (state.commit(claims) !== '') throw new Error('a commit was refused');
    }
  }
}

function touchAll(): void {
  for (let done = 0; done < COMMITS; done += sessions) {
    for (let index = 0; index < sessions; index += 1) {
      const at = (order[index] ?? 0) * 40;
      touched[at] = (touched[at] ?? 0) + 1;
    }
  }
}

function shuffled(count: number): Uint32Array {
  const list = Uint32Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = Math.floor(Math.random() * (at + 1));
    const value = list[at] ?? 0;
    list[at] = list[other] ?? 0;
    list[other] = value;
  }
  return list;
}
