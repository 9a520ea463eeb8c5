import { UnreachableError } from '../../guard/errors.ts';
import type {
  Claims,
  CommitCode,
  EndReason,
  EntryClaim,
  EntryGrant,
  IdsServed,
  RedirectGrant,
  SessionRef,
  State,
  StateUsage,
  StepDone,
} from '../../guard/state.ts';
import { type Hold, NOT_USED } from '../../guard/use.ts';
import type { Calls, Item, Result } from './calls.ts';
import {
  claimsWindow,
  type CommitItem,
  commitItem,
  CROWD,
  grantDigest,
  needsScript,
  readCommit,
  writeCounter,
} from './commits.ts';
import type { Connection } from './connection.ts';
import type { Endings } from './endings.ts';
import { enter } from './entries.ts';
import { RedisHold } from './hold.ts';
import type { Names, Seat } from './names.ts';
import { hex, partitionOfSession, partitionOfWindow } from './places.ts';
import { nameOf } from './rule-items.ts';
import { endingItem, reasonOf } from './session-items.ts';
import type { Tenures } from './tenures.ts';
import type { Times } from './times.ts';
import type { Taken, Wide } from './wide/wide.ts';

export interface RedisStateParts {
  readonly calls: Calls;
  readonly wide: Wide;
  readonly endings: Endings;
  readonly tenures: Tenures;
  readonly connection: Connection;
  readonly partitions: number;
  readonly times: Times;
  readonly names: Names;
  /** Sessions at most. */
  readonly capacity: number;
  /** What all gates call this state that share it. */
  readonly scope: string;
  /** This process, as the requests are named that it holds open. */
  readonly gate: string;
  /** Milliseconds between two renewals of what is open. */
  readonly renewEvery: number;
}

/** No grant lives longer, whatever its giver says (PROTOCOL 3.11 asks for 30 s). */
const LONGEST_GRANT = 60_000;
/** Sessions that are known here to count with their network's crowd. */
const MOST_CROWDED = 65_536;

/** State on Redis: what each method asks of the script, and of the counters wider than a session. */
export class RedisState implements State {
  readonly kind = 'redis';
  readonly scope: string;
  readonly #parts: RedisStateParts;
  readonly #crowds = new Map<string, string>();
  readonly #open = new Set<RedisHold>();
  readonly #renewal: NodeJS.Timeout;
  #holds = 0;

  constructor(parts: RedisStateParts) {
    this.#parts = parts;
    this.scope = parts.scope;
    this.#renewal = setInterval(() => this.#renew(), parts.renewEvery).unref();
  }

  commit(claims: Claims): CommitCode | Promise<CommitCode> {
    const { calls } = this.#parts;
    if (claims.used === NOT_USED && claims.key === '') {
      if (!needsScript(claims)) return '';
      const read = (result: Result): CommitCode => readCommit(claims, result);
      const written = writeCounter(claims, this.#parts);
      if (written !== null) return typeof written === 'string' ? written : calls.ask(written, read);
      const item = commitItem(claims, this.#parts, '');
      return typeof item === 'string' ? item : calls.call(item).then(read);
    }
    return this.#commitAll(claims);
  }

  async #commitAll(claims: Claims): Promise<CommitCode> {
    const { gate } = this.#parts;
    this.#holds += 1;
    const id = `${gate}${this.#holds}`;
    const item = needsScript(claims) ? commitItem(claims, this.#parts, id) : null;
    if (typeof item === 'string') return item;
    const crowd = item?.s === undefined ? '' : (this.#crowds.get(item.s) ?? '');
    const taken = await this.#parts.wide.take(claims, crowd);
    if (taken === null) return this.#afterLimit(claims, item, crowd, id);
    try {
      const code = await this.#useNonce(claims);
      if (code !== '') {
        taken.undo();
        return code;
      }
      return await this.#commitSession(claims, item, crowd, taken, id);
    } catch (error) {
      taken.undo();
      throw error;
    }
  }

  /** A limit elsewhere has no room; a call that was sent before is told as that all the same. */
  async #afterLimit(claims: Claims, item: CommitItem | null, crowd: string, id: string): Promise<CommitCode> {
    if (item === null || (crowd === '' && !claimsWindow(claims))) return 'limit';
    const { l, q, o: _orders, d: _ids, ...rest } = item;
    // With a crowd its rules go along: the session may have left it.
    const asked: CommitItem = crowd === '' ? { ...rest, no: true } : { ...rest, l, q, x: crowd, no: true };
    const result = await this.#parts.calls.call(asked);
    if (crowdIn(result) !== null) return this.#commitCrowd(claims, item, crowdIn(result) ?? '', id);
    return readCommit(claims, result);
  }

  async #commitSession(
    claims: Claims,
    item: CommitItem | null,
    crowd: string,
    taken: Taken,
    id: string,
  ): Promise<CommitCode> {
    if (item === null) {
      this.#keepHold(claims, null, [], taken, id);
      return '';
    }
    if (crowd !== '') item.x = crowd;
    const result = await this.#parts.calls.call(item);
    const other = crowdIn(result);
    if (other !== null) {
      taken.undo();
      return this.#commitCrowd(claims, item, other, id);
    }
    return this.#conclude(claims, item, result, taken, id);
  }

  /** The session counts otherwise than was known here: with its network's crowd, or no longer with it. */
  async #commitCrowd(claims: Claims, item: CommitItem, crowd: string, id: string): Promise<CommitCode> {
    this.#noteCrowd(item.s ?? '', crowd);
    const taken = await this.#parts.wide.take(claims, crowd);
    if (taken === null) return 'limit';
    const { x: _before, ...rest } = item;
    const again: CommitItem = crowd === '' ? rest : { ...rest, x: crowd };
    const result = await this.#parts.calls.call(again);
    if (crowdIn(result) === null) return this.#conclude(claims, again, result, taken, id);
    taken.undo();
    throw new Error('state: the session changed its crowd twice');
  }

  async #conclude(claims: Claims, item: CommitItem, result: Result, taken: Taken, id: string): Promise<CommitCode> {
    const code = readCommit(claims, result);
    if (code === '') {
      const made = Array.isArray(result) && Array.isArray(result[2]) ? result[2] : [];
      this.#keepHold(claims, item, made, taken, id);
      return '';
    }
    taken.undo();
    if (claims.keyNonce !== '') await this.#forgetNonce(claims);
    return code;
  }

  #keepHold(
    claims: Claims,
    item: CommitItem | null,
    made: readonly (readonly [string, number])[],
    wide: Taken,
    id: string,
  ): void {
    if (claims.used === NOT_USED) return;
    const open = (item?.q ?? []).map(([name]) => String(name));
    if (made.length === 0 && open.length === 0 && !wide.open) return;
    const hold = new RedisHold({ partition: item?.z ?? 0, caller: item?.s ?? item?.a ?? '', made, open, id, wide });
    if (open.length > 0) this.#open.add(hold);
    claims.used.hold = hold;
  }

  #noteCrowd(session: string, crowd: string): void {
    this.#crowds.delete(session);
    if (crowd === '') return;
    this.#crowds.set(session, crowd);
    if (this.#crowds.size <= MOST_CROWDED) return;
    for (const oldest of this.#crowds.keys()) {
      this.#crowds.delete(oldest);
      return;
    }
  }

  async #useNonce(claims: Claims): Promise<CommitCode> {
    if (claims.keyNonce === '') return '';
    const item = { ...this.#nonceItem('nonce', claims), life: claims.keyNonceLife };
    const created = claims.keyNonceSigned > 0 ? { at: claims.keyNonceSigned } : {};
    const result = await this.#parts.calls.call({ ...item, ...created });
    if (result === UNSURE)
      throw new UnreachableError('state: what the key signed before the server changed cannot be known');
    return readCommit(claims, result);
  }

  async #forgetNonce(claims: Claims): Promise<void> {
    await this.#parts.calls.call(this.#nonceItem('forget', claims));
  }

  #nonceItem(k: 'nonce' | 'forget', { key, keyNonce, now }: Claims) {
    const { partition, name } = this.#parts.names.seat('key', key);
    return { k, z: partition, key: name, nonce: this.#parts.names.print(keyNonce), ...this.#parts.times.of(now) };
  }

  enter(entry: EntryClaim): Promise<EntryGrant> {
    return enter(this.#parts, entry);
  }

  async settle(hold: Hold, succeeded: boolean): Promise<void> {
    if (!(hold instanceof RedisHold) || !hold.settle(succeeded)) return;
    const { partition, caller, made } = hold.parts;
    await this.#tell({ k: 'undo', z: partition, c: caller, m: made });
  }

  async release(hold: Hold): Promise<void> {
    if (!(hold instanceof RedisHold) || !hold.release()) return;
    this.#open.delete(hold);
    await this.#tell(renewal(hold, false));
  }

  async done({ session, account, step, now }: StepDone): Promise<void> {
    const { partition, name } = this.#seatOf(session, account);
    if (name !== '') await this.#tell({ k: 'done', z: partition, c: name, step: nameOf(step) }, now);
  }

  async serve({ session, account, source, ids }: IdsServed): Promise<void> {
    const { partition, name } = this.#seatOf(session, account);
    if (name === '') return;
    await this.#tell({
      k: 'serve',
      z: partition,
      c: name,
      source: nameOf(source),
      ids: ids.map(this.#parts.names.print),
    });
  }

  async grantRedirect({
    ticketId,
    windowPlace,
    nonce,
    redirectTarget,
    signature,
    until,
  }: RedirectGrant): Promise<void> {
    const { partitions, times } = this.#parts;
    const id = Buffer.from(ticketId, 'base64url');
    const life = Math.min(Math.ceil(until - times.now()), LONGEST_GRANT);
    if (id.length < 8 || !(life > 0)) return;
    const partition = partitionOfWindow(windowPlace, id.readUInt32BE(4), partitions);
    if (partition < 0) return;
    const w = hex(id.readUInt32BE(0), id.readUInt32BE(4));
    await this.#tell({ k: 'grant', z: partition, w, ns: `.${nonce}`, g: grantDigest(redirectTarget, signature), life });
  }

  async revoke({ idHigh, idLow }: SessionRef, until: number, reason: EndReason): Promise<void> {
    const { endings, times, partitions, calls } = this.#parts;
    const [session, partition] = [hex(idHigh, idLow), partitionOfSession(idLow, partitions)];
    // Here first: where the server cannot be reached now it will be told.
    endings.add(session, { partition, until, reason });
    const ending = { session, partition, life: until - times.now(), reason };
    await calls.call(endingItem(ending, times.of(), { news: true }));
  }

  async endedBy({ idHigh, idLow }: SessionRef, now: number): Promise<EndReason | ''> {
    const partition = partitionOfSession(idLow, this.#parts.partitions);
    return reasonOf(await this.#tell({ k: 'why', z: partition, s: hex(idHigh, idLow) }, now));
  }

  async usage(): Promise<StateUsage> {
    const { partitions, capacity } = this.#parts;
    const asked = Array.from({ length: partitions }, (_, z) => this.#tell({ k: 'usage', z }));
    let [entries, sessions] = [0, 0];
    const bytes = new Map<unknown, number>();
    for (const answer of await Promise.all(asked)) {
      if (!Array.isArray(answer)) continue;
      entries += Number(answer[1]);
      sessions += Number(answer[2]);
      // What a server uses in all, each server once.
      bytes.set(answer[4], Number(answer[3]));
    }
    return { entries, sessions, bytes: [...bytes.values()].reduce((all, one) => all + one, 0), capacity };
  }

  async close(): Promise<void> {
    const { tenures, wide, connection } = this.#parts;
    clearInterval(this.#renewal);
    tenures.close();
    await wide.close();
    await connection.close();
  }

  /** What is open here stays open there; nobody waits for that. */
  #renew(): void {
    for (const hold of this.#open) this.#tell(renewal(hold, true)).catch(() => {});
  }

  #tell(item: Item, now?: number): Promise<Result> {
    return this.#parts.calls.call({ ...item, ...this.#parts.times.of(now) });
  }

  /** Whom something is remembered of; no name for nobody. */
  #seatOf(session: SessionRef | null, account: string): Seat {
    const { partitions, names } = this.#parts;
    if (session === null) return account === '' ? NOBODY : names.seat('account', account);
    return { partition: partitionOfSession(session.idLow, partitions), name: hex(session.idHigh, session.idLow) };
  }
}

/** The crowd that the session counts with, where that is another than was said. */
const crowdIn = (result: Result): string | null =>
  Array.isArray(result) && result[0] === CROWD ? String(result[1]) : null;

const NOBODY: Seat = { partition: 0, name: '' };
/** The script's word for a nonce of which it cannot know. */
const UNSURE = 11;

function renewal(hold: RedisHold, open: boolean): Item {
  const { partition, caller, open: rules, id } = hold.parts;
  return { k: 'renew', z: partition, c: caller, q: rules, h: id, ...(open ? { open } : {}) };
}
