/** Slots in one segment: a power of two, so that a slot's segment is a shift away. */
const SEGMENT_BITS = 12;
const SEGMENT_SLOTS = 1 << SEGMENT_BITS;
const SEGMENT_MASK = SEGMENT_SLOTS - 1;

/** A bounded table of equal records of 32-bit words. Slots count from 1: as a link, 0 means "none". */
export interface Records {
  readonly capacity: number;
  readonly live: number;
  /** Highest slot ever given out: what a sweeping hand goes round. */
  readonly top: number;
  readonly bytes: number;
  /** The words among which `slot` lies; undefined where there is no such slot. */
  words(slot: number): Uint32Array | undefined;
  /** Index of the slot's first word in {@link words}. */
  base(slot: number): number;
  get(slot: number, field: number): number;
  set(slot: number, field: number, value: number): void;
  /** The record is about to be written in its {@link words}: if that is broken off, this field has to be 0. */
  risk(slot: number, field: number): void;
  /** A zeroed record, or 0 when the table is full. */
  take(): number;
  /** Zeroes what the record is known by, so that whatever still names it by slot and id finds nothing. */
  release(slot: number): void;
}

/**
 * A bounded table of equal records in flat arrays of 32-bit words. It grows by segments, never by copying, so that
 * no request pays for a doubling.
 */
export class Slab implements Records {
  readonly stride: number;
  readonly capacity: number;
  readonly #link: number;
  readonly #segments: Uint32Array[] = [];
  #free = 0;
  #top = 0;
  #live = 0;

  /** `stride` words a record; word `link` is ours while the record is free. */
  constructor(stride: number, link: number, capacity: number) {
    this.stride = stride;
    this.capacity = capacity;
    this.#link = link;
  }

  get live(): number {
    return this.#live;
  }

  get top(): number {
    return this.#top;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.byteLength, 0);
  }

  words(slot: number): Uint32Array | undefined {
    return this.#segments[(slot - 1) >>> SEGMENT_BITS];
  }

  base(slot: number): number {
    return ((slot - 1) & SEGMENT_MASK) * this.stride;
  }

  get(slot: number, field: number): number {
    return this.words(slot)?.[this.base(slot) + field] ?? 0;
  }

  set(slot: number, field: number, value: number): void {
    const words = this.words(slot);
    if (words !== undefined) words[this.base(slot) + field] = value;
  }

  /** Nothing breaks off what one thread does alone. */
  risk(): void {}

  take(): number {
    const slot = this.#free === 0 ? this.#grow() : this.#free;
    if (slot === 0) return 0;
    if (slot === this.#free) this.#free = this.get(slot, this.#link);
    this.words(slot)?.fill(0, this.base(slot), this.base(slot) + this.stride);
    this.#live += 1;
    return slot;
  }

  release(slot: number): void {
    this.words(slot)?.fill(0, this.base(slot), this.base(slot) + this.stride);
    this.set(slot, this.#link, this.#free);
    this.#free = slot;
    this.#live -= 1;
  }

  #grow(): number {
    if (this.#top >= this.capacity) return 0;
    const slot = this.#top + 1;
    if (this.words(slot) === undefined) {
      const left = this.capacity - this.#segments.length * SEGMENT_SLOTS;
      this.#segments.push(new Uint32Array(Math.min(left, SEGMENT_SLOTS) * this.stride));
    }
    this.#top = slot;
    return slot;
  }
}
