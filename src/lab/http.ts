import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Target } from './target.ts';

/** A request as it goes over the wire: nothing is added but `Connection`. */
export interface RawRequest {
  readonly method: string;
  /** The request target, byte for byte: `/a//b`, `http://other/`, whatever the attacker wants. */
  readonly target: string;
  /** Flat name, value list, `Host` included. */
  readonly fields: readonly string[];
  readonly body: Uint8Array | null;
}

export interface RawAnswer {
  /** 0 where no answer came. */
  readonly status: number;
  /** Flat name, value list. */
  readonly fields: readonly string[];
  /** At most {@link BODY_LIMIT} bytes. */
  readonly body: Uint8Array;
  /** Why no answer came; '' where one did. */
  readonly failed: string;
}

/** One client's own connections to the target. */
export interface Sender {
  send(request: RawRequest): Promise<RawAnswer>;
  close(): void;
}

const BODY_LIMIT = 256 * 1024;
const HEAD_TIMEOUT = 10_000;
/** Answers that do not end are cut here, server-sent events at once: their head is what the lab needs. */
const BODY_TIMEOUT = 1_000;

/** @param localAddress IPv4 address of this machine to come from; '' for whichever it takes */
export function createSender(target: Target, localAddress = ''): Sender {
  // A name may stand for addresses of both families; the other one would not be reached from there.
  const from = localAddress === '' ? {} : { localAddress, family: 4, autoSelectFamily: false };
  const options = { keepAlive: true, maxSockets: 1, ...from };
  // Loopback only (target.ts): the certificate of one's own gate need not be one that this machine trusts.
  const agent = target.secure ? new HttpsAgent({ ...options, rejectUnauthorized: false }) : new HttpAgent(options);
  return {
    async send(request) {
      const first = await sendOnce(target, agent, request);
      // A kept connection that the gate closed meanwhile says nothing about the request (RFC 9110 §9.2.2 by Node's advice).
      return first.failed === 'stale-connection' ? sendOnce(target, agent, request) : first;
    },
    close: () => agent.destroy(),
  };
}

function sendOnce(target: Target, agent: HttpAgent, request: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const fail = (failed: string) => resolve({ status: 0, fields: [], body: new Uint8Array(0), failed });
    const outgoing = (target.secure ? httpsRequest : httpRequest)({
      host: target.hostname,
      port: target.port,
      method: request.method,
      path: request.target,
      headers: [...request.fields],
      agent,
      timeout: HEAD_TIMEOUT,
      // Where the target is named by address there is no server name to send (RFC 6066 §3).
      ...(target.secure && target.hostname === 'localhost' ? { servername: 'localhost' } : {}),
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve({ status: answer.statusCode ?? 0, fields: answer.rawHeaders, body: new Uint8Array(0), failed: '' });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      fail(outgoing.reusedSocket && error.code === 'ECONNRESET' ? 'stale-connection' : (error.code ?? error.message));
    });
    outgoing.on('response', (answer) => {
      collect(answer).then((body) =>
        resolve({ status: answer.statusCode ?? 0, fields: answer.rawHeaders, body, failed: '' }),
      );
    });
    outgoing.end(request.body ?? undefined);
  });
}

/** Never rejects: a body that breaks off is as long as it came. */
function collect(answer: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    };
    const cut = () => {
      done();
      answer.destroy();
    };
    const timer = setTimeout(cut, BODY_TIMEOUT);
    answer.on('error', done);
    answer.on('aborted', done);
    if (answer.headers['content-type']?.startsWith('text/event-stream') === true) {
      cut();
      return;
    }
    answer.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > BODY_LIMIT) cut();
    });
    answer.on('end', done);
  });
}

/** First value of a field in a flat list; '' where it is absent. */
export function field(fields: readonly string[], name: string): string {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() === name) return fields[i + 1] ?? '';
  }
  return '';
}

/** A flat list without the named fields (lower case). */
export function without(fields: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!names.has(name.toLowerCase())) kept.push(name, fields[i + 1] ?? '');
  }
  return kept;
}
