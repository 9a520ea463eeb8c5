/** Published lists of networks, in memory: what the lists layer asks, without waiting. Filled by src/addresses. */
export interface AddressLists {
  /** Name of the first list that an address stands on; '' for none. Addresses that belong to nobody are on none. */
  find(address: string): string;
  /** How each of them is, in the order of the configuration. */
  status(): readonly ListStatus[];
  /** Called when a list can no longer be read, and when it can again. */
  onChange(listener: (list: ListStatus) => void): void;
}

export interface ListStatus {
  /** File or address, as configured, without secrets. */
  readonly name: string;
  /** Networks that count, overlapping ones as one. */
  readonly networks: number;
  /** Networks of the list that are nobody's on the internet (private, loopback, multicast …): they do not count. */
  readonly reserved: number;
  /** Lines that say nothing that is known. */
  readonly broken: number;
  /** The first of them. */
  readonly brokenLines: readonly BrokenLine[];
  /** When what counts now was read, milliseconds since 1970; 0 for never. */
  readonly read: number;
  /** When it was last found to be the latest: read, or unchanged. 0 for never. */
  readonly checked: number;
  /** True where it could not be read for three times as long as it is to be read. */
  readonly stale: boolean;
  /** Why the latest try failed; '' where it did not. */
  readonly trouble: string;
}

export interface BrokenLine {
  readonly line: number;
  /** At most 80 characters. */
  readonly text: string;
}
