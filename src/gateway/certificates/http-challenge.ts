import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { parseListen } from '../listen.ts';

const CHALLENGE = '/.well-known/acme-challenge/';

/** Milliseconds until a port that somebody holds is tried again: the process that this one replaces, mostly. */
const RETRY_MS = 1_000;

/** So often nobody is told: the process before this one lets go as soon as this one answers. */
const PATIENT_TRIES = 5;

/** What answers at the plain HTTP port. */
export interface PlainRules {
  /** Key authorizations by token (RFC 8555 §8.3). */
  readonly answers: ReadonlyMap<string, string>;
  /** Where people who arrive under this host name belong: an https origin; '' for names that are not ours. */
  originOf(host: string): string;
  /** Whether nobody is redirected from this path (R1): a call that is repeated over TLS has already been read on the way. */
  isApi(path: string): boolean;
  /** Told why the port cannot be had; each reason once. */
  failed(error: Error): void;
}

export interface PlainServer {
  /** Resolves to the port once it listens. */
  readonly listening: Promise<number>;
  close(): void;
}

/**
 * Listens where people and authorities arrive by plain HTTP. Answers challenges, redirects navigations to https, and
 * refuses everything else (R1).
 *
 * @param where `host:port`
 */
export function listenPlain(where: string, rules: PlainRules): PlainServer {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 16 * 1024 });
  server.maxConnections = 1_000;
  server.on('request', (request, response) => answer(rules, request, response));
  const { host, port } = parseListen(where);
  let timer: NodeJS.Timeout | undefined;
  let said = '';
  let tries = 0;
  const open = (): void => void server.listen({ host, port });
  server.on('error', (error: NodeJS.ErrnoException) => {
    tries += 1;
    const soon = error.code === 'EADDRINUSE' && tries < PATIENT_TRIES;
    if (!soon && error.message !== said) {
      said = error.message;
      rules.failed(error);
    }
    timer = setTimeout(open, RETRY_MS);
    timer.unref();
  });
  open();
  return {
    listening: new Promise((resolve) => server.once('listening', () => resolve(portOf(server)))),
    close() {
      clearTimeout(timer);
      server.close();
      server.closeAllConnections();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return address === null || typeof address === 'string' ? 0 : address.port;
}

function answer(rules: PlainRules, request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url = '' } = request;
  const reading = method === 'GET' || method === 'HEAD';
  response.shouldKeepAlive = false;
  request.resume();
  if (reading && url.startsWith(CHALLENGE)) {
    const found = rules.answers.get(url.slice(CHALLENGE.length));
    say(response, found === undefined ? 404 : 200, found ?? 'no such challenge', 'text/plain; charset=utf-8');
    return;
  }
  const origin = reading && isNavigation(request) ? target(rules, request.headers.host ?? '', url) : '';
  if (origin !== '') {
    response.setHeader('Location', origin + url);
    say(response, 301, '', 'text/plain; charset=utf-8');
    return;
  }
  say(response, 403, REFUSAL, 'application/problem+json');
}

function target(rules: PlainRules, authority: string, url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  if (!path.startsWith('/') || path.startsWith('//') || rules.isApi(path)) return '';
  return rules.originOf(authority.replace(/:\d+$/, '').toLowerCase());
}

/** Browsers before Fetch Metadata, and those on plain HTTP, say it by what they would take. */
function isNavigation({ headers }: IncomingMessage): boolean {
  const mode = headers['sec-fetch-mode'];
  return mode === undefined ? (headers.accept ?? '').includes('text/html') : mode === 'navigate';
}

const REFUSAL = JSON.stringify({
  title: 'Only over HTTPS',
  status: 403,
  detail: 'Nothing is answered and nothing redirected here but pages. Write https:// where this request is made.',
});

function say(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
