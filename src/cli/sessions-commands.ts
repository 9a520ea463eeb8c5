import type { Command } from 'commander';
import { type CommandParts, duration, gateFlags, type Json } from './parts.ts';
import type { SessionBanFlags, SessionListFlags, SessionRevokeFlags } from './sessions.ts';

/** `sallyport sessions …` */
export function sessions(program: Command, { io, ended }: CommandParts): void {
  const group = gateFlags(
    program.command('sessions').description('browser sessions that entered: lists, ends and bans single ones'),
  )
    .option('--subject <source:id>', 'of this person alone')
    .action(async (options: SessionListFlags & Json) => {
      const { listSessions } = await import('./sessions.ts');
      ended(await listSessions(options, io(options)));
    });
  gateFlags(group.command('revoke').description('end a session now; its page enters again as a new one'))
    .argument('[label]', 'the 11 characters that lists and logs show')
    .option('--all', 'every session that this gate knows')
    .action(async (label: string | undefined, options: SessionRevokeFlags & Json) => {
      const { revokeSession } = await import('./sessions.ts');
      ended(await revokeSession(label, options, io(options)));
    });
  gateFlags(group.command('ban').description('end a session, and let it enter no more'))
    .argument('<label>', 'the 11 characters that lists and logs show')
    .option('--reason <text>', 'for whoever reads the list')
    .option('--for <time>', 'as 90s, 15m, 12h or 30d (default: until it is lifted)', duration)
    .action(async (label: string, options: SessionBanFlags & Json) => {
      const { banSession } = await import('./sessions.ts');
      ended(await banSession(label, options, io(options)));
    });
}
