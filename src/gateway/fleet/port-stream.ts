import type { Server as NetServer } from 'node:net';
import { Duplex } from 'node:stream';
import type { MessagePort } from 'node:worker_threads';

/** Bytes on their way in one direction that the other end has not taken yet. */
const MOST_AHEAD = 256 * 1024;

type Said =
  | { readonly data: Uint8Array }
  /** So many bytes were taken. */
  | { readonly taken: number }
  | { readonly end: true }
  /** `clean`: everything was said before. */
  | { readonly gone: { readonly clean: boolean } };

/** One end of a connection that is handed from thread to thread, byte for byte, with back pressure and half-closing. */
export interface PortStream extends Duplex {
  /** Address of the client's socket. */
  readonly remoteAddress: string;
  /** As of a socket: an HTTP server ends idle connections by it. */
  setTimeout(milliseconds: number, listener?: () => void): this;
}

export function createPortStream(port: MessagePort, remoteAddress: string): PortStream {
  return new Stream(port, remoteAddress);
}

/**
 * Lets the TLS sockets of a server name the client's address where they lie over such a connection: node asks the system
 * for it, which knows of no socket. What a TLS socket lies over it keeps to itself, under names of its own.
 */
export function nameClients(server: NetServer): void {
  server.prependListener('secureConnection', (secured: { _handle?: { _parentWrap?: { stream?: unknown } } | null }) => {
    const under = secured._handle?._parentWrap?.stream;
    if (under instanceof Stream) Object.defineProperty(secured, 'remoteAddress', { value: under.remoteAddress });
  });
}

class Stream extends Duplex implements PortStream {
  readonly remoteAddress: string;
  readonly #port: MessagePort;
  #ahead = 0;
  #waiting: (() => void) | null = null;
  #owed = 0;
  #gone = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(port: MessagePort, remoteAddress: string) {
    super({ allowHalfOpen: true, emitClose: true });
    this.remoteAddress = remoteAddress;
    this.#port = port;
    port.on('message', (said: Said) => this.#hear(said));
    // The thread at the other end is gone, or has said so.
    port.on('close', () => {
      if (!this.#gone) this.destroy();
    });
  }

  setTimeout(milliseconds: number, listener?: () => void): this {
    clearTimeout(this.#timer);
    if (listener !== undefined) this.once('timeout', listener);
    this.#timer = milliseconds === 0 ? undefined : setTimeout(() => this.emit('timeout'), milliseconds).unref();
    return this;
  }

  #hear(said: Said): void {
    this.#timer?.refresh();
    if ('data' in said) {
      this.#owed += said.data.length;
      if (this.push(said.data)) this.#pay();
    } else if ('taken' in said) {
      this.#ahead -= said.taken;
      if (this.#ahead < MOST_AHEAD) this.#goOn();
    } else if ('end' in said) {
      this.push(null);
    } else {
      this.#leave(said.gone.clean);
    }
  }

  /** What was said before is still to be read; nothing that is written gets there any more. */
  #leave(clean: boolean): void {
    this.#gone = true;
    if (!clean || this.readableEnded) {
      this.destroy();
      return;
    }
    this.once('end', () => this.destroy());
    this.#goOn();
  }

  #goOn(): void {
    const next = this.#waiting;
    this.#waiting = null;
    next?.();
  }

  #pay(): void {
    if (this.#owed > 0 && !this.#gone) this.#port.postMessage({ taken: this.#owed });
    this.#owed = 0;
  }

  override _read(): void {
    this.#pay();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#gone) {
      done();
      return;
    }
    this.#timer?.refresh();
    // A copy: a buffer may be a part of one that is used for other things as well.
    const data = Uint8Array.prototype.slice.call(chunk);
    this.#ahead += data.length;
    this.#port.postMessage({ data }, [data.buffer]);
    if (this.#ahead < MOST_AHEAD) done();
    else this.#waiting = done;
  }

  override _final(done: () => void): void {
    if (!this.#gone) this.#port.postMessage({ end: true });
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    if (!this.#gone) this.#port.postMessage({ gone: { clean: this.writableFinished } });
    this.#gone = true;
    this.#port.close();
    done(error);
  }
}
