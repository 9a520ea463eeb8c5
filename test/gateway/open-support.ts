import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import type { Records } from '../../src/guard/records.ts';
import { createBans } from '../../src/keys/bans.ts';
import { createSender, type RawRequest } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { createRecords } from '../../src/stores/records/open.ts';
import { type MovedClock, movedClock } from '../keys/support.ts';

export const SECRET = 'a secret of the tests, 32 long at least';
export const PASSWORD = 'correct horse battery';

/** A gate before a backend whose answers stay open. */
export interface OpenPlace {
  readonly gate: Gate;
  readonly records: Records;
  readonly clock: MovedClock;
  readonly decisions: Decision[];
  /** Answers of the backend that have not ended, by path. */
  readonly held: Map<string, ServerResponse[]>;
  readonly sockets: WebSocketServer;
  /** Value of Host. */
  readonly host: string;
  /** A page that entered. */
  page(): Promise<WireClient>;
  /** A page whose person has just signed up by this name. */
  person(name: string): Promise<WireClient>;
  send(request: RawRequest): Promise<Stream>;
  socket(page: WireClient, path?: string): Promise<Socket>;
}

/** An answer as its client sees it arrive. */
export interface Stream {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  text(): string;
  /** `whole`, or `broken` where it was cut off; '' while it goes on. */
  ended(): '' | 'whole' | 'broken';
}

export interface Socket {
  readonly socket: WebSocket;
  readonly heard: string[];
  /** Close code; 0 while it is open. */
  code(): number;
  reason(): string;
}

export async function openPlace(t: TestContext, config: Config): Promise<OpenPlace> {
  const held = new Map<string, ServerResponse[]>();
  const backend = createServer((request, response) => {
    const { url = '' } = request;
    held.set(url, [...(held.get(url) ?? []), response]);
    if (url.startsWith('/api/feed'))
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 0\n\n');
    else if (url.startsWith('/api/file')) response.writeHead(200, { 'content-length': 1000 }).write('some of it');
    else if (!url.startsWith('/api/poll'))
      response.writeHead(200, { 'content-type': 'text/html' }).end('<title>app</title>');
  });
  const sockets = new WebSocketServer({ noServer: true });
  backend.on('upgrade', (request, socket, head) => {
    if (request.url === '/api/half') half(request, socket);
    else sockets.handleUpgrade(request, socket, head, (opened) => void sockets.emit('connection', opened, request));
  });
  sockets.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const clock = movedClock();
  const records = await createRecords('memory', { secret: SECRET, clock });
  const bans = await createBans(records, clock.wall);
  const decisions: Decision[] = [];
  const { port } = backend.address() as AddressInfo; // bound to TCP above
  const gate = await startGate(
    { to: `http://127.0.0.1:${port}`, listen: '127.0.0.1:0', mode: 'enforce', routes: ROUTES, ...config },
    { secret: SECRET, records, bans, clock, onDecision: (decision) => void decisions.push(decision) },
  );
  t.after(async () => {
    await gate.close({ graceMs: 0 });
    bans.close();
    await records.close();
    for (const socket of sockets.clients) socket.terminate();
    backend.closeAllConnections();
    backend.close();
  });
  const target = parseTarget(`http://127.0.0.1:${gate.address.port}/api/feed`);
  const page = async (): Promise<WireClient> => {
    const sender = createSender(target);
    t.after(() => sender.close());
    const client = createWireClient(target, '/', sender);
    const opening = await client.open();
    assert.ok(opening.opened, opening.why);
    return client;
  };
  return {
    ...{ gate, records, clock, decisions, held, sockets, page },
    host: target.authority,
    async person(name) {
      const client = await page();
      const answer = await client.ask('/signup', { name, password: PASSWORD });
      assert.equal(answer.status, 200, Buffer.from(answer.body).toString());
      const opening = await client.open();
      assert.ok(opening.opened, opening.why);
      return client;
    },
    send: (request) => send(t, gate.address.port, request),
    socket: (client, path = '/api/socket') => openSocket(t, gate, client, path),
  };
}

/** Agrees to a socket, announces a message of ten bytes, and sends two: a close frame behind them would be its rest. */
function half({ headers }: IncomingMessage, socket: Duplex): void {
  const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  const head = `HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  socket.on('error', () => {});
  socket.write(Buffer.concat([Buffer.from(head), Buffer.from([0x81, 10, 0x61, 0x62])]));
}

const ROUTES: NonNullable<Config['routes']> = [
  { match: 'GET /api/feed', carriers: ['stream'] },
  { match: 'GET /api/mine', user: true },
  { match: 'GET /api/poll' },
  { match: 'GET /api/file' },
  { match: 'GET /api/socket', carriers: ['socket'] },
  { match: 'GET /api/half', carriers: ['socket'] },
];

function send(t: TestContext, port: number, { method, target, fields, body }: RawRequest): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path: target, headers: [...fields], agent: false });
    t.after(() => request.destroy());
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      let ended: ReturnType<Stream['ended']> = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        ended = response.complete ? 'whole' : 'broken';
      });
      response.on('error', () => {
        ended = 'broken';
      });
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: () => text, ended: () => ended });
    });
    request.end(body ?? undefined);
  });
}

function openSocket(t: TestContext, gate: Gate, client: WireClient, path: string): Promise<Socket> {
  const { fields } = client.sign({ method: 'GET', at: path });
  const headers: Record<string, string> = { Origin: `http://127.0.0.1:${gate.address.port}` };
  for (let i = 0; i + 1 < fields.length; i += 2) headers[fields[i] ?? ''] = fields[i + 1] ?? '';
  headers['Sec-Fetch-Mode'] = 'websocket';
  headers['Sec-Fetch-Dest'] = 'websocket';
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${gate.address.port}${path}`, { headers });
    t.after(() => socket.terminate());
    const heard: string[] = [];
    let closed = { code: 0, reason: '' };
    socket.on('message', (data) => void heard.push(String(data)));
    socket.on('close', (code, reason) => {
      closed = { code, reason: String(reason) };
    });
    socket.on('error', reject);
    socket.on('open', () => resolve({ socket, heard, code: () => closed.code, reason: () => closed.reason }));
  });
}
