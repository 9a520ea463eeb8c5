import type { Command } from 'commander';
import type { BanFlags, GateFlags } from './command.ts';
import { type CommandParts, duration, gateFlags, type Json } from './parts.ts';

/** `sallyport bans …` */
export function bans(program: Command, { io, ended }: CommandParts): void {
  const group = gateFlags(program.command('bans').description('who is kept out: lists, adds and lifts bans')).action(
    async (options: GateFlags & Json) => {
      const { listBans } = await import('./bans.ts');
      ended(await listBans(options, io(options)));
    },
  );
  gateFlags(
    group
      .command('add')
      .description('keep one out: a session, a key, a user or an address')
      .option('--session <label>', 'as `sallyport why` and the log show it')
      .option('--key <id>', 'public id of a key')
      .option('--subject <source:id>', 'a user, as accounts:ada')
      .option('--prefix <address>', 'an IPv4 address, or the /56 of an IPv6 one')
      .option('--reason <text>', 'for whoever reads the list')
      .option('--for <time>', 'as 90s, 15m, 12h or 30d (default: until it is lifted)', duration),
  ).action(async (options: BanFlags & Json) => {
    const { addBan } = await import('./bans.ts');
    ended(await addBan(options, io(options)));
  });
  gateFlags(group.command('lift').description('end a ban').argument('<id>', 'as `sallyport bans` lists it')).action(
    async (id: string, options: GateFlags & Json) => {
      const { liftBan } = await import('./bans.ts');
      ended(await liftBan(id, options, io(options)));
    },
  );
}
