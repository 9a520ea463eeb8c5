import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A backend of posts that knows no people: makes, changes and deletes them for whoever reaches it. */
export interface PostsBackend {
  readonly url: string;
  /** Files of the page, by path. */
  readonly files: Map<string, string>;
  /** Posts that were made, and that are left. */
  made(): number;
  left(): number;
  close(): Promise<void>;
}

export async function startPostsBackend(): Promise<PostsBackend> {
  const posts = new Map<string, string>();
  const files = new Map([['/', '<!doctype html><html><head><title>Posts</title></head><body>Posts</body></html>']]);
  let made = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url = '' } = request;
      const say = (status: number, body: object): void => {
        response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
        response.end(JSON.stringify(body));
      };
      const file = files.get(url);
      if (file !== undefined) {
        const type = url.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8';
        response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' }).end(file);
      } else if (url === '/api/posts' && method === 'GET') {
        say(200, [...posts.keys()]);
      } else if (url === '/api/posts' && method === 'POST') {
        const text = Buffer.concat(parts).toString();
        if (!text.includes('"title"')) return say(400, { error: 'title' });
        made++;
        posts.set(String(made), text);
        say(201, { id: made });
      } else if (method === 'DELETE') {
        say(posts.delete(url.slice('/api/posts/'.length)) ? 200 : 404, {});
      } else say(method === 'PUT' ? 200 : 404, {});
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    files,
    made: () => made,
    left: () => posts.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
