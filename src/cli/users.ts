import type { UserEnded, UserFacts, UserLink, UserRoles } from '../guard/user-admin.ts';
import type { UserPage } from '../gateway/users-admin.ts';
import {
  EXIT,
  type GateFlags,
  type Io,
  present,
  type UserAddFlags,
  type UserBlockFlags,
  type UserRolesFlags,
} from './command.ts';
import { ask, orRefused, theGate } from './gates.ts';
import { count, type Paint, shown, table } from './terminal.ts';

/** `sallyport users`: the accounts of the gate's own. */
export async function listUsers(flags: GateFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  return orRefused(io, async () => {
    const page = await ask<UserPage>(gate, 'GET', '/users');
    present(io, page, (report) => formatUsers(report, io.terminal.paint, Date.now()));
  });
}

export function formatUsers({ users, more, blockedElsewhere }: UserPage, paint: Paint, now: number): string {
  const elsewhere = formatBlocked(blockedElsewhere, paint);
  if (users.length === 0) {
    return [...elsewhere, 'Nobody has an account yet; make one by `sallyport users add NAME`.'].join('\n\n');
  }
  const rows = users.map((user) => [
    shown(user.name),
    user.email === '' ? 'no address' : `${shown(user.email)}${user.emailVerified ? '' : ' (not confirmed)'}`,
    user.roles.map(shown).join(' ') || 'no role',
    factorsOf(user),
    stateOf(user, paint, now),
  ]);
  const accounts = `${paint.strong('Accounts')}\n${table(rows)}${more ? '\n  There are more than these.' : ''}`;
  return [accounts, ...elsewhere].join('\n\n');
}

/** Nothing where nobody is. */
function formatBlocked(people: UserPage['blockedElsewhere'], paint: Paint): string[] {
  const rows = people.map(({ ref, reason, until }) => [
    shown(ref),
    shown(reason),
    until === 0 ? '' : `until ${new Date(until).toISOString().slice(0, 16)} UTC`,
  ]);
  return rows.length === 0 ? [] : [`${paint.careful('Blocked people of providers')}\n${table(rows)}`];
}

function factorsOf({ secondFactor, passkeys }: UserFacts): string {
  const said = [...(secondFactor ? ['second factor'] : []), ...(passkeys > 0 ? [count(passkeys, 'passkey')] : [])];
  return said.join(', ') || 'password alone';
}

function stateOf({ blocked, reason, guardedUntil }: UserFacts, paint: Paint, now: number): string {
  if (blocked) return paint.careful(`blocked ${shown(reason)}`);
  const minutes = Math.ceil((guardedUntil - now) / 60_000);
  return minutes > 0 ? paint.careful(`closed to strangers for ${count(minutes, 'minute')}`) : '';
}

/** `sallyport users add NAME`. Prints the link by which the person sets a password. Exits 1 where the gate refuses. */
export async function addUser(name: string, flags: UserAddFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  const { email = '', role: roles = [] } = flags;
  return orRefused(io, async () => {
    const made = await ask<UserLink>(gate, 'POST', '/users', { name, email, roles });
    present(io, made, (user) => `${user.name} has an account. ${linkWords(user)}`);
  });
}

/** `sallyport users reset-password NAME`. */
export async function resetPassword(name: string, flags: GateFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  return orRefused(io, async () => {
    const made = await ask<UserLink>(gate, 'POST', '/users/reset-password', { name });
    present(io, made, linkWords);
  });
}

const linkWords = ({ link }: UserLink): string =>
  `By this link, good once and for a day, the person sets a password; give it to nobody else:\n  ${link}`;

/** `sallyport users roles NAME ROLE…`. */
export async function setRoles(name: string, roles: readonly string[], flags: UserRolesFlags, io: Io): Promise<number> {
  if ((roles.length === 0) !== (flags.none === true)) {
    io.terminal.err('sallyport: say which roles, all that the person is to have, or --none');
    return EXIT.usage;
  }
  const gate = await theGate(flags);
  return orRefused(io, async () => {
    const given = await ask<UserRoles>(gate, 'POST', '/users/roles', { name, roles });
    present(io, given, ({ before, roles: now, logins }) => {
      const words = (some: readonly string[]): string => some.map(shown).join(' ') || 'no role';
      return `${shown(name)} has ${words(now)}, before ${words(before)}; in force now, in ${count(logins, 'login')}.`;
    });
  });
}

/** `sallyport users block NAME`. */
export async function blockUser(name: string, flags: UserBlockFlags, io: Io): Promise<number> {
  const { reason = '', for: seconds = 0 } = flags;
  const undo = `until \`sallyport users unblock ${shown(name)}\``;
  const end = seconds === 0 ? undo : `until ${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 16)} UTC`;
  return change('/users/block', { name, reason, seconds }, flags, io, (logins) => `is blocked ${end}; ${logins} ended`);
}

/** `sallyport users unblock NAME`: lifts a block by hand and what strangers' failures brought about. */
export async function unblockUser(name: string, flags: GateFlags, io: Io): Promise<number> {
  return change('/users/unblock', { name }, flags, io, () => 'can log in again');
}

/** `sallyport users remove NAME`. */
export async function removeUser(name: string, flags: GateFlags, io: Io): Promise<number> {
  return change('/users/remove', { name }, flags, io, (logins) => `is removed; ${logins} ended`);
}

/** `sallyport users reset-second-factor NAME`. */
export async function resetSecondFactor(name: string, flags: GateFlags, io: Io): Promise<number> {
  const words = (logins: string): string => `logs in without a second factor; ${logins} ended`;
  return change('/users/reset-second-factor', { name }, flags, io, words);
}

/** `sallyport users end-sessions NAME`. */
export async function endSessions(name: string, flags: GateFlags, io: Io): Promise<number> {
  return change('/users/end-sessions', { name }, flags, io, (logins) => `is logged out everywhere; ${logins} ended`);
}

async function change(
  path: string,
  body: Readonly<Record<string, unknown>> & { readonly name: string },
  flags: GateFlags,
  io: Io,
  words: (logins: string) => string,
): Promise<number> {
  const gate = await theGate(flags);
  return orRefused(io, async () => {
    const done = await ask<UserEnded>(gate, 'POST', path, body);
    present(io, done, ({ logins }) => `${shown(body.name)} ${words(count(logins, 'login'))}.`);
  });
}
