import { connect } from 'node:net';

export interface RawAnswer {
  /** 0 where the connection closed without an answer. */
  readonly status: number;
  readonly text: string;
}

/**
 * Sends bytes as they are and reads until the server closes: the request must say `Connection: close`, or be one
 * after which the server closes by itself. Rejects where nothing happens for `idleMs`.
 */
export function sendRaw(port: number, bytes: string | Buffer, idleMs = 10_000): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(bytes));
    socket.setTimeout(idleMs, () => {
      socket.destroy();
      reject(new Error(`no answer within ${idleMs} ms to ${JSON.stringify(bytes.toString('latin1').slice(0, 200))}`));
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    // A reset after the answer is how a server closes on bytes it refuses to read.
    socket.on('error', () => {});
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('latin1');
      resolve({ status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0), text });
    });
  });
}
