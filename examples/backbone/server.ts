import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express, { type Express, type Request } from 'express';

export interface TodoServer {
  readonly url: string;
  /** Every request that reached this server: `METHOD target`. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

interface Todo {
  readonly id: number;
  readonly title: string;
  readonly done: boolean;
}

const installed = createRequire(import.meta.url);

/** Starts the todo list on loopback. Port 0 takes a free one. */
export async function startTodos(port = 0): Promise<TodoServer> {
  const seen: string[] = [];
  const app = express();
  app.disable('x-powered-by');
  todos(app);
  app.use(express.static(join(import.meta.dirname, 'public')));
  for (const name of ['jquery', 'underscore', 'backbone']) {
    app.use(`/lib/${name}`, express.static(folderOf(name)));
  }
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    app(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The server listens on no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function todos(app: Express): void {
  const all = new Map<number, Todo>();
  let next = 1;
  // The absolute address is what the client edits and deletes by, so it has to name the host that people see.
  const shown = (request: Request, todo: Todo) => ({
    ...todo,
    url: `${request.protocol}://${request.get('host')}/todos/${todo.id}`,
  });

  app.use(express.json());
  app.get('/todos', (request, response) => {
    response.json([...all.values()].map((todo) => shown(request, todo)));
  });
  app.post('/todos', (request, response) => {
    const todo = { id: next++, title: String(request.body?.title ?? ''), done: false };
    all.set(todo.id, todo);
    response.status(201).json(shown(request, todo));
  });
  app.patch('/todos/:id', (request, response) => {
    const before = all.get(Number(request.params.id));
    if (before === undefined) {
      response.status(404).end();
      return;
    }
    const { title = before.title, done = before.done } = request.body ?? {};
    const todo = { id: before.id, title: String(title), done: done === true };
    all.set(todo.id, todo);
    response.json(shown(request, todo));
  });
  app.delete('/todos/:id', (request, response) => {
    response.status(all.delete(Number(request.params.id)) ? 204 : 404).end();
  });
}

function folderOf(name: string): string {
  return dirname(installed.resolve(name));
}
