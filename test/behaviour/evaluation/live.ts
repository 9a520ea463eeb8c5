import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatModel } from '../../../src/behaviour/model-file.ts';
import { type Gate, startGate } from '../../../src/gateway/index.ts';
import type { BehaviourConfig } from '../../../src/guard/config-behaviour.ts';
import { kindOf } from '../../../src/lab/answer.ts';
import { createSender } from '../../../src/lab/http.ts';
import { parseTarget } from '../../../src/lab/target.ts';
import { createWireClient } from '../../../src/lab/wire-client.ts';
import { createSchool } from '../app/school.ts';
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
  const folder = await mkdtemp(join(tmpdir(), 'behaviour-'));
  const model = join(folder, 'model.json');
  const school = createSchool({ seed: 1, sessions: SESSIONS, perPrefix: SESSIONS / 50 });
  school.teach(Array.from({ length: 1.6 * SESSIONS }, () => school.visit(school.person())));
  await writeFile(model, formatModel(school.book.model, school.book.routes.names));
  const backend = createServer((request, response) => {
    const page = request.url === '/';
    response.writeHead(200, { 'content-type': page ? 'text/html' : 'application/json', 'cache-control': 'no-store' });
    response.end(page ? '<!doctype html><head></head><body></body>' : '{}');
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const behaviour: BehaviourConfig = { refuse: '1 in 1000', sessions: SESSIONS, model };
  try {
    return {
      off: await at(backend, {}, false),
      waits: await at(backend, { behaviour }, false),
      loads: await at(backend, { behaviour }, true),
    };
  } finally {
    backend.closeAllConnections();
    backend.close();
    await rm(folder, { recursive: true });
  }
}

async function at(backend: Server, more: { behaviour?: BehaviourConfig }, loadsAgain: boolean): Promise<Live> {
  const { port } = backend.address() as AddressInfo; // bound to TCP above
  const routes = ['GET /api/posts', 'GET /api/posts/:id'].map((match) => ({ match }));
  const config = { to: `http://127.0.0.1:${port}`, listen: '127.0.0.1:0', mode: 'enforce' as const, routes };
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
