import { timingSafeEqual } from 'node:crypto';
import type { AuditFault, AuditHead, AuditReport } from '../../guard/records-audit.ts';
import { type AuditKey, type Entry, macOf } from './audit-chain.ts';
import type { Store } from './store.ts';

const AT_ONCE = 1000;

/** Goes through all chains from their first rows, a thousand rows at a time. */
export async function verifyChains(store: Store, key: AuditKey, wanted: readonly string[]): Promise<AuditReport> {
  const missing = new Set(wanted.map((head) => head.toLowerCase()));
  const heads: AuditHead[] = [];
  let rows = 0;
  let unverifiable = 0;
  let bad: AuditFault | null = null;
  for (const { chain, count } of await chainsOf(store)) {
    if (!chain.endsWith(`.${key.tag}`)) {
      unverifiable += count;
      continue;
    }
    const walked = await walk(store, key, chain, missing);
    rows += walked.rows;
    bad ??= walked.bad;
    if (walked.head !== null) heads.push(walked.head);
  }
  return {
    ok: bad === null && missing.size === 0 && unverifiable === 0,
    rows,
    unverifiable,
    bad,
    missing: [...missing],
    heads,
  };
}

function chainsOf(store: Store): Promise<{ chain: string; count: number }[]> {
  return store.read((db) =>
    db
      .selectFrom('sallyport_audit')
      .select((of) => ['chain', of.fn.countAll<number>().as('count')])
      .groupBy('chain')
      .orderBy('chain')
      .execute(),
  );
}

interface Walked {
  readonly rows: number;
  readonly bad: AuditFault | null;
  readonly head: AuditHead | null;
}

async function walk(store: Store, key: AuditKey, chain: string, missing: Set<string>): Promise<Walked> {
  let head: AuditHead | null = null;
  for (;;) {
    // From the very first number: an inserted row may have any.
    const after: number = head?.number ?? Number.MIN_SAFE_INTEGER;
    const page = await pageOf(store, chain, after);
    for (const row of page) {
      const before: AuditHead | null = head;
      const number: number = (before?.number ?? 0) + 1;
      const rows = number - 1;
      if (row.number > number) return { rows, bad: { chain, number, fault: 'removed' }, head };
      if (row.number < number || !isSame(row.mac, macOf(key, before?.mac ?? '', row))) {
        return { rows, bad: { chain, number: row.number, fault: 'altered' }, head };
      }
      missing.delete(row.mac);
      head = { chain, number, mac: row.mac };
    }
    if (page.length < AT_ONCE) return { rows: head?.number ?? 0, bad: null, head };
  }
}

function pageOf(store: Store, chain: string, after: number): Promise<(Entry & { mac: string })[]> {
  return store.read((db) =>
    db
      .selectFrom('sallyport_audit')
      .selectAll()
      .where('chain', '=', chain)
      .where('number', '>', after)
      .orderBy('number')
      .limit(AT_ONCE)
      .execute(),
  );
}

function isSame(one: string, other: string): boolean {
  const left = Buffer.from(one);
  const right = Buffer.from(other);
  return left.length === right.length && timingSafeEqual(left, right);
}
