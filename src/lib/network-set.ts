import { addressWords } from './address-words.ts';
import { type Address, parseNetwork } from './address.ts';
import { collectRanges, type Ranges } from './ranges.ts';

/** Networks, both families, for look-ups that cost the same however many there are. */
export interface NetworkSet {
  /** Ranges that are left after what overlaps was merged. */
  readonly size: number;
  /** Whether an address, as {@link parseAddress} reads it, lies in one of them. False for what is no address. */
  has(address: string): boolean;
  hasBytes(address: Address): boolean;
}

export interface NetworkCollector {
  /** Both ends included, of one family; false where they are not, or the first lies above the second. */
  add(from: Address, to: Address): boolean;
  done(): NetworkSet;
}

export function collectNetworks(): NetworkCollector {
  const [v4, v6] = [collectRanges(1), collectRanges(4)];
  const [first, last] = [new Uint32Array(4), new Uint32Array(4)];
  return {
    add(from, to) {
      if (from.length !== to.length || Buffer.compare(from, to) > 0) return false;
      toWords(from, first);
      toWords(to, last);
      (from.length === 4 ? v4 : v6).add(first, last);
      return true;
    },
    done: () => setOf(v4.done(), v6.done()),
  };
}

/** Networks as configurations write them; what is none is left out. */
export function networkSet(networks: readonly string[]): NetworkSet {
  const collected = collectNetworks();
  for (const text of networks) {
    const network = parseNetwork(text);
    if (network !== null) collected.add(network.bytes, lastOf(network));
  }
  return collected.done();
}

/** The last address of a block. */
export function lastOf({ bytes, bits }: { readonly bytes: Address; readonly bits: number }): Address {
  return bytes.map((byte, index) => byte | (0xff >> Math.min(8, Math.max(0, bits - index * 8))));
}

function setOf(v4: Ranges, v6: Ranges): NetworkSet {
  const words = new Uint32Array(4);
  return {
    size: v4.size + v6.size,
    has(address) {
      const width = addressWords(address, words);
      return width !== 0 && (width === 1 ? v4 : v6).has(words);
    },
    hasBytes(address) {
      toWords(address, words);
      return (address.length === 4 ? v4 : v6).has(words);
    },
  };
}

function toWords(bytes: Address, words: Uint32Array): void {
  for (let i = 0; i < bytes.length; i += 4)
    words[i >> 2] =
      (((bytes[i] ?? 0) << 24) | ((bytes[i + 1] ?? 0) << 16) | ((bytes[i + 2] ?? 0) << 8) | (bytes[i + 3] ?? 0)) >>> 0;
}
