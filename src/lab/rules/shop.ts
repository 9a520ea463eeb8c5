import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNodeHandler } from '../../adapters/node.ts';
import type { Config } from '../../guard/config.ts';
import type { Guard } from '../../guard/guard.ts';
import type { RequestView } from '../../guard/view.ts';
import { createGuard } from '../../index.ts';
import { LIST, PAGE_OF_IDS, STEP } from './rule-sets.ts';

/**
 * A process of its own with an app of things and a guard in front: what the attacker pays is not mixed with what the gate
 * does. Its clock can be put forward, so that nobody sits through the waits that rules ask for.
 */
export type ShopOrder =
  | { readonly kind: 'open'; readonly config: Config }
  | { readonly kind: 'advance'; readonly milliseconds: number };

export interface ShopAnswer {
  /** Where it listens; 0 where it does not. */
  readonly port: number;
  /** Why it could not; ''. */
  readonly failed: string;
}

let ahead = 0;
const clock = { wall: () => Date.now() + ahead, monotonic: () => performance.now() + ahead };
let running: { readonly server: Server; readonly guard: Guard } | null = null;

/** Whoever waits gives such a gate the time to judge them, which it does some milliseconds after their calls. */
const JUDGED_MS = 6;

process.on('message', async (message) => {
  // SAFETY: our own parent sends messages of these shapes alone.
  const order = message as ShopOrder;
  if (order.kind === 'advance') {
    ahead += order.milliseconds;
    if (running?.guard.policy.behaviour != null) await sleep(JUDGED_MS);
    answer({ port: 0, failed: '' });
    return;
  }
  try {
    await close();
    answer({ port: await open(order.config), failed: '' });
  } catch (error) {
    answer({ port: 0, failed: error instanceof Error ? error.message : String(error) });
  }
});
process.on('disconnect', () => process.exit());

const answer = (said: ShopAnswer): boolean | undefined => process.send?.(said);

async function open(config: Config): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // SAFETY: a server on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const guard = await createGuard({ ...config, listen: `127.0.0.1:${port}` }, { clock });
  server.on(
    'request',
    createNodeHandler(guard, (request, response, _decision, view) => app(guard, request, response, view)),
  );
  running = { server, guard };
  return port;
}

async function close(): Promise<void> {
  if (running === null) return;
  const { server, guard } = running;
  running = null;
  server.closeAllConnections();
  server.close();
  await guard.close();
}

function app(guard: Guard, request: IncomingMessage, response: ServerResponse, view: RequestView): void {
  request.resume();
  const [path = '', query = ''] = (request.url ?? '').split('?');
  if (path === '/') {
    const stamp = guard.stampFor(view, 'no-store');
    if (stamp !== null) response.appendHeader('set-cookie', stamp);
    response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' });
    response.end(`<!doctype html><html><head>${guard.scriptTag('')}</head><body>Things</body></html>`);
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(contentOf(path, Number(new URLSearchParams(query).get('page')))));
}

function contentOf(path: string, page: number): unknown {
  if (path === LIST) return Array.from({ length: PAGE_OF_IDS }, (_, index) => page * PAGE_OF_IDS + index);
  return path === STEP ? {} : { name: 'A thing', at: path };
}
