import type { Change, Records } from '../../guard/records.ts';
import type { Watch } from './backend.ts';
import type { Store } from './store.ts';

/** How long changes are kept: a process that did not look for as long forgets everything it has cached. */
export const CHANGES_KEPT_MS = 3_600_000;

export interface Changes extends Pick<Records, 'onChange' | 'lag'> {
  /** This process committed something. */
  told(): void;
  close(): Promise<void>;
}

const AT_ONCE = 1000;

/** Tells listeners what was changed, from the table that every write keeps. */
export async function createChanges(store: Store, monotonic: () => number): Promise<Changes> {
  const listeners = new Set<(change: Change) => void>();
  let watch: Watch | null = null;
  // From before anybody can have read anything: what is committed between a reading and the first look is told.
  let last = await latest(store);
  let looked = monotonic();
  let looking: Promise<void> | null = null;
  let again = false;

  /** One look at a time; whoever comes meanwhile is served by another one after it. */
  const look = (): Promise<void> => {
    if (looking !== null) {
      again = true;
      return looking;
    }
    looking = lookOnce().finally(() => {
      looking = null;
      if (!again) return;
      again = false;
      void look();
    });
    return looking;
  };

  const lookOnce = async (): Promise<void> => {
    const began = monotonic();
    try {
      if (began - looked > CHANGES_KEPT_MS / 2) {
        last = await latest(store);
        tell({ kind: 'all', action: 'changed', ref: '' });
      } else await tellNew();
      looked = began;
    } catch {
      // Records cannot be reached: `lag` grows, and the next look tells what was missed.
    }
  };

  const tellNew = async (): Promise<void> => {
    for (;;) {
      const rows = await store.read((db) =>
        db.selectFrom('sallyport_changes').selectAll().where('id', '>', last).orderBy('id').limit(AT_ONCE).execute(),
      );
      for (const { id, kind, action, ref } of rows) {
        last = id;
        tell({ kind, action, ref });
      }
      if (rows.length < AT_ONCE) return;
    }
  };

  const tell = (change: Change): void => {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (error) {
        // A defect of one cache must not leave the others with what was revoked.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  };

  const stop = async (): Promise<void> => {
    const watching = watch;
    watch = null;
    await watching?.close();
  };

  return {
    onChange(listener) {
      const mine = (change: Change): void => listener(change);
      listeners.add(mine);
      if (watch === null) {
        watch = store.backend.watch(look);
        void look();
      }
      return () => {
        listeners.delete(mine);
        if (listeners.size === 0) void stop();
      };
    },
    lag: () => (watch === null ? 0 : monotonic() - looked),
    told() {
      if (watch !== null) void look();
    },
    async close() {
      listeners.clear();
      await stop();
      await looking;
    },
  };
}

async function latest(store: Store): Promise<number> {
  const row = await store.read((db) =>
    db.selectFrom('sallyport_changes').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst(),
  );
  return row?.id ?? 0;
}
