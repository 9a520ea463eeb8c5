import type { KeyKind } from '../wire/key.ts';
import type { Records } from './records.ts';
import type { KeyAccount, KeyRow, KeyUsage } from './records-keys.ts';

/** What somebody asks to be issued. */
export interface KeyOrder {
  /** Name of the account: a partner, or whoever uses it. It is opened with its first key. */
  readonly account: string;
  readonly kind: KeyKind;
  /** Ed25519: the partner's own public half; '' to have the pair made here. */
  readonly publicKey: string;
  readonly scopes: readonly string[];
  /** Milliseconds it lives; 0 for no end. */
  readonly life: number;
  /** Milliseconds since 1970 before which it opens nothing; 0 for at once. */
  readonly notBefore: number;
  readonly quota: KeyRow['quota'];
  readonly networks: readonly string[];
  /** SHA-256 of the client certificate it goes with, base64url (RFC 8705 §3.1 `x5t#S256`); '' for none. */
  readonly thumbprint: string;
  readonly note: string;
}

/** A key right after it was issued. */
export interface IssuedKey {
  readonly row: KeyRow;
  /** The whole key. Kept nowhere: it is shown now or never. '' where the partner brought the public half. */
  readonly secret: string;
}

/** Issues keys, and ends them. src/keys makes one. */
export interface KeyDesk {
  /** Where records are: those in memory are gone with the gate. */
  readonly kind: Records['kind'];
  /** Throws SallyportError `keys` saying what is wrong with the order. */
  issue(order: KeyOrder): Promise<IssuedKey>;
  /** Youngest first. */
  list(account?: string): Promise<readonly KeyRow[]>;
  accounts(): Promise<readonly KeyAccount[]>;
  /** Throws where there is no such key, or it was revoked before. */
  revoke(id: string): Promise<KeyRow>;
  /** Issues a key in place of another, which goes on for `overlap` milliseconds. Throws where it cannot be replaced. */
  rotate(id: string, overlap: number, publicKey?: string): Promise<IssuedKey>;
  /** Days as `2026-11-22`, both included. */
  usage(from: string, to: string): Promise<readonly KeyUsage[]>;
}
