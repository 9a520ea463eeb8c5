import type { Ban } from '../../guard/records.ts';
import type { Kept } from '../kept.ts';

/** Records of which every worker is told who is banned: those in memory are this thread's alone. */
export interface ToldBans extends Kept {
  /** As of the last change. */
  current(): readonly Ban[];
}

export interface BanListener {
  /** All that hold, whenever there are others. */
  tell(bans: readonly Ban[]): void;
  /** They cannot be read: those told before hold on. */
  failed(error: unknown): void;
}

export function tellBans(kept: Kept, { tell, failed }: BanListener): ToldBans {
  let current: readonly Ban[] = [];
  let watched: ReturnType<Kept['records']> | null = null;

  const watch = async (): ReturnType<Kept['records']> => {
    const records = await kept.records();
    const read = async (): Promise<void> => {
      current = await records.bans.active();
      tell(current);
    };
    records.onChange(({ kind }) => {
      if (kind === 'ban' || kind === 'all') read().catch(failed);
    });
    await read();
    return records;
  };
  return {
    records() {
      watched ??= watch();
      return watched;
    },
    get opened() {
      return kept.opened;
    },
    bans: kept.bans,
    signals: kept.signals,
    current: () => current,
    close: () => kept.close(),
  };
}
