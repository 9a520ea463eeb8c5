import type { Ban } from '../guard/records.ts';
import type { BanPage } from '../gateway/records-admin.ts';
import { SallyportError } from '../guard/errors.ts';
import { IN_MEMORY } from './audit.ts';
import { type BanFlags, EXIT, type GateFlags, type Io, present } from './command.ts';
import { ask, orRefused, theGate } from './gates.ts';
import { type Paint, shown, table } from './terminal.ts';

/** `sallyport bans`: those that hold, then those that ended. */
export async function listBans(flags: GateFlags, io: Io): Promise<number> {
  const page = await ask<BanPage>(await theGate(flags), 'GET', '/bans');
  present(io, page, (report) => formatBans(report, io.terminal.paint));
  return EXIT.ok;
}

export function formatBans({ kind, bans }: BanPage, paint: Paint): string {
  const rows = (active: boolean) => bans.filter((ban) => ban.active === active).map((ban) => cellsOf(ban));
  const [holding, ended] = [rows(true), rows(false)];
  const blocks = [
    holding.length === 0 ? 'Nobody is banned.' : `${paint.strong('Banned')}\n${table(holding)}`,
    ended.length === 0 ? '' : `${paint.strong('Ended')}\n${table(ended)}`,
    kind === 'memory' ? IN_MEMORY : '',
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function cellsOf({ id, kind, value, reason, by, created, until, lifted, liftedBy }: Ban): string[] {
  const end =
    lifted > 0
      ? `lifted ${day(lifted)} by ${shown(liftedBy)}`
      : until > 0
        ? `until ${day(until)}`
        : 'until it is lifted';
  return [id, kind, shown(value), `since ${day(created)} by ${shown(by)}`, end, shown(reason)];
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ');

/** `sallyport bans add`. Exits 1 where the gate refuses. */
export async function addBan(flags: BanFlags, io: Io): Promise<number> {
  const { session, key, subject, prefix, reason = '', for: seconds = 0 } = flags;
  const named = Object.entries({ session, key, subject, prefix }).filter(([, value]) => value !== undefined);
  const [only] = named;
  if (only === undefined || named.length > 1) {
    throw new SallyportError('usage', 'command line: name one of --session, --key, --subject, --prefix');
  }
  const [kind, value] = only;
  const gate = await theGate(flags);
  return orRefused(io, async () => {
    const ban = await ask<Ban>(gate, 'POST', '/bans', { kind, value, reason, seconds });
    present(io, ban, ({ id, until }) => {
      const end = until === 0 ? `until \`sallyport bans lift ${id}\`` : `until ${day(until)}`;
      return `${ban.kind} ${shown(ban.value)} is banned ${end}.`;
    });
  });
}

/** `sallyport bans lift ID`. Exits 1 where there is none that holds. */
export async function liftBan(id: string, flags: GateFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  return orRefused(io, async () => {
    const ban = await ask<Ban>(gate, 'POST', '/bans/lift', { id });
    present(io, ban, ({ kind, value }) => `${kind} ${shown(value)} is banned no more.`);
  });
}
