import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The settings with which the bench started this process. */
export function settings(): Readonly<Record<string, string>> {
  return JSON.parse(process.argv.at(-1) ?? '{}');
}

/** Tells the bench where this process listens, and from then on what it has used. */
export function announce(port: number): void {
  process.on('message', (message) => {
    if (message !== 'usage') return;
    const { user, system } = process.cpuUsage();
    process.send?.({ usage: { cpu: user + system, rss: process.memoryUsage.rss() } });
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ port });
}

export async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port; // a TCP server's address is one
}

const ANSWER = JSON.stringify({ id: 7, title: 'A post', text: 'x'.repeat(120), tags: ['one', 'two'] });
const HEAD = ['Content-Type', 'application/json', 'Content-Length', `${ANSWER.length}`];

/** What every server of the bench does in the end: it reads the body and answers a small JSON document. */
export function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'GET') {
    response.writeHead(200, HEAD).end(ANSWER);
    return;
  }
  request.resume();
  request.on('end', () => response.writeHead(200, HEAD).end(ANSWER));
}
