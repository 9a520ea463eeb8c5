import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Config } from '../../guard/config.ts';
import type { ShopAnswer, ShopOrder } from './shop.ts';
import type { Shop } from './walk.ts';

/** Gates of the lab's own, one at a time, in a process of theirs. */
export interface Shops {
  open(config: Config): Promise<Shop>;
  /** Resolves when the process has ended, and writes nothing any more. */
  close(): Promise<void>;
}

export function startShops(): Shops {
  // In the checkout this file is TypeScript, in the package it is not; its neighbour is of the same kind.
  const file = new URL(import.meta.url.endsWith('.ts') ? './shop.ts' : './shop.js', import.meta.url);
  const child = fork(file, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, SALLYPORT_SECRET: '' },
  });
  const send = (order: ShopOrder): Promise<ShopAnswer> =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('the process of the gate under measurement ended'));
      child.once('exit', gone);
      child.once('message', (message) => {
        child.off('exit', gone);
        // SAFETY: our own child answers every order with one message of this shape.
        resolve(message as ShopAnswer);
      });
      child.send(order);
    });
  let ahead = 0;
  return {
    close: () => ended(child),
    async open(config) {
      const { port, failed } = await send({ kind: 'open', config });
      if (failed !== '') throw new Error(failed);
      return {
        port,
        ahead: () => ahead,
        async advance(milliseconds) {
          ahead += milliseconds;
          await send({ kind: 'advance', milliseconds });
        },
      };
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  if (child.connected) child.disconnect();
  await exit;
}
