import type { Eventually } from '../lib/eventually.ts';

/** Crawlers that a configuration lists, known by where they come from. */
export interface Crawlers {
  /**
   * Name of the crawler that a request is found to come from; '' for none. Asks name servers for whoever says that it is a
   * listed one, at most once for an address.
   *
   * @param address as `Context.address`; '' is nobody's
   * @param network as `Context.prefix`
   */
  find(userAgent: string, address: string, network: string): Eventually<string>;
}

/** Asks name servers. Both reject, or are empty, where there is nothing. */
export interface Resolver {
  /** Names that an address leads to (PTR). */
  namesOf(address: string): Promise<readonly string[]>;
  /** Addresses of a name: A or AAAA. */
  addressesOf(name: string, family: 4 | 6): Promise<readonly string[]>;
}

/** Directories of the agents that a configuration lists, in memory: what the bot layer asks, without waiting. */
export interface BotDirectory {
  /** The key of this name (JWK thumbprint, RFC 7638) of a listed agent; null where there is none. */
  find(agent: string, keyid: string): BotKey | null;
}

export interface BotKey {
  /** Whether a signature (base64) over this base is by this key. Never throws. */
  verify(base: string, signature: string): boolean;
}
