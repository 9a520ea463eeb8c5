import { statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Mode } from '../guard/config.ts';
import { clearStale, listenPrivately, removeOwn } from './admin-socket.ts';
import { prepareFolder, runtimeFolder, socketPath } from './runtime-folder.ts';

/** What administration may ask of a running gate. Values are what the command line prints; all are JSON. */
export interface AdminActions {
  status(): Promise<object> | object;
  /** The decision of this id; null where it is not known, or no longer. */
  why(id: string): Promise<object | null> | object | null;
  routes(): Promise<object> | object;
  /** Switches the mode; answers what became of it. Throws {@link AdminRefusal} where it will not. */
  mode(change: ModeChange): Promise<object> | object;
  /** Reads the configuration again. Throws {@link AdminRefusal} with the reason where it cannot be taken. */
  reload(): Promise<object> | object;
  metrics(): Promise<string>;
  /** Called once for every switch that was asked for, made or refused. */
  audit(entry: AuditEntry): void;
}

export interface ModeChange {
  readonly mode: Mode;
  /** Lists the carriers that report mode found, so that the switch can be made. */
  readonly acceptFound: boolean;
}

export interface AuditEntry {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly action: 'mode' | 'reload';
  readonly details: string;
  readonly outcome: 'done' | 'refused';
}

/** A switch that will not be made, and why: for the person who asked. */
export class AdminRefusal extends Error {
  readonly details: object;
  constructor(message: string, details: object = {}) {
    super(message);
    this.name = 'AdminRefusal';
    this.details = details;
  }
}

export interface AdminOptions {
  /** Port the gate listens on: names the socket. */
  readonly port: number;
  readonly actions: AdminActions;
  /** Default: the user's runtime folder. */
  readonly folder?: string;
  readonly now?: () => number;
}

export interface Admin {
  readonly path: string;
  /** Switches asked for since the start, latest last. */
  readonly trail: readonly AuditEntry[];
  /** Closes the socket and takes it off the disk. */
  close(): Promise<void>;
}

const MAX_BODY = 4096;
const MAX_TRAIL = 1000;

/**
 * Opens administration on a Unix socket (a named pipe on Windows): whoever may open it is the gate's own user, which
 * is what the file system checks for us. Never on TCP.
 */
export async function openAdmin(options: AdminOptions): Promise<Admin> {
  const folder = options.folder ?? runtimeFolder();
  const path = socketPath(folder, options.port);
  const trail: AuditEntry[] = [];
  const audit = (entry: AuditEntry): void => {
    trail.push(entry);
    if (trail.length > MAX_TRAIL) trail.shift();
    options.actions.audit(entry);
  };
  const now = options.now ?? Date.now;
  const server = createServer((request, response) => {
    answer(request, options.actions, audit, now).then(
      (reply) => send(response, reply),
      (error: unknown) => send(response, toReply(error)),
    );
  });
  server.requestTimeout = 10_000;
  if (folder !== '') {
    prepareFolder(folder);
    await clearStale(path);
  }
  await listenPrivately(server, path, folder !== '');
  const inode = folder === '' ? 0 : statSync(path).ino;
  const remove = (): void => {
    if (folder !== '') removeOwn(folder, path, inode);
  };
  process.once('exit', remove);
  return {
    path,
    trail,
    close: () =>
      new Promise((resolve) => {
        process.off('exit', remove);
        remove();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const json = (status: number, value: object): Reply => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
});

async function answer(
  request: IncomingMessage,
  actions: AdminActions,
  audit: (entry: AuditEntry) => void,
  now: () => number,
): Promise<Reply> {
  const path = request.url ?? '/';
  const audited = async (action: AuditEntry['action'], details: string, act: () => object | Promise<object>) => {
    const time = new Date(now()).toISOString();
    try {
      const done = await act();
      audit({ time, action, details, outcome: 'done' });
      return json(200, done);
    } catch (error) {
      audit({ time, action, details, outcome: 'refused' });
      throw error;
    }
  };
  switch (`${request.method} ${path.startsWith('/why/') ? '/why/' : path}`) {
    case 'GET /status':
      return json(200, await actions.status());
    case 'GET /routes':
      return json(200, await actions.routes());
    case 'GET /metrics':
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await actions.metrics() };
    case 'GET /why/': {
      const found = await actions.why(path.slice('/why/'.length));
      return found === null ? json(404, { error: 'no decision of this id is known here' }) : json(200, found);
    }
    case 'POST /mode': {
      const change = toModeChange(await readBody(request));
      return audited('mode', change.acceptFound ? `${change.mode}, accept found` : change.mode, () =>
        actions.mode(change),
      );
    }
    case 'POST /reload':
      return audited('reload', '', () => actions.reload());
    default:
      return json(404, { error: 'no such action' });
  }
}

function toModeChange(body: string): ModeChange {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new AdminRefusal('the request is not JSON');
  }
  const mode = typeof value === 'object' && value !== null && 'mode' in value ? value.mode : undefined;
  if (mode !== 'report' && mode !== 'enforce') throw new AdminRefusal('mode must be report or enforce');
  const acceptFound =
    typeof value === 'object' && value !== null && 'acceptFound' in value && value.acceptFound === true;
  return { mode, acceptFound };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes: Buffer = part;
    size += bytes.length;
    if (size > MAX_BODY) throw new AdminRefusal('the request is too long');
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString();
}

function toReply(error: unknown): Reply {
  if (error instanceof AdminRefusal) return json(409, { error: error.message, ...error.details });
  return json(500, { error: error instanceof Error ? error.message : String(error) });
}

function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { 'content-type': reply.type, 'cache-control': 'no-store' });
  response.end(reply.body);
}
