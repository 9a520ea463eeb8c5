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
import type { Hold } from '../../guard/use.ts';
import type { Item, Result } from './calls.ts';
import { grantDigest } from './commits.ts';
import { Committing, type CommittingParts } from './committing.ts';
import type { Connection } from './connection.ts';
import type { Endings } from './endings.ts';
import { enter } from './entries.ts';
import { RedisHold } from './hold.ts';
import type { Seat } from './names.ts';
import { hex, partitionOfSession, partitionOfWindow } from './places.ts';
import { nameOf } from './rule-items.ts';
import { endingItem, reasonOf } from './session-items.ts';
import type { Tenures } from './tenures.ts';

export interface RedisStateParts extends CommittingParts {
  readonly endings: Endings;
  readonly tenures: Tenures;
  readonly connection: Connection;
  /** Sessions at most. */
  readonly capacity: number;
  /** What all gates call this state that share it. */
  readonly scope: string;
  /** Milliseconds between two renewals of what is open. */
  readonly renewEvery: number;
}

/** No grant lives longer, whatever its giver says (PROTOCOL 3.11 asks for 30 s). */
const LONGEST_GRANT = 60_000;

/** State on Redis: what each method asks of the script, and of the counters wider than a session. */
export class RedisState implements State {
  readonly kind = 'redis';
  readonly scope: string;
  readonly #parts: RedisStateParts;
  readonly #committing: Committing;
  readonly #renewal: NodeJS.Timeout;

  constructor(parts: RedisStateParts) {
    this.#parts = parts;
    this.scope = parts.scope;
    this.#committing = new Committing(parts);
    this.#renewal = setInterval(() => this.#renew(), parts.renewEvery).unref();
  }

  commit(claims: Claims): CommitCode | Promise<CommitCode> {
    return this.#committing.commit(claims);
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
    this.#committing.open.delete(hold);
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
    for (const hold of this.#committing.open) this.#tell(renewal(hold, true)).catch(() => {});
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

const NOBODY: Seat = { partition: 0, name: '' };
function renewal(hold: RedisHold, open: boolean): Item {
  const { partition, caller, open: rules, id } = hold.parts;
  return { k: 'renew', z: partition, c: caller, q: rules, h: id, ...(open ? { open } : {}) };
}
