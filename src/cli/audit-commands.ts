import type { Command } from 'commander';
import type { AuditFlags, VerifyFlags } from './command.ts';
import { type CommandParts, gateFlags, type Json, repeat, wholeNumber } from './parts.ts';

/** `sallyport audit …` */
export function audit(program: Command, { io, ended }: CommandParts): void {
  const group = gateFlags(
    program
      .command('audit')
      .description('what was switched, banned and revoked, by whom; latest first')
      .option('--since <time>', 'from then on, as 2026-11-22 or 2026-11-22T10:00:00Z')
      .option('--actor <name>', 'only what this one did')
      .option('--action <name>', 'only this, as mode or ban.add')
      .option('--target <id>', 'only what was done to this')
      .option('--limit <number>', 'at most so many (default 100)', wholeNumber),
  ).action(async (options: AuditFlags & Json) => {
    const { audit } = await import('./audit.ts');
    ended(await audit(options, io(options)));
  });
  gateFlags(
    group
      .command('verify')
      .description('whether rows were altered, removed or, against a head kept elsewhere, cut off; exits 1 if so')
      .option('--head <hex>', 'a head from the log or the metrics; repeatable', repeat),
  ).action(async (options: VerifyFlags & Json) => {
    const { verifyAudit } = await import('./audit.ts');
    ended(await verifyAudit(options, io(options)));
  });
}
