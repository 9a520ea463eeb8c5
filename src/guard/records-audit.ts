/** One thing that was done, for the audit log. */
export interface AuditEvent {
  readonly time: number;
  /** Who: `admin`, `rule:…`, `source:subject`. */
  readonly actor: string;
  /** What: `mode`, `ban.add`, `key.revoke`, `login.blocked`. */
  readonly action: string;
  /** To whom or what, by its public id; '' for the gate itself. */
  readonly target: string;
  /** Without secrets: whoever reads the log reads this. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly outcome: 'done' | 'refused' | 'failed';
}

export interface AuditRow extends AuditEvent {
  /** The instance and the key it was written under: one unbroken row of numbers each. */
  readonly chain: string;
  /** From 1 in each chain, without gaps. */
  readonly number: number;
  /** HMAC-SHA-256 over the row before and this one, hex. */
  readonly mac: string;
}

export interface AuditFilter {
  readonly since?: number;
  readonly until?: number;
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly outcome?: AuditEvent['outcome'];
  /** Default 100, most 10,000. */
  readonly limit?: number;
}

/** The latest row of a chain, which vouches for all before it. Worth something where it is kept elsewhere. */
export interface AuditHead {
  readonly chain: string;
  readonly number: number;
  /** Hex. */
  readonly mac: string;
}

export interface AuditReport {
  /** True where every row was verified and every head given was found. */
  readonly ok: boolean;
  /** Rows that were verified. */
  readonly rows: number;
  /** Rows written under another secret: nothing can be said of them. */
  readonly unverifiable: number;
  /** The first row that is not what was written; null where none is. */
  readonly bad: AuditFault | null;
  /** Given heads that no verified row has: rows were cut off, or the head is of another database. */
  readonly missing: readonly string[];
  readonly heads: readonly AuditHead[];
}

export interface AuditFault {
  readonly chain: string;
  readonly number: number;
  /** `altered`: it or its place was changed. `removed`: this number is not there. */
  readonly fault: 'altered' | 'removed';
}

export interface AuditRecords {
  append(event: AuditEvent): Promise<AuditRow>;
  /** Latest first. */
  list(filter?: AuditFilter): Promise<readonly AuditRow[]>;
  /** Of this process's chain; null before its first row. */
  head(): Promise<AuditHead | null>;
  /** @param heads as hex, kept from earlier, against rows cut off at the end */
  verify(heads?: readonly string[]): Promise<AuditReport>;
  /** Calls the listener with each new head of this process: for the log and the metrics. Returns how to stop. */
  onHead(listener: (head: AuditHead) => void): () => void;
}
