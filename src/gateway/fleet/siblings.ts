import { BroadcastChannel } from 'node:worker_threads';
import type { News, Siblings } from '../../guard/siblings.ts';

export interface ThreadSiblings extends Siblings {
  close(): void;
}

/** All threads of this process that name the channel so. What is told is there within a turn of the other's loop. */
export function createSiblings(channel: string): ThreadSiblings {
  const listeners: ((news: News) => void)[] = [];
  const all = new BroadcastChannel(channel);
  all.unref();
  all.onmessage = (message: unknown): void => {
    // Only this module posts here.
    const { data } = message as { readonly data: News };
    for (const listener of listeners) listener(data);
  };
  return {
    tell: (news) => all.postMessage(news),
    onNews: (listener) => void listeners.push(listener),
    close: () => all.close(),
  };
}
