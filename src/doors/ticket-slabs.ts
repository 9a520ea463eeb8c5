import { createPads, PADS } from './hmac.ts';

/** Pads and content of one ticket. */
const PLACE = PADS + 128;
const SLAB_TICKETS = 256;

/** Room for one ticket. */
export interface SlabPlace {
  readonly slab: Buffer;
  readonly at: number;
}

/**
 * Deals out places in slabs, because a buffer of its own would cost a ticket more than its content; a slab is freed
 * when the last ticket that lies in it is forgotten.
 */
export function createSlabs(): () => SlabPlace {
  let slab = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at >= slab.length) {
      slab = createPads(SLAB_TICKETS, PLACE);
      at = 0;
    }
    const place = { slab, at };
    at += PLACE;
    return place;
  };
}
