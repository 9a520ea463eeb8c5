/** One picture of a video: a VP8 key frame. */
export interface Frame {
  readonly frame: Buffer;
  /** Milliseconds from the start. */
  readonly at: number;
}

interface Video {
  readonly width: number;
  readonly height: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly frames: readonly Frame[];
}

/** The key frame in a lossy WebP picture: its one difference from a video's is the container (RFC 9649 §2.5). */
export function frameOf(webp: Buffer): Buffer {
  for (let at = 12; at + 8 <= webp.length; ) {
    const size = webp.readUInt32LE(at + 4);
    if (webp.toString('latin1', at, at + 4) === 'VP8 ') return webp.subarray(at + 8, at + 8 + size);
    at += 8 + size + (size % 2);
  }
  throw new Error('no lossy picture');
}

/** A WebM file whose index stands at its end, as encoders write it that do not go back (RFC 9559). */
export function webm({ width, height, duration, frames }: Video): Buffer {
  const info = element('1549a966', uint('2ad7b1', 1_000_000), double('4489', duration));
  const picture = element('e0', uint('b0', width), uint('ba', height));
  const track = element('ae', uint('d7', 1), uint('73c5', 1), uint('83', 1), text('86', 'V_VP8'), picture);
  const clusters = frames.map(({ frame, at }) =>
    element('1f43b675', uint('e7', at), element('a3', Buffer.from([0x81, 0, 0, 0x80]), frame)),
  );
  // Positions count from the segment's content, which begins with the entry that names the index.
  const seek = (position: number) =>
    element('114d9b74', element('4dbb', element('53ab', Buffer.from('1c53bb6b', 'hex')), uint('53ac', position)));
  const tracks = element('1654ae6b', track);
  let position = seek(0).length + info.length + tracks.length;
  const points = frames.map(({ at }, i) => {
    const cluster = position;
    position += clusters[i]?.length ?? 0;
    return element('bb', uint('b3', at), element('b7', uint('f7', 1), uint('f1', cluster)));
  });
  const head = element('1a45dfa3', text('4282', 'webm'), uint('4287', 4), uint('4285', 2));
  const index = element('1c53bb6b', ...points);
  return Buffer.concat([head, element('18538067', seek(position), info, tracks, ...clusters, index)]);
}

/** Sizes have eight bytes throughout, so that positions are known before they are written. */
function element(id: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length));
  size[0] = 1;
  return Buffer.concat([Buffer.from(id, 'hex'), size, body]);
}

function uint(id: string, value: number): Buffer {
  const content = Buffer.alloc(8);
  content.writeBigUInt64BE(BigInt(value));
  return element(id, content);
}

function double(id: string, value: number): Buffer {
  const content = Buffer.alloc(8);
  content.writeDoubleBE(value);
  return element(id, content);
}

const text = (id: string, value: string): Buffer => element(id, Buffer.from(value));
