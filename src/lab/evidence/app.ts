import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The app that evidence is gathered with where nobody names another: notes, and one call of each kind that rules are for. */
export interface App {
  readonly url: string;
  close(): Promise<void>;
}

/** Notes that may be kept at once; the oldest go first. */
const MOST_NOTES = 100;
/** Bytes of a body that are kept. */
const MOST_BODY = 16_384;

const PAGE = `<!doctype html><html lang="en"><head><title>Notes</title></head><body><h1>Notes</h1>
<form method="post" action="/api/report"><input name="text" aria-label="What is wrong"><button>Report</button></form></body></html>`;

/** Starts it on a free port of loopback. It knows nothing of gates, and refuses nobody. */
export async function startApp(): Promise<App> {
  const notes = new Map<number, string>([1, 2, 3].map((id) => [id, `Note ${id}`]));
  let last = notes.size;
  const create = (title: string): object => {
    last += 1;
    notes.set(last, title);
    const [oldest = last] = notes.keys();
    if (notes.size > MOST_NOTES) notes.delete(oldest);
    return { id: last };
  };
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '/' } = request;
    const [path = '/'] = url.split('?');
    const body = await bodyOf(request).catch(() => '');
    if (path === '/') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' }).end(PAGE);
      return;
    }
    const { status, json } = answer({ method, path, body, notes, create });
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(method === 'HEAD' ? undefined : JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // SAFETY: a server on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly notes: Map<number, string>;
  create(title: string): object;
}

interface Said {
  readonly status: number;
  readonly json: unknown;
}

function answer({ method, path, body, notes, create }: Asked): Said {
  const [, collection = '', id = ''] = /^\/api\/([a-z]+)(?:\/(\d{1,9}))?$/.exec(path) ?? [];
  if (collection !== 'notes') return { status: OTHERS.has(collection) ? 200 : 404, json: {} };
  if (id !== '') return one(method, Number(id), notes);
  if (method === 'POST') return { status: 201, json: create(body) };
  return { status: 200, json: [...notes.keys()].map((key) => ({ id: key, title: `Note ${key}` })) };
}

/** What policy has rules for, and the app an empty answer. */
const OTHERS: ReadonlySet<string> = new Set(['search', 'quote', 'order', 'ask', 'report']);

function one(method: string, id: number, notes: Map<number, string>): Said {
  if (!notes.has(id)) return { status: 404, json: {} };
  if (method === 'DELETE') notes.delete(id);
  return { status: 200, json: { id } };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) {
    if (text.length < MOST_BODY) text += String(part);
  }
  return text.slice(0, MOST_BODY);
}
