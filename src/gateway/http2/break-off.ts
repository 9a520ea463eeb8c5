import type { ServerHttp2Stream } from 'node:http2';

/**
 * Ends a stream so that the client sees that its answer is not whole: by RST_STREAM. `stream.close(code)` would not do:
 * it ends the writable side first, and where that goes out at once, a torn answer arrives as a complete one.
 */
export function breakOff(stream: ServerHttp2Stream): void {
  if (!stream.destroyed) stream.destroy(BROKEN);
}

const BROKEN = new Error('the answer broke off');
