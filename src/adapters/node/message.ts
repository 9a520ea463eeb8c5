import type { Readable, Writable } from 'node:stream';

/** What is used of node:http's IncomingMessage; a request by HTTP/2 offers the same. */
export interface Incoming extends Readable {
  readonly method?: string | undefined;
  /** Request target as sent. */
  readonly url?: string | undefined;
  /** Name, value, name, value … */
  readonly rawHeaders: string[];
  /** Whether the whole request has arrived. */
  readonly complete: boolean;
  readonly socket: {
    readonly remoteAddress?: string | undefined;
    /** Why the connection broke; null while it stands, and where it was ended in order. */
    readonly errored: Error | null;
  };
  /** Whether content comes though no field says so, as HTTP/2 allows. Absent on node's own. */
  readonly unannounced?: boolean;
}

/** What is used of node:http's ServerResponse; an answer by HTTP/2 offers the same. */
export interface Outgoing extends Writable {
  readonly headersSent: boolean;
  sendDate: boolean;
  /** Whether the connection stays after this answer. */
  shouldKeepAlive: boolean;
  /** @param fields name, value, name, value … */
  writeHead(status: number, fields: string[]): unknown;
  writeHead(status: number, reason: string, fields: string[]): unknown;
  flushHeaders(): void;
  /** Sends `100 Continue`. */
  writeContinue(): void;
}
