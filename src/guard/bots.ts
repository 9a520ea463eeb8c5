/** Directories of the agents that a configuration lists, in memory: what the bot layer asks, without waiting. */
export interface BotDirectory {
  /** The key of this name (JWK thumbprint, RFC 7638) of a listed agent; null where there is none. */
  find(agent: string, keyid: string): BotKey | null;
}

export interface BotKey {
  /** Whether a signature (base64) over this base is by this key. Never throws. */
  verify(base: string, signature: string): boolean;
}
