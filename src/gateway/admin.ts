import { statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { Mode } from '../guard/config.ts';
import { parseShare } from '../guard/rollout.ts';
import {
  AdminRefusal,
  type AdminRoute,
  type AuditEntry,
  dispatch,
  type Question,
  readQuestion,
  type Reply,
  toReply,
} from './admin-route.ts';
import { listenInFolder, listenPrivately, removeOwn } from './admin-socket.ts';
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
  audit(entry: AuditEntry): Promise<void> | void;
}

export interface ModeChange {
  readonly mode: Mode;
  /** Lists the carriers that report mode found, so that the switch can be made. */
  readonly acceptFound: boolean;
  /** Share of sessions, `5%`; '' to leave it as it is. */
  readonly rollout: string;
  /** The one layer that is meant; '' for the gate. */
  readonly layer: string;
}

export interface AdminOptions {
  /** Port the gate listens on: names the socket. */
  readonly port: number;
  readonly actions: AdminActions;
  /** What else can be asked. */
  readonly routes?: readonly AdminRoute[];
  /** What others answer, who are asked first; null for what is answered here. Default: nothing. */
  elsewhere?(question: Question): Promise<Reply> | null;
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

const MAX_TRAIL = 1000;

/**
 * Opens administration on a Unix socket (a named pipe on Windows): whoever may open it is the gate's own user, which
 * is what the file system checks for us. Never on TCP.
 */
export async function openAdmin(options: AdminOptions): Promise<Admin> {
  const folder = options.folder ?? runtimeFolder();
  const path = socketPath(folder, options.port);
  const trail: AuditEntry[] = [];
  const audit = async (entry: AuditEntry): Promise<void> => {
    trail.push(entry);
    if (trail.length > MAX_TRAIL) trail.shift();
    await options.actions.audit(entry);
  };
  const routes = [...coreRoutes(options.actions), ...(options.routes ?? [])];
  const dispatcher = { routes, now: options.now ?? Date.now, audit };
  const server = createServer((request, response) => {
    readQuestion(request)
      .then((question) => options.elsewhere?.(question) ?? dispatch(question, dispatcher))
      .catch(toReply)
      .then((reply) => send(response, reply));
  });
  server.requestTimeout = 10_000;
  if (folder === '') await listenPrivately(server, path, false);
  else await listenInFolder(server, path, () => prepareFolder(folder));
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

/** What every gate can be asked. */
function coreRoutes(actions: AdminActions): AdminRoute[] {
  return [
    { method: 'GET', path: '/status', look: () => actions.status() },
    { method: 'GET', path: '/routes', look: () => actions.routes() },
    { method: 'GET', path: '/metrics', look: () => actions.metrics() },
    {
      method: 'GET',
      path: '/why/',
      look: ({ rest }) => actions.why(rest),
      missing: 'no decision of this id is known here',
    },
    {
      method: 'POST',
      path: '/mode',
      action: 'mode',
      act({ body, about }) {
        const change = toModeChange(body);
        about(change.layer, details(change));
        return actions.mode(change);
      },
    },
    {
      method: 'POST',
      path: '/reload',
      action: 'reload',
      act({ about }) {
        about('', '');
        return actions.reload();
      },
    },
  ];
}

function toModeChange(asked: Readonly<Record<string, unknown>>): ModeChange {
  const { mode, acceptFound, rollout = '', layer = '' } = asked;
  if (mode !== 'report' && mode !== 'enforce') throw new AdminRefusal('mode must be report or enforce');
  if (typeof rollout !== 'string' || (rollout !== '' && parseShare(rollout) === null))
    throw new AdminRefusal('rollout must be a share of sessions, as 5%');
  if (typeof layer !== 'string' || layer.length > 64) throw new AdminRefusal('layer must be the name of one');
  return { mode, acceptFound: acceptFound === true, rollout, layer };
}

const details = ({ mode, rollout, acceptFound }: ModeChange): string =>
  [mode, ...(rollout === '' ? [] : [`rollout ${rollout}`]), ...(acceptFound ? ['accept found'] : [])].join(', ');

function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { 'content-type': reply.type, 'cache-control': 'no-store' });
  response.end(reply.body);
}
