import type { SessionId } from '../guard/behaviour.ts';
import { D, F, FLAG, SessionTable, U } from './session-table.ts';

/** What the table holds, as visits: a session has one at a time, and goes from one to the next. */
export class Visits {
  readonly table: SessionTable;

  /** @param capacity sessions held at most */
  constructor(capacity: number) {
    this.table = new SessionTable(capacity);
  }

  /** Its slot, a new one where it has none: then whoever is idle for longest makes room. */
  slotFor(session: SessionId): number {
    const { table } = this;
    const found = table.find(session);
    if (found >= 0) return found;
    if (table.isFull) table.remove(table.oldest);
    return table.add(session);
  }

  idOf(slot: number): SessionId {
    const { table } = this;
    return {
      sessionIdHigh: table.words[table.u(slot, U.idHigh)] as number,
      sessionIdLow: table.words[table.u(slot, U.idLow)] as number,
    };
  }

  /** @param bit of {@link FLAG} */
  has(slot: number, bit: number): boolean {
    const { table } = this;
    return ((table.words[table.u(slot, U.flags)] as number) & bit) !== 0;
  }

  mark(slot: number, bit: number): void {
    const { table } = this;
    const at = table.u(slot, U.flags);
    table.words[at] = (table.words[at] as number) | bit;
  }

  unmark(slot: number, bit: number): void {
    const { table } = this;
    const at = table.u(slot, U.flags);
    table.words[at] = (table.words[at] as number) & ~bit;
  }

  /** Begins the next visit, which goes on with this: that it taught, and how often pages were loaded. */
  restart(slot: number): void {
    const { table } = this;
    const { doubles, words, floats } = table;
    const keeps = (words[table.u(slot, U.flags)] as number) & FLAG.taught;
    const [load, prefix] = [words[table.u(slot, U.load)] as number, words[table.u(slot, U.prefix)] as number];
    const [loads, loadsAt] = [floats[table.f(slot, F.loads)] as number, doubles[table.d(slot, D.loadsAt)] as number];
    table.clear(slot);
    words[table.u(slot, U.flags)] = keeps;
    words[table.u(slot, U.load)] = load;
    words[table.u(slot, U.prefix)] = prefix;
    floats[table.f(slot, F.loads)] = loads;
    doubles[table.d(slot, D.loadsAt)] = loadsAt;
  }
}
