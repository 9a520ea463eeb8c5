import type { Command } from 'commander';
import type { GateFlags, UserAddFlags, UserBlockFlags, UserRolesFlags } from './command.ts';
import { type CommandParts, duration, gateFlags, type Json, repeat } from './parts.ts';

/** `sallyport users …`. */
export function users(program: Command, { io, ended }: CommandParts): void {
  const command = gateFlags(
    program.command('users').description('the people with accounts here: lists, adds, blocks, removes them'),
  ).action(async (options: GateFlags & Json) => {
    const { listUsers } = await import('./users.ts');
    ended(await listUsers(options, io(options)));
  });
  gateFlags(command.command('add').description('make an account; prints the link that sets its password'))
    .argument('<name>', '3 to 30 letters a to z, digits, dots, hyphens and underscores')
    .option('--email <address>', 'where links go that the person asks for')
    .option('--role <role>', 'what routes may ask for; repeatable', repeat)
    .action(async (name: string, options: UserAddFlags & Json) => {
      const { addUser } = await import('./users.ts');
      ended(await addUser(name, options, io(options)));
    });
  gateFlags(command.command('roles').description('give a person these roles in place of all before, at once'))
    .argument('<name>', 'user name')
    .argument('[role...]', 'all that the person is to have')
    .option('--none', 'take every role away')
    .action(async (name: string, roles: string[], options: UserRolesFlags & Json) => {
      const { setRoles } = await import('./users.ts');
      ended(await setRoles(name, roles, options, io(options)));
    });
  gateFlags(command.command('block').description('let nobody log in as this person, and end every login'))
    .argument('<name>', 'user name, or source:id for who comes from a provider')
    .option('--reason <text>', 'for whoever reads the list')
    .option('--for <time>', 'as 90s, 15m, 12h or 30d (default: until it is lifted)', duration)
    .action(async (name: string, options: UserBlockFlags & Json) => {
      const { blockUser } = await import('./users.ts');
      ended(await blockUser(name, options, io(options)));
    });
  const single = [
    ['unblock', 'lift a block, by hand or by failed logins', 'unblockUser'],
    ['remove', 'remove an account and end every login', 'removeUser'],
    ['reset-password', 'print a link by which the person sets a new password', 'resetPassword'],
    ['reset-second-factor', 'take a lost second factor away and end every login', 'resetSecondFactor'],
    ['end-sessions', 'log the person out everywhere', 'endSessions'],
  ] as const;
  for (const [word, description, act] of single) {
    gateFlags(command.command(word).description(description))
      .argument('<name>', 'user name, or source:id for who comes from a provider')
      .action(async (name: string, options: GateFlags & Json) => {
        const commands = await import('./users.ts');
        ended(await commands[act](name, options, io(options)));
      });
  }
}
