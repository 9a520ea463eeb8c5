/** RFC 6455 §7.4.1. */
export const POLICY_VIOLATION = 1008;

/** Where the frames of one direction begin and end (RFC 6455 §5.2). What they say is nobody's business here. */
export interface FrameEdge {
  take(chunk: Uint8Array): void;
  /** Whether everything taken so far is whole frames. */
  atEdge(): boolean;
}

/** The first two bytes, eight of length, four of mask. */
const LONGEST_HEAD = 14;

export function createFrameEdge(): FrameEdge {
  const head = Buffer.alloc(LONGEST_HEAD);
  let known = 0;
  /** Bytes of the frame that are still to come behind its head. */
  let left = 0;
  return {
    take(chunk) {
      let at = 0;
      while (at < chunk.length) {
        if (left > 0) {
          const passed = Math.min(left, chunk.length - at);
          left -= passed;
          at += passed;
          continue;
        }
        head[known] = chunk[at] ?? 0;
        known += 1;
        at += 1;
        if (known < 2 || known < headLength(head)) continue;
        left = payloadLength(head);
        known = 0;
      }
    },
    atEdge: () => known === 0 && left === 0,
  };
}

function headLength(head: Buffer): number {
  const second = head.readUInt8(1);
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second >= 0x80 ? 4 : 0);
}

function payloadLength(head: Buffer): number {
  const length = head.readUInt8(1) & 0x7f;
  return length === 126 ? head.readUInt16BE(2) : length === 127 ? Number(head.readBigUInt64BE(2)) : length;
}

/** A server's close frame: never masked (§5.1), its reason at most 123 bytes. */
export function closeFrame(code: number, reason: string): Buffer {
  const text = Buffer.from(reason).subarray(0, 123);
  const frame = Buffer.alloc(4 + text.length);
  frame[0] = 0x88;
  frame[1] = 2 + text.length;
  frame.writeUInt16BE(code, 2);
  text.copy(frame, 4);
  return frame;
}
