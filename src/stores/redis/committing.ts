import { UnreachableError } from '../../guard/errors.ts';
import type { Claims, CommitCode } from '../../guard/state.ts';
import { NOT_USED } from '../../guard/use.ts';
import type { Calls, Result } from './calls.ts';
import { claimsWindow, type CommitItem, commitItem, CROWD, needsScript, readCommit, writeCounter } from './commits.ts';
import { RedisHold } from './hold.ts';
import type { Names } from './names.ts';
import type { Times } from './times.ts';
import type { Taken, Wide } from './wide/wide.ts';

export interface CommittingParts {
  readonly calls: Calls;
  readonly wide: Wide;
  readonly partitions: number;
  readonly times: Times;
  readonly names: Names;
  /** This process, as the requests are named that it holds open. */
  readonly gate: string;
}

/** Sessions that are known here to count with their network's crowd. */
const MOST_CROWDED = 65_536;
/** The script's word for a nonce of which it cannot know. */
const UNSURE = 11;

/**
 * Commits: first what is counted wider than a session, then the nonce of a key, then the session's own step in one script call.
 * Whatever one of them refuses, those before it give back.
 */
export class Committing {
  /** What requests of this process have open. */
  readonly open = new Set<RedisHold>();
  readonly #parts: CommittingParts;
  readonly #crowds = new Map<string, string>();
  #holds = 0;

  constructor(parts: CommittingParts) {
    this.#parts = parts;
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
    if (open.length > 0) this.open.add(hold);
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
}

/** The crowd that the session counts with, where that is another than was said. */
const crowdIn = (result: Result): string | null =>
  Array.isArray(result) && result[0] === CROWD ? String(result[1]) : null;
