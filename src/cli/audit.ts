import type { AuditRow } from '../guard/records-audit.ts';
import type { AuditPage, AuditVerified } from '../gateway/records-admin.ts';
import { SallyportError } from '../guard/errors.ts';
import { type AuditFlags, EXIT, type Io, present, type VerifyFlags } from './command.ts';
import { ask, theGate } from './gates.ts';
import { count, type Paint, shown, table } from './terminal.ts';

/** `sallyport audit`: what was done, latest first. */
export async function audit(flags: AuditFlags, io: Io): Promise<number> {
  const { since, actor, action, target, limit } = flags;
  const query = new URLSearchParams();
  if (since !== undefined) query.set('since', String(toTime(since)));
  for (const [name, value] of Object.entries({ actor, action, target, limit })) {
    if (value !== undefined) query.set(name, String(value));
  }
  const page = await ask<AuditPage>(await theGate(flags), 'GET', `/audit?${query}`);
  present(io, page, (report) => formatAudit(report, io.terminal.paint));
  return EXIT.ok;
}

function toTime(text: string): number {
  const time = Date.parse(text);
  if (!Number.isNaN(time) && time >= 0) return time;
  throw new SallyportError(
    'usage',
    `command line: --since is ${JSON.stringify(text)}; write a date, as 2026-11-22 or 2026-11-22T10:00:00Z`,
  );
}

/** Said under whatever lies in memory. */
export const IN_MEMORY = 'Records are in memory: this is gone when the gate ends. `--records sqlite:PATH` keeps it.';

export function formatAudit({ kind, rows }: AuditPage, paint: Paint): string {
  const list = rows.length === 0 ? 'Nothing is recorded.' : table(rows.map((row) => cellsOf(row, paint)));
  return kind === 'memory' ? `${list}\n\n${IN_MEMORY}` : list;
}

function cellsOf({ time, actor, action, target, details, outcome }: AuditRow, paint: Paint): string[] {
  const said = Object.entries(details)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => (name === 'details' ? String(value) : `${name} ${JSON.stringify(value)}`));
  const what = [outcome === 'done' ? '' : paint.careful(outcome), shown(target), shown(said.join(', '))];
  return [
    new Date(time).toISOString().slice(0, 19).replace('T', ' '),
    shown(actor),
    shown(action),
    what.filter((part) => part !== '').join('  '),
  ];
}

/** `sallyport audit verify`. Exits 0 only where every row was verified and every head was found. */
export async function verifyAudit(flags: VerifyFlags, io: Io): Promise<number> {
  const query = new URLSearchParams();
  for (const head of flags.head ?? []) query.append('head', toHead(head));
  const report = await ask<AuditVerified>(await theGate(flags), 'GET', `/audit/verify?${query}`);
  present(io, report, (verified) => formatVerified(verified, flags.head ?? [], io.terminal.paint));
  return report.ok ? EXIT.ok : EXIT.no;
}

function toHead(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text;
  throw new SallyportError(
    'usage',
    `command line: --head is ${JSON.stringify(text)}; a head has 64 hexadecimal digits, as the log and the metrics show it`,
  );
}

export function formatVerified(report: AuditVerified, wanted: readonly string[], paint: Paint): string {
  const { ok, rows, unverifiable, bad, missing, heads, kind } = report;
  const lines = [ok ? paint.good(`${count(rows, 'row')} verified.`) : `${count(rows, 'row')} verified.`];
  if (bad !== null) lines.push(paint.bad(`Row ${bad.number} of chain ${bad.chain} was ${bad.fault}.`));
  if (missing.length > 0) {
    lines.push(
      paint.bad('Rows were cut off, or the head is of other records. Not found:'),
      ...missing.map((head) => `  ${head}`),
    );
  }
  if (unverifiable > 0) {
    lines.push(
      paint.careful(`${count(unverifiable, 'row')} of another secret: nothing can be said of them.`),
      'A SALLYPORT_SECRET that stays the same keeps the log verifiable over restarts.',
    );
  }
  if (heads.length > 0)
    lines.push('', 'Heads now:', table(heads.map(({ chain, number, mac }) => [chain, String(number), mac])));
  if (ok && wanted.length === 0)
    lines.push('', 'Rows cut off at the end show only against a head kept elsewhere: --head HEX.');
  if (kind === 'memory') lines.push('', IN_MEMORY);
  return lines.join('\n');
}
