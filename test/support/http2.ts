import { connect, type TLSSocket } from 'node:tls';

/** HTTP/2 spoken by hand, for what no library lets one say. */

export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
};
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 };

/** RFC 9113 §7. */
export const CODE = { none: 0, protocol: 1, refused: 7, cancel: 8, calm: 11 };

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Field lines as literals without indexing and without Huffman (RFC 7541 §6.2.2); every byte goes out as given. */
export function encodeFields(fields: readonly string[]): Buffer {
  return Buffer.concat(
    fields.map((text, index) => {
      const bytes = Buffer.from(text, 'latin1');
      return Buffer.concat([index % 2 === 0 ? Buffer.from([0]) : Buffer.alloc(0), lengthOf(bytes.length), bytes]);
    }),
  );
}

/** A 7-bit prefixed integer (RFC 7541 §5.1). */
function lengthOf(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

export interface RawLink {
  readonly socket: TLSSocket;
  /** Everything received, oldest first. */
  readonly frames: Frame[];
  readonly closed: Promise<void>;
  send(...frames: Buffer[]): void;
  /** The first frame that fits, of those received and those to come; null where the connection closes first. */
  wait(fits: (frame: Frame) => boolean): Promise<Frame | null>;
}

/** Opens a connection, says the preface and empty settings, and acknowledges the server's. */
export async function openHttp2(port: number, { acknowledge = true } = {}): Promise<RawLink> {
  // Loopback, and a certificate that the test made: what is tested is what comes after.
  const socket = connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false });
  const frames: Frame[] = [];
  const listeners = new Set<() => void>();
  let buffer: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= 9 && buffer.length >= 9 + buffer.readUIntBE(0, 3)) {
      const end = 9 + buffer.readUIntBE(0, 3);
      const [type, flags] = [buffer.readUInt8(3), buffer.readUInt8(4)];
      const got = { type, flags, stream: buffer.readUInt32BE(5) & 0x7fffffff, payload: buffer.subarray(9, end) };
      buffer = buffer.subarray(end);
      frames.push(got);
      if (acknowledge && got.type === FRAME.settings && got.flags === 0) {
        socket.write(frame(FRAME.settings, FLAG.ack, 0));
      }
    }
    for (const listener of listeners) listener();
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      resolve();
      for (const listener of listeners) listener();
    });
  });
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0)]));
  return {
    socket,
    frames,
    closed,
    send(...out) {
      if (!socket.destroyed) socket.write(Buffer.concat(out));
    },
    wait(fits) {
      return new Promise((resolve) => {
        const look = (): void => {
          const found = frames.find(fits);
          if (found === undefined && !socket.destroyed) return;
          listeners.delete(look);
          resolve(found ?? null);
        };
        listeners.add(look);
        look();
      });
    },
  };
}

/** The usual pseudo fields of a GET. */
export const get = (path = '/open', authority = 'localhost'): string[] => [
  ':method',
  'GET',
  ':scheme',
  'https',
  ':authority',
  authority,
  ':path',
  path,
];

export const headers = (stream: number, fields: readonly string[], flags = FLAG.endStream | FLAG.endHeaders): Buffer =>
  frame(FRAME.headers, flags, stream, encodeFields(fields));

/** The error code in a RST_STREAM; in a GOAWAY that behind the last stream's number. */
export const codeIn = ({ type, payload }: Frame): number => payload.readUInt32BE(type === FRAME.goaway ? 4 : 0);

/** `:status` where it stands in the static table (RFC 7541 appendix A); 0 for others. */
export function statusIn({ payload }: Frame): number {
  return [200, 204, 206, 304, 400, 404, 500][payload.readUInt8(0) - 0x88] ?? 0;
}
