import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closeFrame, createFrameEdge } from '../../src/gateway/websocket-frames.ts';

/** One frame (RFC 6455 §5.2) of a payload of so many bytes. */
function frameOf(length: number, masked: boolean): Buffer {
  const mask = masked ? 0x80 : 0;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x82;
  head[1] = mask | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0, 0xff), Buffer.alloc(length, 0x81)]);
}

const frames = fc.array(
  fc.record({ length: fc.oneof(fc.nat(130), fc.constantFrom(65_535, 65_536)), masked: fc.boolean() }),
  {
    minLength: 1,
    maxLength: 6,
  },
);

test('however frames are cut into pieces, their edges are found, and nothing else is taken for one', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(300), { maxLength: 20 }), (list, cuts) => {
      const edges = new Set([0]);
      const parts = list.map(({ length, masked }) => frameOf(length, masked));
      let end = 0;
      for (const part of parts) {
        end += part.length;
        edges.add(end);
      }
      const all = Buffer.concat(parts);
      const edge = createFrameEdge();
      let at = 0;
      for (const cut of [...cuts, all.length]) {
        const next = Math.min(all.length, at + cut);
        edge.take(all.subarray(at, next));
        at = next;
        assert.equal(edge.atEdge(), edges.has(at), `after ${at} of ${all.length}`);
      }
    }),
    { numRuns: 200 },
  );
});

test('a close frame is whole, unmasked, and its reason is cut to what one may hold', () => {
  for (const reason of ['', 'banned', 'x'.repeat(500)]) {
    const frame = closeFrame(1008, reason);
    const edge = createFrameEdge();
    edge.take(frame);
    assert.ok(edge.atEdge());
    assert.equal(frame[0], 0x88);
    assert.ok((frame[1] ?? 0) <= 125);
    assert.equal(frame.readUInt16BE(2), 1008);
    assert.equal(frame.subarray(4).toString(), reason.slice(0, 123));
  }
});
