import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { KeyIssued, KeyPage, ShownKey, UsagePage } from '../gateway/keys-admin.ts';
import { SallyportError } from '../guard/errors.ts';
import { IN_MEMORY } from './audit.ts';
import { EXIT, type GateFlags, type Io, present } from './command.ts';
import { ask, orRefused, theGate } from './gates.ts';
import { type Paint, shellWord, shown, table } from './terminal.ts';

export interface IssueFlags extends GateFlags {
  for: string;
  scope?: string[];
  /** Seconds. */
  ttl?: number;
  /** Seconds until it opens anything. */
  after?: number;
  quota?: Quota;
  network?: string[];
  /** PEM file. */
  certificate?: string;
  note?: string;
  ed25519?: string | true;
  hmac?: boolean;
}

export interface RotateFlags extends GateFlags {
  /** Seconds. */
  overlap?: number;
  public?: string;
}

export interface UsageFlags extends GateFlags {
  from?: string;
  to?: string;
}

export interface Quota {
  readonly count: number;
  /** Seconds. */
  readonly per: number;
}

/** `sallyport keys`: all of them, youngest first. */
export async function listKeys(flags: GateFlags, io: Io): Promise<number> {
  const page = await ask<KeyPage>(await theGate(flags), 'GET', '/keys');
  present(io, page, (report) => formatKeys(report, io.terminal.paint));
  return EXIT.ok;
}

/** `sallyport keys issue --for NAME`. Exits 1 where the gate refuses. */
export async function issueKey(flags: IssueFlags, io: Io): Promise<number> {
  if (flags.hmac === true && flags.ed25519 !== undefined) {
    throw new SallyportError('usage', 'command line: a key is --ed25519 or --hmac, not both');
  }
  const kind = flags.hmac === true ? 'hmac' : flags.ed25519 === undefined ? 'bearer' : 'ed25519';
  const publicKey = typeof flags.ed25519 === 'string' ? fileOrText(flags.ed25519) : '';
  const notBefore = flags.after === undefined ? 0 : Date.now() + flags.after * 1000;
  const order = {
    account: flags.for,
    kind,
    publicKey,
    notBefore,
    scopes: flags.scope ?? [],
    life: (flags.ttl ?? 0) * 1000,
    quota: flags.quota ?? null,
    networks: flags.network ?? [],
    thumbprint: flags.certificate === undefined ? '' : thumbprintOf(flags.certificate),
    note: flags.note ?? '',
  };
  const gate = await theGate(flags);
  return orRefused(io, async () => {
    const issued = await ask<KeyIssued>(gate, 'POST', '/keys', order);
    present(io, issued, (report) => formatIssued(report, io.terminal.paint));
  });
}

/** `x5t#S256` (RFC 8705 §3.1). */
function thumbprintOf(file: string): string {
  try {
    const { raw } = new X509Certificate(readFileSync(file));
    return createHash('sha256').update(raw).digest('base64url');
  } catch {
    throw new SallyportError('usage', `command line: --certificate is ${file}; write a file with a certificate (PEM)`);
  }
}

/** `sallyport keys revoke ID`. Exits 1 where there is no such key. */
export async function revokeKey(id: string, flags: GateFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  return orRefused(io, async () => {
    const key = await ask<ShownKey>(gate, 'POST', '/keys/revoke', { id });
    present(io, key, ({ prefix, account }) => `${prefix} of ${shown(account)} opens nothing any more.`);
  });
}

/** `sallyport keys rotate ID`. Exits 1 where it cannot be replaced. */
export async function rotateKey(id: string, flags: RotateFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  const publicKey = flags.public === undefined ? '' : fileOrText(flags.public);
  return orRefused(io, async () => {
    const body = { id, publicKey, ...(flags.overlap === undefined ? {} : { overlap: flags.overlap }) };
    const issued = await ask<KeyIssued>(gate, 'POST', '/keys/rotate', body);
    present(io, issued, (report) => formatIssued(report, io.terminal.paint));
  });
}

/** `sallyport keys usage`: a table of comma-separated values (RFC 4180), one row for each key and day. */
export async function keyUsage(flags: UsageFlags, io: Io): Promise<number> {
  const query = new URLSearchParams();
  if (flags.from !== undefined) query.set('from', flags.from);
  if (flags.to !== undefined) query.set('to', flags.to);
  const gate = await theGate(flags);
  return orRefused(io, async () => {
    const page = await ask<UsagePage>(gate, 'GET', `/keys/usage?${query}`);
    present(io, page, formatUsage);
  });
}

export function formatUsage({ usage }: UsagePage): string {
  const rows = usage.map(({ day, account, key, requests, refused }) => [day, account, key, requests, refused]);
  return [['day', 'account', 'key', 'requests', 'refused'], ...rows].map((row) => row.map(cell).join(',')).join('\r\n');
}

/** Spreadsheets run what begins as a formula does. */
function cell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function formatKeys({ keys, kind, now, accounts }: KeyPage, paint: Paint): string {
  const disabled = new Set(accounts.filter((account) => account.disabled).map(({ id }) => id));
  const rows = keys.map((key) => [
    key.prefix,
    shown(key.account),
    key.kind,
    stateOf(key, now, disabled),
    key.scopes.join(' ') || '-',
    key.quota === null ? '-' : `${key.quota.count}/${span(key.quota.per)}`,
    key.lastUsed === 0 ? 'never used' : `used ${day(key.lastUsed)}`,
    shown(key.note),
  ]);
  const blocks = [
    keys.length === 0 ? 'No key was issued.' : `${paint.strong('Keys')}\n${table(rows)}`,
    kind === 'memory' ? IN_MEMORY : '',
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function stateOf(key: ShownKey, now: number, disabled: ReadonlySet<string>): string {
  if (key.revoked > 0) return `revoked ${day(key.revoked)}`;
  if (disabled.has(key.account)) return 'account disabled';
  if (key.expires > 0 && key.expires <= now) return `ended ${day(key.expires)}`;
  if (key.notBefore > now) return `from ${day(key.notBefore)}`;
  return key.expires === 0 ? 'without end' : `until ${day(key.expires)}`;
}

export function formatIssued({ key, secret, example }: KeyIssued, paint: Paint): string {
  const until = key.expires === 0 ? 'without end' : `until ${day(key.expires)}`;
  const rows = [
    ['account', shown(key.account)],
    ['scopes', key.scopes.join(' ') || '-'],
    ['lives', until],
  ];
  const head =
    secret === ''
      ? `${paint.strong(key.prefix)} is the id of the public key you gave.`
      : `${paint.strong(secret)}\n${paint.careful('This is shown once. It is kept nowhere: write it down where secrets belong.')}`;
  const line = curl(key, secret, example);
  return [head, table(rows), line].filter((block) => block !== '').join('\n\n');
}

/** Ready to paste; a signing key needs a program. */
function curl(key: ShownKey, secret: string, example: string): string {
  if (key.kind !== 'bearer' || example === '') return '';
  const [method = 'GET', url = ''] = example.split(' ');
  const made = method === 'GET' ? '' : `-X ${method} `;
  return `  curl ${made}-H ${shellWord(`Authorization: Bearer ${secret}`)} ${shellWord(url)}`;
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ');

function span(seconds: number): string {
  const name = Object.entries(SPANS).find(([, length]) => length === seconds)?.[0];
  return name ?? `${seconds}s`;
}

const SPANS: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };

/** A public key as it stands, or in a file. */
function fileOrText(given: string): string {
  return existsSync(given) ? readFileSync(given, 'utf8') : given;
}
