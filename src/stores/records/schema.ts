import type { Generated } from 'kysely';

/** Tables as they lie in SQLite and PostgreSQL alike. Times are milliseconds since 1970, 0 for never; flags 0 or 1. */
export interface Tables {
  sallyport_schema: { version: number };
  sallyport_logins: LoginTable;
  sallyport_accounts: AccountTable;
  sallyport_keys: KeyTable;
  sallyport_usage: { key_id: string; day: string; requests: number; refused: number };
  sallyport_bans: BanTable;
  sallyport_users: UserTable;
  sallyport_attempts: AttemptTable;
  sallyport_objects: { kind: string; object: string; owner: string; created: number };
  sallyport_spending: SpendingTable;
  sallyport_audit: AuditTable;
  sallyport_changes: ChangeTable;
  sallyport_signals: { name: string; counter: number; text: string };
}

export interface LoginTable {
  session_hash: string;
  source: string;
  subject: string;
  sid: string;
  content: Uint8Array;
  created: number;
  expires: number;
  claimed_until: number;
}

export interface AccountTable {
  id: string;
  name: string;
  contact: string;
  created: number;
  disabled: number;
}

export interface KeyTable {
  id: string;
  account: string;
  kind: 'bearer' | 'ed25519' | 'hmac';
  hash: string | null;
  public_key: string | null;
  sealed: Uint8Array | null;
  prefix: string;
  /** JSON. */
  scopes: string;
  quota_count: number | null;
  quota_per: number | null;
  /** JSON. */
  networks: string;
  thumbprint: string | null;
  created: number;
  not_before: number;
  expires: number;
  revoked: number;
  replaced_by: string;
  last_used: number;
  note: string;
}

export interface BanTable {
  id: string;
  kind: 'session' | 'key' | 'subject' | 'prefix';
  value: string;
  reason: string;
  made_by: string;
  created: number;
  until: number;
  lifted: number;
  lifted_by: string;
}

export interface UserTable {
  source: string;
  subject: string;
  blocked: number;
  reason: string;
  made_by: string;
  changed: number;
  until: number;
}

export interface AttemptTable {
  key: string;
  count: number;
  first: number;
  last: number;
  blocked_until: number;
}

/** What was spent of one account, in millionths. */
export interface SpendingTable {
  account: string;
  /** Number of the latest slot. */
  latest: number;
  /** JSON: one number for each slot. */
  slots: string;
  released: number;
  /** From then on the row says nothing any more. */
  until: number;
}

export interface AuditTable {
  chain: string;
  number: number;
  time: number;
  actor: string;
  action: string;
  target: string;
  /** JSON, byte for byte what the MAC covers. */
  details: string;
  outcome: 'done' | 'refused' | 'failed';
  mac: string;
}

export interface ChangeTable {
  id: Generated<number>;
  at: number;
  kind: 'login' | 'key' | 'account' | 'ban' | 'user' | 'signal';
  action: 'added' | 'changed' | 'removed';
  ref: string;
}
