import type { ListStatus } from '../guard/lists.ts';
import { type NetworkSet, networkSet } from '../lib/network-set.ts';
import { isReserved, type ParsedList, parseList } from './parse.ts';
import { type Mark, NO_MARK, type Reading } from './read.ts';

/** One published list, kept up to date. What was read last counts until something newer has been read. */
export interface KeptList {
  has(address: string): boolean;
  status(): ListStatus;
  /** Reads it now. Never rejects: what went wrong is in the status. */
  refresh(): Promise<void>;
  close(): void;
}

export interface ListParts {
  readonly name: string;
  /** Reads what is newer than the mark. */
  readonly read: (mark: Mark) => Promise<Reading>;
  /** Milliseconds between two readings. */
  readonly every: number;
  /** Networks that the list does not concern. */
  readonly except: readonly string[];
  readonly wall: () => number;
  /** Told when reading begins to fail, and when it works again. */
  readonly changed: (status: ListStatus) => void;
}

const NOTHING: ParsedList = { set: networkSet([]), entries: 0, reserved: 0, broken: 0, brokenLines: [] };
/** Readings missed before a list counts as stale. */
const MISSED = 3;

export function keepList({ name, read, every, except, wall, changed }: ListParts): KeptList {
  const excepted: NetworkSet = networkSet(except);
  let parsed = NOTHING;
  let mark = NO_MARK;
  let [readAt, checkedAt, trouble] = [0, 0, ''];
  let running: Promise<void> | null = null;

  const status = (): ListStatus => ({
    name,
    networks: parsed.set.size,
    reserved: parsed.reserved,
    broken: parsed.broken,
    brokenLines: parsed.brokenLines,
    read: readAt,
    checked: checkedAt,
    stale: checkedAt === 0 || wall() - checkedAt > MISSED * every,
    trouble,
  });
  const tell = (found: string): void => {
    const before = trouble;
    trouble = found;
    if ((before === '') !== (found === '')) changed(status());
  };
  const readNow = async (): Promise<void> => {
    try {
      const found = await read(mark);
      if (found !== null) {
        const next = await parseList(found.text);
        // A file cut off or emptied by mistake, or something that is no list at all, must not let everybody in.
        if (next.entries + next.reserved === 0 && parsed !== NOTHING) throw new TypeError('has no networks any more');
        if (next.entries + next.reserved === 0 && next.broken > 0)
          throw new TypeError('has no line that says a network');
        parsed = next;
        mark = found.mark;
        readAt = wall();
      }
      checkedAt = wall();
      tell('');
    } catch (error) {
      tell(whyNot(error));
    }
  };
  const refresh = (): Promise<void> => {
    running ??= readNow().finally(() => {
      running = null;
    });
    return running;
  };
  const timer = setInterval(() => void refresh(), every).unref();

  return {
    has: (address) => parsed.set.has(address) && !isReserved(address) && !excepted.has(address),
    status,
    refresh,
    close: () => clearInterval(timer),
  };
}

/** One line, without what a URL may hold. */
function whyNot(error: unknown): string {
  if (!(error instanceof Error)) return 'cannot be read';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ENOENT') return 'there is no such file';
  if (error.name === 'TimeoutError') return 'does not answer in time';
  if (error.message === 'fetch failed') return 'cannot be reached';
  return (code || error.message).slice(0, 120);
}
