import type { Records, UserState } from '../guard/records.ts';
import { type UserAdmin, type UserEnded, UserRefusal } from '../guard/user-admin.ts';
import { EMAIL, NAME, toLoginName } from './accounts/account.ts';
import type { Account } from './accounts/account.ts';
import { forgetFailures, guardedUntil } from './accounts/attempt.ts';
import type { AccountsContext } from './accounts/context.ts';
import { setLink } from './accounts/reset.ts';
import type { LoginDesk } from './source.ts';

export interface UserAdminParts {
  readonly desk: LoginDesk;
  readonly records: Pick<Records, 'users' | 'logins'>;
  /** Null where the gate keeps no accounts. */
  readonly accounts: AccountsContext | null;
  /** Names by which records call who comes here by a provider or a token: `company`, `jwt`. */
  readonly sources: readonly string[];
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

/** Seconds that a link from an administrator is good for. */
const LINK_SECONDS = 24 * 3600;
const MOST_ROLES = 64;

/** The people of a gate, for who runs it: those with accounts here, and whoever else records know. */
export function createUserAdmin({ desk, records, accounts, sources, wall }: UserAdminParts): UserAdmin {
  const here = (): AccountsContext => {
    if (accounts === null)
      throw new UserRefusal('this gate keeps no accounts: its configuration names no login.accounts');
    return accounts;
  };

  async function accountOf(name: string): Promise<Account> {
    const { directory } = here();
    const asked = toLoginName(name.replace(/^accounts:/, ''));
    const found =
      (await directory.byId(name.replace(/^accounts:/, ''))) ?? (asked === '' ? null : await directory.find(asked));
    if (found === null) throw new UserRefusal(`there is no account ${JSON.stringify(name.slice(0, 80))}`);
    return found;
  }

  /** Of whatever source: others' people are named as records name them. */
  async function refOf(name: string): Promise<{ source: string; subject: string; account: Account | null }> {
    const [, source = '', subject = ''] = /^((?:jwt\/)?[a-z0-9][a-z0-9-]{0,30}):(.{1,255})$/.exec(name) ?? [];
    if (source !== '' && source !== 'accounts') return { source, subject, account: null };
    const account = await accountOf(name);
    return { source: 'accounts', subject: account.id, account };
  }

  /** Elsewhere nobody looks at blocks. */
  function mustLogInHere(source: string): void {
    if (source === 'accounts' || sources.includes(source)) return;
    throw new UserRefusal(`nobody comes here by ${source}: a block would have no effect`);
  }

  async function end(source: string, subject: string): Promise<UserEnded> {
    if (source === 'accounts' && accounts !== null) await accounts.tokens.endAll(subject);
    return { ref: `${source}:${subject}`, logins: await desk.end({ source, subject }) };
  }

  async function setBlocked(name: string, blocked: boolean, reason: string, until: number): Promise<UserEnded> {
    const { source, subject, account } = await refOf(name);
    if (blocked) mustLogInHere(source);
    await records.users.set({ source, subject, blocked, reason, by: 'admin', until });
    if (blocked) return end(source, subject);
    if (account !== null) await forgetFailures(here(), account);
    return { ref: `${source}:${subject}`, logins: 0 };
  }

  return {
    async list(offset, limit) {
      if (accounts === null) return [];
      const context = accounts;
      const found = await context.directory.list(offset, limit);
      return Promise.all(
        found.map(async ({ id, name, email, emailVerified, roles, secondFactor, created }, index) => {
          const state = await records.users.get('accounts', id);
          const blocked = state?.blocked === true;
          return {
            ref: `accounts:${id}`,
            ...{ name, email, emailVerified, roles, secondFactor, created, blocked },
            passkeys: (await context.directory.passkeys.ofUser(id)).length,
            reason: blocked ? reasonOf(state) : '',
            guardedUntil: await guardedUntil(context, found[index] as Account),
          };
        }),
      );
    },
    async blockedElsewhere() {
      const found = (await records.users.blocked()).filter(({ source }) => source !== 'accounts');
      return found.map((state) => ({
        ref: `${state.source}:${state.subject}`,
        reason: reasonOf(state),
        until: state.until,
      }));
    },
    async add({ name, email, roles }, origin) {
      const context = here();
      const own = name.trim().toLowerCase();
      if (!NAME.test(own))
        throw new UserRefusal('a name has 3 to 30 letters a to z, digits, dots, hyphens and underscores');
      if (email !== '' && !EMAIL.test(email)) throw new UserRefusal(`${JSON.stringify(email)} is no e-mail address`);
      mustBeRoles(roles);
      // Nobody knows it: the link sets the first one that anybody does.
      const password = context.random(32).toString('base64url');
      const made = await context.directory.create({ name: own, email: email.toLowerCase(), password, roles });
      if (made === 'taken') throw new UserRefusal(`there is an account ${own} already, or one with this address`);
      try {
        // Who runs the gate vouches for the address.
        if (email !== '') await context.directory.setEmailVerified(made.id);
        return { ref: `accounts:${made.id}`, name: own, link: await setLink(context, origin, made, LINK_SECONDS) };
      } catch (error) {
        // Nobody would have a link to it.
        await context.directory.remove(made.id).catch(() => {});
        throw error;
      }
    },
    async setRoles(name, roles) {
      mustBeRoles(roles);
      const { source, subject, account } = await refOf(name);
      if (account === null) throw new UserRefusal(`roles of people who come by ${source} are what ${source} says`);
      const given = [...new Set(roles)];
      await here().directory.setRoles(subject, given);
      const logins = await records.logins.touch(source, subject);
      return { ref: `${source}:${subject}`, before: account.roles, roles: given, logins };
    },
    block: (name, reason, seconds) => setBlocked(name, true, reason, seconds === 0 ? 0 : wall() + seconds * 1000),
    unblock: (name) => setBlocked(name, false, '', 0),
    async remove(name) {
      const { id } = await accountOf(name);
      await here().directory.remove(id);
      // Last, so that no login that began before outlives the account.
      return end('accounts', id);
    },
    async resetLink(name, origin) {
      const account = await accountOf(name);
      const link = await setLink(here(), origin, account, LINK_SECONDS);
      return { ref: `accounts:${account.id}`, name: account.name, link };
    },
    async resetSecondFactor(name) {
      const { id, secondFactor } = await accountOf(name);
      if (!secondFactor) throw new UserRefusal('there is no second factor to take away');
      await here().directory.secondFactor.end(id);
      return end('accounts', id);
    },
    async endSessions(name) {
      const { source, subject } = await refOf(name);
      return end(source, subject);
    },
  };
}

function mustBeRoles(roles: readonly string[]): void {
  if (roles.length > MOST_ROLES) throw new UserRefusal(`nobody has more than ${MOST_ROLES} roles`);
  if (roles.some((role) => !/^[\x21-\x7e]{1,64}$/.test(role))) throw new UserRefusal('a role is one word of ASCII');
}

const reasonOf = ({ reason, by }: UserState): string => `${reason === '' ? '' : `${reason}, `}by ${by}`;
