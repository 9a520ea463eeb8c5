import { hash } from 'node:crypto';

/** Hash tags that sessions are spread over: what lies under one can be read and written in one call, also in a Cluster. */
export const PARTITIONS = 256;

/** Places in tickets have 32 bits: the partition and one, in nine of them, and bits of the window's id. */
const PLACE_BITS = 2 ** 9;
const TAG_MASK = 0x7fffff;

const idBytes = Buffer.alloc(8);

/** Ids of sessions and windows as keys have them. By way of bytes: as numbers, each half would cost more than both do so. */
export function hex(high: number, low: number): string {
  idBytes.writeUInt32BE(high, 0);
  idBytes.writeUInt32BE(low, 4);
  return idBytes.toString('hex');
}

export const sessionPlace = (partition: number): number => partition + 1;

export const windowPlace = (partition: number, idLow: number): number =>
  (idLow & TAG_MASK) * PLACE_BITS + partition + 1;

/** The partition of this very window; -1 where it does not lie there. */
export function partitionOfWindow(place: number, idLow: number, partitions: number): number {
  const partition = (place % PLACE_BITS) - 1;
  return partition < partitions && place === windowPlace(partition, idLow) ? partition : -1;
}

/** Ids are random: their lower bits spread sessions evenly. */
export const partitionOfSession = (idLow: number, partitions: number): number => idLow % partitions;

/** A short name for a long one, in every process the same. */
export const shortName = (name: string): string => hash('sha256', name, 'base64url').slice(0, 10);
