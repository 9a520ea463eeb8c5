import { type Gate, startGate } from '../../../src/gateway/index.ts';
import type { BehaviourConfig } from '../../../src/guard/config-behaviour.ts';
import { kindOf } from '../../../src/lab/answer.ts';
import { createSender } from '../../../src/lab/http.ts';
import { parseTarget } from '../../../src/lab/target.ts';
import { createWireClient } from '../../../src/lab/wire-client.ts';
import { startTaughtApp, type TaughtApp } from '../app/taught-app.ts';
import { SESSIONS } from './made-up.ts';

/** A program at a real gate on loopback, as fast as it is answered: it counts through the posts. */
export interface Live {
  /** Calls that it had in so many seconds, and the pages that it loaded for them. */
  readonly seconds: number;
  readonly calls: number;
  readonly loads: number;
}

const SECONDS = 10;

/** What it has without the layer, and under `refuse` where it loads the page again whenever it is refused, or waits. */
export async function judgeLive(): Promise<Readonly<Record<'off' | 'waits' | 'loads', Live>>> {
  const app = await startTaughtApp(1.6 * SESSIONS, { seed: 1, sessions: SESSIONS, perPrefix: SESSIONS / 50 });
  const behaviour: BehaviourConfig = { refuse: '1 in 1000', sessions: SESSIONS, model: app.model };
  try {
    return {
      off: await at(app, {}, false),
      waits: await at(app, { behaviour }, false),
      loads: await at(app, { behaviour }, true),
    };
  } finally {
    await app.close();
  }
}

async function at(app: TaughtApp, more: { behaviour?: BehaviourConfig }, loadsAgain: boolean): Promise<Live> {
  const routes = ['GET /api/posts', 'GET /api/posts/:id'].map((match) => ({ match }));
  const config = { to: app.url, listen: '127.0.0.1:0', mode: 'enforce' as const, routes };
  const gate = await startGate({ ...config, ...more });
  try {
    return await count(gate, loadsAgain);
  } finally {
    await gate.close({ graceMs: 0 });
  }
}

async function count({ address }: Gate, loadsAgain: boolean): Promise<Live> {
  const target = parseTarget(`http://127.0.0.1:${address.port}/api/posts`);
  const sender = createSender(target);
  const client = createWireClient(target, '/', sender);
  const live = { seconds: SECONDS, calls: 0, loads: 1 };
  try {
    await client.open();
    const end = performance.now() + SECONDS * 1000;
    for (let id = 1; performance.now() < end; id += 1) {
      const kind = kindOf(await client.call({ method: 'GET', at: `/api/posts/${id}` }));
      if (kind.by === 'backend') live.calls += 1;
      else if (!loadsAgain) break;
      else if ((await client.open()).opened) live.loads += 1;
    }
    return live;
  } finally {
    sender.close();
  }
}
