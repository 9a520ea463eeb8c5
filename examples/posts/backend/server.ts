import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { api } from './api.ts';
import { chat } from './chat.ts';
import { feed } from './feed.ts';
import { Posts, seed } from './posts.ts';
import { reports } from './reports.ts';

export interface Backend {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Every request that reached this server: `METHOD target`. What a gate refused is not among them. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

/** Starts the posts app on loopback: its API, and the built frontend in `pages`. Port 0 takes a free one. */
export async function startBackend(pages: string, port = 0): Promise<Backend> {
  const posts = new Posts();
  seed(posts);
  const seen: string[] = [];
  const app = express();
  app.disable('x-powered-by');
  app.get('/api/feed', feed(posts));
  const { page, api: reporting } = reports();
  app.use(page);
  app.use('/api', reporting, api(posts));
  app.use(express.static(pages));

  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    app(request, response);
  });
  server.on('upgrade', (request) => seen.push(`UPGRADE ${request.url}`));
  const sockets = chat(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('The server listens on no port');
  return address.port;
}
