/** A partner: whoever the keys were issued to. */
export interface KeyAccount {
  readonly id: string;
  readonly name: string;
  readonly contact: string;
  readonly created: number;
  /** Its keys open nothing while this is true. */
  readonly disabled: boolean;
}

/** What we hold of a key, which is never a secret in clear. */
export type KeyMaterial =
  /** SHA-256 of the whole key, base64url. */
  | { readonly kind: 'bearer'; readonly hash: string }
  /** Raw public half, base64url (RFC 8032). */
  | { readonly kind: 'ed25519'; readonly publicKey: string }
  /** Sealed by the caller. */
  | { readonly kind: 'hmac'; readonly sealed: Uint8Array };

export interface KeyRow {
  /** Public: what logs, records and answers call it. */
  readonly id: string;
  readonly account: string;
  readonly material: KeyMaterial;
  /** What people recognise it by: its first characters. */
  readonly prefix: string;
  readonly scopes: readonly string[];
  /** Requests in so many seconds; null for no limit. */
  readonly quota: { readonly count: number; readonly per: number } | null;
  /** CIDR blocks it may come from; none for any. */
  readonly networks: readonly string[];
  /** SHA-256 of the client certificate it belongs to; null without. */
  readonly thumbprint: string | null;
  readonly created: number;
  readonly notBefore: number;
  /** 0: never. */
  readonly expires: number;
  /** When; 0 while it is not. */
  readonly revoked: number;
  /** Id of the key that came in its place; '' without one. */
  readonly replacedBy: string;
  readonly lastUsed: number;
  readonly note: string;
}

/** A key as it is issued; the rest follows by itself. */
export type NewKey = Omit<KeyRow, 'created' | 'revoked' | 'replacedBy' | 'lastUsed'>;

/** What a key did on one day. */
export interface KeyUsage {
  readonly key: string;
  /** UTC: `2026-11-22`. */
  readonly day: string;
  readonly requests: number;
  readonly refused: number;
}

export interface KeyRecords {
  /** Throws TypeError where the id is taken. */
  addAccount(account: Pick<KeyAccount, 'id' | 'name' | 'contact'>): Promise<KeyAccount>;
  account(id: string): Promise<KeyAccount | null>;
  accounts(): Promise<readonly KeyAccount[]>;
  /** False where there is no such account. */
  setDisabled(id: string, disabled: boolean): Promise<boolean>;

  /** Throws TypeError where the id or the hash is taken, or the account is unknown. */
  issue(key: NewKey): Promise<KeyRow>;
  /** Also those that are revoked or have expired: who asks tells people which. */
  get(id: string): Promise<KeyRow | null>;
  byHash(hash: string): Promise<KeyRow | null>;
  /** Youngest first. */
  list(account?: string): Promise<readonly KeyRow[]>;
  /** False where there is no such key, or it was revoked before. */
  revoke(id: string): Promise<boolean>;
  /**
   * Issues a key in place of another, which goes on for `overlapMs`, or until its own end where that is sooner. Null where
   * there is no such key, or it is revoked or was replaced before.
   */
  rotate(
    id: string,
    key: NewKey,
    overlapMs: number,
  ): Promise<{ readonly before: KeyRow; readonly after: KeyRow } | null>;

  /** Notes when keys were last used. Earlier times than those known change nothing. */
  touch(uses: readonly { readonly id: string; readonly lastUsed: number }[]): Promise<void>;
  /** Adds to the counters. */
  count(usage: readonly KeyUsage[]): Promise<void>;
  /** Days from `from` to `to`, both included, by day and key. */
  usage(from: string, to: string): Promise<readonly KeyUsage[]>;
}
