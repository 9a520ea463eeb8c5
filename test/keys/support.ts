import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import type { KeyDesk, KeyOrder } from '../../src/guard/key-desk.ts';
import type { KeyAlarm } from '../../src/guard/keys.ts';
import type { Records } from '../../src/guard/records.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { createRecords } from '../../src/stores/records/open.ts';

export const SECRET = 'a secret of thirty-two characters or more';

/** The wall clock, moved by tests. */
export interface MovedClock extends Clock {
  move(milliseconds: number): void;
}

export function movedClock(): MovedClock {
  let ahead = 0;
  return {
    wall: () => Date.now() + ahead,
    monotonic: () => performance.now(),
    move(milliseconds) {
      ahead += milliseconds;
    },
  };
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface KeyedGate {
  readonly gate: Gate;
  readonly desk: KeyDesk;
  readonly records: Records;
  readonly clock: MovedClock;
  readonly origin: string;
  /** What reached the backend. */
  readonly seen: Seen[];
  readonly decisions: Decision[];
  readonly alarms: KeyAlarm[];
  call(path: string, init?: CallInit): Promise<Reply>;
}

export interface CallInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

export interface Reply {
  readonly status: number;
  readonly code: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export const ROUTES: NonNullable<Config['routes']> = [
  { match: 'GET /api/posts', keys: ['posts:read'] },
  { match: 'POST /api/posts', keys: ['posts:write'] },
  { match: 'GET /api/any', keys: [] },
  { match: 'GET /api/own' },
];

/** A whole gate in front of a backend that notes what reaches it, with keys kept in memory. */
export async function keyedGate(
  t: TestContext,
  config: Partial<Config> = {},
  page = new Map<string, string>(),
): Promise<KeyedGate> {
  const seen: Seen[] = [];
  const backend = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const shown = page.get(url);
      const type = url.endsWith('.js') ? 'text/javascript' : 'text/html';
      if (shown !== undefined) return void response.writeHead(200, { 'content-type': type }).end(shown);
      seen.push({ method, url, headers, body: Buffer.concat(parts).toString() });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
    });
  });
  const clock = movedClock();
  const records = await createRecords('memory', { secret: SECRET, clock });
  const alarms: KeyAlarm[] = [];
  const decisions: Decision[] = [];
  const to = await listening(backend);
  const gate = await startGate(
    { to, mode: 'enforce', listen: '127.0.0.1:0', routes: ROUTES, ...config },
    { secret: SECRET, records, clock, onDecision: (decision) => void decisions.push(decision) },
  );
  gate.guard.onKeyAlarm?.((alarm) => void alarms.push(alarm));
  t.after(async () => {
    await gate.close({ graceMs: 0 });
    await records.close();
    backend.close();
    backend.closeAllConnections();
  });
  return {
    gate,
    records,
    clock,
    seen,
    alarms,
    decisions,
    desk: gate.guard.keys ?? assert.fail('no route takes keys'),
    origin: `http://127.0.0.1:${gate.address.port}`,
    call: (path, init) => call(gate.address.port, path, init),
  };
}

export async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // bound to TCP above
  return `http://127.0.0.1:${port}`;
}

/** One request with exactly these fields. */
export function call(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: CallInit = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const fields: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(headers)) fields[name] = typeof value === 'string' ? value : [...value];
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: { ...length, ...fields },
      agent: false,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode ?? 0, code: codeOf(text), headers: response.headers, text });
      });
    });
    request.end(body);
  });
}

function codeOf(text: string): string {
  return /"code":"([a-z-]+)"/.exec(text)?.[1] ?? '';
}

export const order = (changes: Partial<KeyOrder> = {}): KeyOrder => ({
  account: 'partner',
  kind: 'bearer',
  publicKey: '',
  scopes: ['posts:read'],
  life: 0,
  notBefore: 0,
  quota: null,
  networks: [],
  thumbprint: '',
  note: '',
  ...changes,
});

export const bearer = (key: string): CallInit => ({ headers: { authorization: `Bearer ${key}` } });

/** Waits for a condition, not for a time. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
