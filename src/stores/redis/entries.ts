import { crowdNamed } from '../../guard/crowd.ts';
import { UnreachableError } from '../../guard/errors.ts';
import type { EntryClaim, EntryGrant, SessionRef } from '../../guard/state.ts';
import type { Calls, Result } from './calls.ts';
import type { Endings } from './endings.ts';
import { hex, partitionOfSession, sessionPlace, windowPlace } from './places.ts';
import { endingItem, entryItem } from './session-items.ts';
import type { Names } from './names.ts';
import type { Times } from './times.ts';
import type { Wide } from './wide/wide.ts';

export interface EntryParts {
  readonly calls: Calls;
  readonly wide: Wide;
  readonly endings: Endings;
  readonly times: Times;
  readonly names: Names;
  readonly partitions: number;
}

/** The script's answers to who comes back by a cookie. */
const LIMIT = 5;
const ENDED = 9;
const YOUNG = 10;

/** Opens a window, in the session of the cookie or in a new one. */
export async function enter(parts: EntryParts, entry: EntryClaim): Promise<EntryGrant> {
  const { session } = entry;
  if (session !== null) {
    const resumed = await resume(parts, entry, session);
    if (resumed !== null) return resumed;
  }
  return begin(parts, entry);
}

/** Null where the session was ended: then a new one begins. */
async function resume(parts: EntryParts, entry: EntryClaim, session: SessionRef): Promise<EntryGrant | null> {
  const { calls, wide, endings, times, names } = parts;
  const name = hex(session.idHigh, session.idLow);
  if (endings.has(name, times.now())) return null;
  const partition = partitionOfSession(session.idLow, parts.partitions);
  const at = { partition, session: name, network: names.network(entry.prefix) };
  const item = entryItem('resume', at, entry, times.of(entry.now));
  let [code, more] = partsOf(await calls.call(item));
  if (code === YOUNG) {
    await new Promise((resolve) => setTimeout(resolve, Number(more)));
    [code, more] = partsOf(await calls.call(item));
    if (code === YOUNG) throw new UnreachableError('state: the server has just changed; nobody can come back yet');
  }
  if (code === ENDED) return null;
  if (code === LIMIT) return { ok: false, code: 'limit', retryAfter: Number(more) };
  let crowded = more !== '';
  if (crowded && (await mint(wide, entry)) === 0) {
    await calls.call({ k: 'leave', z: partition, s: name, ...times.of(entry.now) });
    crowded = false;
  }
  return grant(parts, entry, session, { fresh: false, crowded });
}

async function begin(parts: EntryParts, entry: EntryClaim): Promise<EntryGrant> {
  const { calls, wide, times, partitions, names } = parts;
  const left = await leaveBehind(parts, entry);
  const wait = left.lived ? 0 : await mint(wide, entry);
  if (wait > 0 && entry.crowd !== true) return { ok: false, code: 'limit', retryAfter: wait, waits: true };
  const session = { place: 0, idHigh: entry.newIdHigh, idLow: entry.newIdLow };
  const partition = partitionOfSession(session.idLow, partitions);
  const network = names.network(entry.prefix);
  const at = { partition, session: hex(session.idHigh, session.idLow), network };
  const item = entryItem('begin', at, entry, times.of(entry.now));
  const [, crowd] = partsOf(
    await calls.call({
      ...item,
      ...(wait > 0 ? { x: crowdNamed(network, entry) } : {}),
      ...(left.carried === undefined ? {} : { from: left.carried }),
    }),
  );
  return grant(parts, entry, session, { fresh: true, crowded: crowd !== '' });
}

/** Ends the session whose place the new one takes, and says what that one goes on with. */
async function leaveBehind(
  parts: EntryParts,
  { replaces, now }: EntryClaim,
): Promise<{ lived: boolean; carried?: unknown }> {
  if (replaces === null) return { lived: false };
  const { session, until, reason } = replaces;
  const { endings, times, partitions } = parts;
  const name = hex(session.idHigh, session.idLow);
  const partition = partitionOfSession(session.idLow, partitions);
  const ended = endings.has(name, times.now());
  const time = times.of(now);
  const ending = { session: name, partition, life: until - times.now(), reason };
  const [, lived, carried] = partsOf(await parts.calls.call(endingItem(ending, time, { carry: true, news: true })));
  endings.add(name, { partition, until, reason });
  return { lived: lived === 1 && !ended, ...(carried === undefined ? {} : { carried }) };
}

const mint = (wide: Wide, { prefix, mintsPerMinute, mintsPerMinuteTotal, now }: EntryClaim) =>
  wide.mint(prefix, mintsPerMinute, mintsPerMinuteTotal, now);

function grant(
  { partitions }: EntryParts,
  entry: EntryClaim,
  { idHigh, idLow }: SessionRef,
  came: { readonly fresh: boolean; readonly crowded: boolean },
): EntryGrant {
  const partition = partitionOfSession(idLow, partitions);
  const session = { place: sessionPlace(partition), idHigh, idLow };
  return { ok: true, windowPlace: windowPlace(partition, entry.windowIdLow), session, ...came };
}

const partsOf = (result: Result): readonly unknown[] => (Array.isArray(result) ? result : [result]);
