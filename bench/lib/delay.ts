import { connect, createServer, type Socket } from 'node:net';

/** A distance to a server: every byte takes half a round trip, each way, in order. */
export interface Distance {
  readonly port: number;
  stop(): Promise<void>;
}

/** `toPort` is asked when somebody connects: a server may want to know the distance's port before it starts. */
export async function startDistance(toPort: () => number, roundTripMs: number): Promise<Distance> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(toPort(), '127.0.0.1');
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => open.delete(socket));
    }
    carry(near, far, roundTripMs / 2);
    carry(far, near, roundTripMs / 2);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function carry(from: Socket, to: Socket, ms: number): void {
  from.on('data', (chunk) => setTimeout(() => to.writable && to.write(chunk), ms));
  from.on('end', () => setTimeout(() => to.end(), ms));
  from.on('close', () => setTimeout(() => to.destroy(), ms + 1));
}
