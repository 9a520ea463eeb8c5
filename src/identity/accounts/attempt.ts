import type { EndpointCall } from '../../guard/endpoint.ts';
import type { Attempt as AttemptRow } from '../../guard/records.ts';
import type { Allowed, StuffingAlarm } from '../throttle.ts';
import type { Account } from './account.ts';
import type { AccountsContext } from './context.ts';
import { Busy } from './work.ts';

/** How an attempt to show who one is ended. */
export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed' }
  /** Not tried: `seconds` to wait. */
  | { readonly kind: 'wait'; readonly seconds: number };

export interface Attempt {
  /** `password`, `code`: each has its own counters. */
  readonly what: 'password' | 'code';
  /** Null where no account has this name. */
  readonly account: Account | null;
  /** What was typed, lower case. */
  readonly name: string;
  /** Costs the same whether there is such an account or not. */
  check(): Promise<boolean>;
}

const DAY_MS = 24 * 3600 * 1000;
/** Failures of strangers in a day after which an account is guarded (NIST SP 800-63B-4 §3.2.2). */
const STRANGERS_A_DAY = 100;
/** For so long an account knows a network. */
const HOME_MS = 90 * DAY_MS;

/** Tries once, counted, rationed, in its turn. */
export async function attempt(context: AccountsContext, call: EndpointCall, tried: Attempt): Promise<Outcome> {
  const { throttle, records, devices, homes, clock, underWay } = context;
  const { prefix } = call.decision;
  const key = keyOf(context, tried);
  const known = homes.get(`${prefix} ${key}`);
  const before = underWay.get(key) ?? 0;
  const row = await records.attempts.get(rowOf(context, key));
  // Whoever was under way when the row was asked for may be in it, or not.
  const others = Math.max(before, underWay.get(key) ?? 0);
  const permission = throttle.ask({
    account: `${tried.what} ${key}`,
    prefix,
    device: tried.account === null ? '' : devices.idFor(call, tried.account.id),
    home: known !== undefined && clock.monotonic() - known < HOME_MS,
    guarded: (row?.blockedUntil ?? 0) > clock.wall() || countOf(row, clock.wall()) + others >= STRANGERS_A_DAY,
  });
  if (!permission.ok) return { kind: 'wait', seconds: permission.retryAfter };
  if (permission.known) return judged(context, key, tried, permission, prefix);
  underWay.set(key, (underWay.get(key) ?? 0) + 1);
  try {
    return await judged(context, key, tried, permission, prefix);
  } finally {
    const left = (underWay.get(key) ?? 1) - 1;
    if (left > 0) underWay.set(key, left);
    else underWay.delete(key);
  }
}

async function judged(
  context: AccountsContext,
  key: string,
  tried: Attempt,
  permission: Allowed,
  prefix: string,
): Promise<Outcome> {
  let passed: boolean;
  try {
    passed = await context.work.run(prefix, permission.known, () => tried.check());
  } catch (error) {
    permission.undone();
    if (error instanceof Busy) return { kind: 'wait', seconds: error.retryAfter };
    throw error;
  }
  if (passed) {
    permission.succeeded();
    return { kind: 'passed' };
  }
  await report(context, permission.failed());
  if (!permission.known) await countStranger(context, key, tried.account);
  return { kind: 'failed' };
}

/** Failures of the day that has begun with the first of them. */
const countOf = (row: AttemptRow | null, now: number): number =>
  row === null || row.first < now - DAY_MS ? 0 : row.count;

/** The account has logged in from here: this network is no stranger's any more. */
export function rememberHome({ homes, clock }: AccountsContext, call: EndpointCall, account: Account): void {
  homes.set(`${call.decision.prefix} ${account.id}`, clock.monotonic());
}

/** Lifts what strangers' failures brought about, and every wait. */
export async function forgetFailures(context: AccountsContext, account: Account): Promise<void> {
  for (const what of ['password', 'code']) context.throttle.forget(`${what} ${account.id}`);
  await context.records.attempts.clear(rowOf(context, account.id));
}

/** When strangers may try this account again: milliseconds since 1970; 0 for now. */
export async function guardedUntil(context: AccountsContext, account: Account): Promise<number> {
  const row = await context.records.attempts.get(rowOf(context, account.id));
  const until = row?.blockedUntil ?? 0;
  return until > context.clock.wall() ? until : 0;
}

const keyOf = ({ pseudonym }: AccountsContext, { account, name }: Attempt): string =>
  account?.id ?? `?${pseudonym('name', name)}`;

const rowOf = ({ pseudonym }: AccountsContext, key: string): string => `accounts:${pseudonym('account', key)}`;

/** Names that nobody has are counted and guarded as well, so that answers tell nothing apart. */
async function countStranger(context: AccountsContext, key: string, account: Account | null): Promise<void> {
  const { records, clock } = context;
  const row = await records.attempts.add(rowOf(context, key), DAY_MS);
  const now = clock.wall();
  if (row.count < STRANGERS_A_DAY || row.blockedUntil > now) return;
  await records.attempts.block(row.key, now + DAY_MS);
  if (account === null) return;
  await records.audit.append({
    time: now,
    actor: 'rule:strangers',
    action: 'login.guarded',
    target: `accounts:${account.id}`,
    details: { failures: row.count, until: new Date(now + DAY_MS).toISOString() },
    outcome: 'done',
  });
}

async function report({ records, clock }: AccountsContext, alarm: StuffingAlarm | null): Promise<void> {
  if (alarm === null) return;
  await records.audit.append({
    time: clock.wall(),
    actor: 'rule:stuffing',
    action: 'login.stuffing',
    target: alarm.prefix === '' ? 'all' : `prefix:${alarm.prefix}`,
    details: { accounts: alarm.accounts, attempts: alarm.attempts, failures: alarm.failures },
    outcome: 'done',
  });
}
