import { BoundedMap } from './bounded-map.ts';
import { toKey } from './revocations.ts';

/** Where sessions were made again whose cookies name another place. */
export interface Remade {
  /** 0 where it was not. */
  get(idHigh: number, idLow: number): number;
  set(idHigh: number, idLow: number, place: number): void;
}

/** The latest so many of them. */
export function createRemade(capacity: number): Remade {
  const places = new BoundedMap<number>(capacity);
  return {
    get: (idHigh, idLow) => places.get(toKey(idHigh, idLow)) ?? 0,
    set: (idHigh, idLow, place) => {
      places.set(toKey(idHigh, idLow), place);
    },
  };
}
