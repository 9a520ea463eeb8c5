import { basename } from 'node:path';
import type { AddressLists, ListStatus } from '../guard/lists.ts';
import { type ConfigProblem, ConfigError } from '../guard/errors.ts';
import type { ListConfig } from '../guard/config-addresses.ts';
import { DEFAULT_LIST_SECONDS } from '../guard/config-addresses.ts';
import { keepList } from './list.ts';
import { readListFile, readListUrl } from './read.ts';

export interface ListsParts {
  readonly lists: readonly ListConfig[];
  readonly fetch: typeof fetch;
  readonly wall: () => number;
}

export interface StoredLists extends AddressLists {
  refresh(): Promise<void>;
  close(): void;
}

/** What somebody who starts a gate waits for lists that others serve; then it goes on without those that have not come. */
const START_MS = 5000;

/**
 * Opens the lists of a configuration and waits for the first reading: files in any case, addresses for five seconds at most.
 * Throws ConfigError where a file cannot be read: its path is a slip.
 */
export async function openLists({ lists, fetch, wall }: ListsParts): Promise<StoredLists> {
  const listeners: ((list: ListStatus) => void)[] = [];
  const changed = (status: ListStatus): void => {
    for (const listener of listeners) listener(status);
  };
  const kept = lists.map((list) => {
    const { file, url = '', every = DEFAULT_LIST_SECONDS, except = [] } = list;
    return keepList({
      name: nameOf(list),
      read: (mark) => (file === undefined ? readListUrl(url, mark, fetch) : readListFile(file, mark)),
      every: every * 1000,
      except,
      wall,
      changed,
    });
  });
  const refresh = async (): Promise<void> => void (await Promise.all(kept.map((list) => list.refresh())));
  const files = kept.filter((_, index) => lists[index]?.file !== undefined);
  await Promise.all([...files.map((list) => list.refresh()), atMost(START_MS, refresh())]);
  const close = (): void => {
    for (const list of kept) list.close();
  };
  const problems = kept.flatMap((list, index) => unread(list.status(), lists[index]?.file, index));
  if (problems.length > 0) {
    close();
    throw new ConfigError('config', problems);
  }
  return {
    find: (address) => kept.find((list) => list.has(address))?.status().name ?? '',
    status: () => kept.map((list) => list.status()),
    onChange: (listener) => void listeners.push(listener),
    refresh,
    close,
  };
}

function unread({ read, trouble }: ListStatus, file: string | undefined, index: number): ConfigProblem[] {
  if (file === undefined || read > 0) return [];
  return [{ field: `addresses.lists[${index}].file`, value: JSON.stringify(file), rule: trouble }];
}

/** The file's own name, or an address without what may be a secret in it. */
export function nameOf({ file, url }: ListConfig): string {
  if (file !== undefined) return basename(file);
  const { host, pathname } = new URL(url ?? '');
  return `${host}${pathname}`.slice(0, 120);
}

async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}
