import { fork } from 'node:child_process';
import { SallyportError } from '../guard/errors.ts';
import type { Gates } from '../lab/evidence/gates.ts';
import type { GateMessage, GateReply } from './evidence-gate.ts';
import type { ConfigFlags } from './flags.ts';

export interface ForkedGates extends Gates {
  close(): void;
}

/** Gates in a process of their own. `flags` say which configuration; null is the lab's own app. */
export function forkGates(flags: ConfigFlags | null, path: string): ForkedGates {
  // In the checkout this file is TypeScript, in the package it is not; its neighbour is of the same kind.
  const file = new URL(import.meta.url.endsWith('.ts') ? './evidence-gate.ts' : './evidence-gate.js', import.meta.url);
  const child = fork(file, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ask = (message: GateMessage): Promise<GateReply> =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new SallyportError('listen', 'the process of the gates under attack ended'));
      if (!child.connected) return gone();
      child.once('exit', gone);
      child.once('message', (reply) => {
        child.off('exit', gone);
        // SAFETY: our own child answers every message with one of this shape.
        resolve(reply as GateReply);
      });
      child.send(message);
    });
  return {
    close() {
      if (child.connected) child.disconnect();
    },
    async open(order) {
      const reply = await ask({ ...order, flags, path });
      if ('failed' in reply) throw new SallyportError('config', `the “${order.setting}” gate: ${reply.failed}`);
      return reply.gate;
    },
  };
}
