import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A backend that serves what it can make sense of, in every careless habit at once, and counts. It is the truth that
 * the lab's verdicts are held to.
 */
export interface CountingBackend {
  readonly url: string;
  /** Requests for anything under the protected patterns, by whatever spelling. */
  reached(): number;
  /** How often the list under attack was served. */
  served(): number;
  close(): Promise<void>;
}

const PAGE = `<!doctype html><html lang="en"><head><title>Posts</title></head><body><h1>Posts</h1></body></html>`;
const LIST = JSON.stringify([{ id: 1, title: 'First light' }]);

export async function startBackend(): Promise<CountingBackend> {
  const counts = { reached: 0, served: 0 };
  const server = createServer((request, response) => answer(request, response, counts));
  server.on('upgrade', (request, socket) => {
    if (isApi(meant(request).path)) counts.reached += 1;
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    reached: () => counts.reached,
    served: () => counts.served,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, counts: { reached: number; served: number }): void {
  request.resume();
  const { method, path } = meant(request);
  if (isApi(path)) counts.reached += 1;
  if (path === '/api/posts' && (method === 'GET' || method === 'HEAD')) {
    counts.served += 1;
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(LIST);
  } else if (path === '/') {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-cache' }).end(PAGE);
  } else {
    response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"error":"not found"}');
  }
}

const isApi = (path: string): boolean => path === '/api' || path.startsWith('/api/');

/** Method and path as a backend reads them that obeys every override and forgives every spelling. */
function meant(request: IncomingMessage): { method: string; path: string } {
  const header = (name: string): string => String(request.headers[name] ?? '');
  const target = header('x-original-url') || header('x-rewrite-url') || (request.url ?? '/');
  const [path = '', query = ''] = target.replace(/^https?:\/\/[^/]*/, '').split('?');
  const override = header('x-http-method-override') || header('x-http-method') || header('x-method-override');
  const method = override || new URLSearchParams(query).get('_method') || (request.method ?? 'GET');
  return { method: method.toUpperCase(), path: forgive(path) };
}

function forgive(raw: string): string {
  const decoded = decode(raw)
    .toLowerCase()
    .replaceAll('\\', '/')
    .replace(/;[^/]*/g, '')
    .replace(/[#?\0\s].*$/s, '');
  const segments: string[] = [];
  for (const segment of decoded.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
