import { createHmac, hkdfSync } from 'node:crypto';
import type { AuditEvent, AuditRow } from '../../guard/records-audit.ts';

/** The MAC key of the audit log and what its chains are called. Derived, never stored. */
export interface AuditKey {
  readonly key: Buffer;
  /** Names the key without giving anything of it away. */
  readonly tag: string;
}

/** HKDF (RFC 5869) of the gate's secret. */
export function deriveAuditKey(secret: string): AuditKey {
  const derive = (purpose: string, length: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', `sallyport ${purpose}`, length));
  return { key: derive('audit', 32), tag: derive('audit id', 6).toString('base64url') };
}

/** A row as it is stored and MACed: text alone, so that what is read is byte for byte what was written. */
export interface Entry extends Omit<AuditEvent, 'details'> {
  readonly chain: string;
  readonly number: number;
  /** JSON. */
  readonly details: string;
}

export function macOf(key: AuditKey, before: string, entry: Entry): string {
  const { chain, number, time, actor, action, target, details, outcome } = entry;
  const canonical = JSON.stringify([chain, number, time, actor, action, target, details, outcome]);
  return createHmac('sha256', key.key).update(Buffer.from(before, 'hex')).update(canonical).digest('hex');
}

const MAX_TEXT = 512;
const MAX_DETAILS = 8192;

/** Text that every database gives back as it was: no NUL, no lone surrogates (RFC 3629 §3), not too long. */
function storable(text: string, most: number): string {
  return text.slice(0, most).replaceAll('\0', '').toWellFormed();
}

export function toEntry(event: AuditEvent, chain: string, number: number): Entry {
  const json = JSON.stringify(event.details);
  return {
    chain,
    number,
    time: Math.trunc(event.time),
    actor: storable(event.actor, MAX_TEXT),
    action: storable(event.action, MAX_TEXT),
    target: storable(event.target, MAX_TEXT),
    details: json.length > MAX_DETAILS ? JSON.stringify({ tooLong: json.length }) : json.toWellFormed(),
    outcome: event.outcome,
  };
}

export function toAuditRow(entry: Entry & { readonly mac: string }): AuditRow {
  return { ...entry, details: toDetails(entry.details) };
}

/** Somebody may have altered it: then it is shown as text. */
function toDetails(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return { ...value };
  } catch {
    // Not JSON any more.
  }
  return { text: json };
}
