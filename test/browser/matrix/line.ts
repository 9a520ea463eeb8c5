import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createSeeded } from '../../../src/behaviour/seeded.ts';

/** The way between browsers and a gate, byte for byte, which can break. */
export interface Line {
  readonly port: number;
  /**
   * How often connections break, by a reset towards both: with each piece that comes back from the gate one in so many does,
   * every other time before the browser has got the piece. 0 for never.
   */
  breaksOneIn: number;
  /** How often it broke. */
  readonly broken: number;
  close(): Promise<void>;
}

/** @param to port of the gate on loopback, asked at each connection */
export async function openLine(to: () => number): Promise<Line> {
  const chance = createSeeded(11);
  const open = new Set<Socket>();
  const line = { port: 0, breaksOneIn: 0, broken: 0, close };

  const server = createServer((browser) => {
    const gate = connect(to(), '127.0.0.1');
    const both = [browser, gate];
    const end = (): void => {
      for (const socket of both) socket.resetAndDestroy();
    };
    for (const socket of both) {
      open.add(socket);
      socket.setNoDelay();
      socket.on('error', end).on('close', () => open.delete(socket));
    }
    browser.pipe(gate);
    browser.on('end', () => gate.end());
    gate.on('data', (piece) => {
      const breaks = line.breaksOneIn > 0 && chance.next() < 1 / line.breaksOneIn;
      const arrives = !breaks || chance.next() < 0.5;
      if (arrives && browser.writable) browser.write(piece, breaks ? end : undefined);
      if (!breaks) return;
      line.broken += 1;
      if (!arrives) end();
    });
    gate.on('end', () => browser.end());
  });

  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  line.port = (server.address() as AddressInfo).port; // bound to TCP above
  return line;
}
