import { createHidden } from './hidden.ts';

/** Where something lies, and by which name. */
export interface Seat {
  readonly partition: number;
  readonly name: string;
}

/** What stands in keys in place of addresses, accounts and ids: who reads the server learns none of them. */
export interface Names {
  /** A network prefix. */
  network(prefix: string): string;
  /** An id that a session was given: of 4,096 one is taken for another once in 2^48 times. */
  print(id: string): string;
  /** A partner's account, or a key, and its partition: by a hash, so that names are as long as they like. */
  seat(kind: 'account' | 'key', name: string): Seat;
}

/** @param secret the same in all gates that share their state */
export function createNames(secret: string | Uint8Array, partitions: number): Names {
  const digest = createHidden(secret, 'state');
  return {
    network: (prefix) => digest(`network ${prefix}`).toString('base64url', 0, 12),
    print: (id) => digest(`id ${id}`).toString('base64url').slice(0, 10),
    seat(kind, name) {
      const found = digest(`${kind} ${name}`);
      return { partition: found.readUInt32BE(0) % partitions, name: `@${found.toString('base64url', 4, 16)}` };
    },
  };
}
