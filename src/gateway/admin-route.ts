import type { IncomingMessage } from 'node:http';
import { RecordsError } from '../guard/records.ts';

/** One thing that administration can be asked. Each part of the gate brings a list of its own. */
export type AdminRoute = LookRoute | SwitchRoute;

/** Changes nothing. */
export interface LookRoute {
  readonly method: 'GET';
  /** `/bans`; with a slash at the end whatever begins so. */
  readonly path: string;
  /** What is answered, as JSON, or text as Prometheus reads it; null: there is no such thing. */
  look(call: AdminCall): Promise<object | string | null> | object | string | null;
  /** Said where `look` answers null. */
  readonly missing?: string;
}

/** Changes something: audited, whether it was done, refused or failed. */
export interface SwitchRoute {
  readonly method: 'POST';
  readonly path: string;
  /** For the audit: `mode`, `ban.add`. */
  readonly action: string;
  /** Does it. Throws {@link AdminRefusal} where it will not. */
  act(call: AdminSwitch): Promise<object> | object;
}

export interface AdminCall {
  /** What follows the route's path where that ends with a slash, else ''. */
  readonly rest: string;
  readonly query: URLSearchParams;
}

export interface AdminSwitch extends AdminCall {
  /** The request's JSON object; {} without one. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Says for the audit what is about to be changed. To be called before anything that can fail. */
  about(target: string, details: string): void;
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

export interface AuditEntry {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly action: string;
  /** To whom or what; '' for the gate itself. */
  readonly target: string;
  readonly details: string;
  readonly outcome: 'done' | 'refused' | 'failed';
}

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A request to administration, however it came. */
export interface Question {
  readonly method: string;
  readonly url: string;
  /** JSON; '' without. */
  readonly body: string;
}

export interface Dispatcher {
  readonly routes: readonly AdminRoute[];
  readonly now: () => number;
  audit(entry: AuditEntry): Promise<void>;
}

/** Answers one request to administration. Never rejects. */
export async function dispatch(request: Question, dispatcher: Dispatcher): Promise<Reply> {
  const { url } = request;
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark));
  const route = dispatcher.routes.find((each) => each.method === request.method && fits(each.path, path));
  if (route === undefined) return json(404, { error: 'no such action' });
  const call: AdminCall = { rest: path.slice(route.path.length), query };
  try {
    if (route.method === 'POST') return json(200, await audited(route, call, request, dispatcher));
    const found = await route.look(call);
    if (found === null) return json(404, { error: route.missing ?? 'there is no such thing' });
    return typeof found === 'string'
      ? { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: found }
      : json(200, found);
  } catch (error) {
    return toReply(error);
  }
}

const fits = (pattern: string, path: string): boolean =>
  pattern.endsWith('/') ? path.startsWith(pattern) && path.length > pattern.length : path === pattern;

async function audited(
  { action, act }: SwitchRoute,
  call: AdminCall,
  request: Question,
  { now, audit }: Dispatcher,
): Promise<object> {
  const time = new Date(now()).toISOString();
  const body = toBody(request.body);
  let said: Pick<AuditEntry, 'target' | 'details'> | null = null;
  const about: AdminSwitch['about'] = (target, details) => {
    said = { target, details };
  };
  const entry = (outcome: AuditEntry['outcome']): AuditEntry => ({
    time,
    action,
    ...(said ?? { target: '', details: '' }),
    outcome,
  });
  let done: object;
  try {
    done = await act({ ...call, body, about });
  } catch (error) {
    // What was malformed never came to be a switch.
    const refused = error instanceof AdminRefusal;
    if (!refused || said !== null) await audit(entry(refused ? 'refused' : 'failed'));
    throw error;
  }
  await audit(entry('done'));
  return done;
}

const MAX_BODY = 4096;

/** @throws {AdminRefusal} where it is too long */
export async function readQuestion(request: IncomingMessage): Promise<Question> {
  const { method = '', url = '/' } = request;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of method === 'POST' ? request : []) {
    const bytes: Buffer = part;
    size += bytes.length;
    if (size > MAX_BODY) throw new AdminRefusal('the request is too long');
    parts.push(bytes);
  }
  return { method, url, body: Buffer.concat(parts).toString() };
}

function toBody(text: string): Readonly<Record<string, unknown>> {
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AdminRefusal('the request is not JSON');
  }
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Records that cannot be reached are no defect: 503, and what to do. */
export function toReply(error: unknown): Reply {
  if (error instanceof AdminRefusal) return json(409, { error: error.message, ...error.details });
  if (error instanceof RecordsError) return json(503, { error: error.message, code: error.code });
  return json(500, { error: error instanceof Error ? error.message : String(error) });
}

const json = (status: number, value: object): Reply => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
});
