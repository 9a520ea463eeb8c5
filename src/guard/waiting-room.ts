import type { Waiter } from './view.ts';

/** Requests held back at a time, each some 10 kB of memory and a connection: of all networks, and of one. */
const MOST = 4096;
const MOST_OF_ONE = 1024;

/** Requests that wait for their turn. Bounded, and whoever leaves while waiting makes room at once. */
export interface WaitingRoom {
  /** Whether one more of this network may wait. */
  hasRoom(prefix: string): boolean;
  /** Whether anybody of this network waits. */
  isWaiting(prefix: string): boolean;
  /** True after so many milliseconds; false as soon as whoever asked has left, or at once where there is no room. */
  wait(milliseconds: number, prefix: string, waiter: Waiter | null | undefined): Promise<boolean>;
}

export function createWaitingRoom(most = MOST, mostOfOne = MOST_OF_ONE): WaitingRoom {
  const waiting = new Map<string, number>();
  let all = 0;

  const hasRoom = (prefix: string): boolean => all < most && (waiting.get(prefix) ?? 0) < mostOfOne;
  const count = (prefix: string, by: 1 | -1): void => {
    all += by;
    const left = (waiting.get(prefix) ?? 0) + by;
    if (left === 0) waiting.delete(prefix);
    else waiting.set(prefix, left);
  };

  return {
    hasRoom,
    isWaiting: (prefix) => waiting.has(prefix),
    wait(milliseconds, prefix, waiter) {
      if (waiter?.destroyed === true || !hasRoom(prefix)) return Promise.resolve(false);
      count(prefix, 1);
      return new Promise((done) => {
        const over = (stayed: boolean): void => {
          clearTimeout(timer);
          waiter?.off('close', left);
          count(prefix, -1);
          done(stayed);
        };
        const left = (): void => over(false);
        const timer = setTimeout(() => over(true), milliseconds);
        waiter?.once('close', left);
      });
    },
  };
}
