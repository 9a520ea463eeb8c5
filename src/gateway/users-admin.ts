import { type BlockedPerson, type UserAdmin, type UserFacts, UserRefusal } from '../guard/user-admin.ts';
import { AdminRefusal, type AdminRoute, type AdminSwitch } from './admin-route.ts';

/** What `GET /users` answers. */
export interface UserPage {
  readonly users: readonly UserFacts[];
  /** Whether there are more than these. */
  readonly more: boolean;
  /** People of providers that are kept out. */
  readonly blockedElsewhere: readonly BlockedPerson[];
}

const MOST = 1000;

/**
 * What administration can be asked about people.
 *
 * @param open the people of the gate in force; null where nobody can log in
 * @param origin where people reach the gate, for links
 */
export function usersRoutes(open: () => UserAdmin | null, origin: () => string): AdminRoute[] {
  const people = (): UserAdmin => {
    const found = open();
    if (found === null) throw new AdminRefusal('nobody can log in at this gate: its configuration has no `login`');
    return found;
  };
  const act =
    (does: (users: UserAdmin, name: string, call: AdminSwitch) => Promise<object>) =>
    async (call: AdminSwitch): Promise<object> => {
      const name = textOf(call, 'name');
      if (name === '') throw new AdminRefusal('name says who');
      call.about(name, textOf(call, 'reason'));
      try {
        return await does(people(), name, call);
      } catch (error) {
        throw error instanceof UserRefusal ? new AdminRefusal(error.message) : error;
      }
    };
  return [
    {
      method: 'GET',
      path: '/users',
      async look({ query }): Promise<UserPage> {
        const offset = Number(/^\d{1,9}$/.exec(query.get('offset') ?? '')?.[0] ?? 0);
        try {
          const found = await people().list(offset, MOST + 1);
          const blockedElsewhere = offset === 0 ? await people().blockedElsewhere() : [];
          return { users: found.slice(0, MOST), more: found.length > MOST, blockedElsewhere };
        } catch (error) {
          throw error instanceof UserRefusal ? new AdminRefusal(error.message) : error;
        }
      },
    },
    {
      method: 'POST',
      path: '/users',
      action: 'user.add',
      act: act((users, name, call) => {
        return users.add({ name, email: textOf(call, 'email'), roles: rolesOf(call) ?? [] }, origin());
      }),
    },
    {
      method: 'POST',
      path: '/users/roles',
      action: 'user.roles',
      act: act(async (users, name, call) => {
        const roles = rolesOf(call);
        if (roles === null) throw new AdminRefusal('roles says which: a list, empty for none');
        const given = await users.setRoles(name, roles);
        call.about(name, `${given.before.join(' ') || 'none'} → ${given.roles.join(' ') || 'none'}`);
        return given;
      }),
    },
    {
      method: 'POST',
      path: '/users/block',
      action: 'user.block',
      act: act((users, name, call) => users.block(name, textOf(call, 'reason'), secondsOf(call))),
    },
    { method: 'POST', path: '/users/unblock', action: 'user.unblock', act: act((users, name) => users.unblock(name)) },
    { method: 'POST', path: '/users/remove', action: 'user.remove', act: act((users, name) => users.remove(name)) },
    {
      method: 'POST',
      path: '/users/reset-password',
      action: 'user.reset-password',
      act: act((users, name) => users.resetLink(name, origin())),
    },
    {
      method: 'POST',
      path: '/users/reset-second-factor',
      action: 'user.reset-second-factor',
      act: act((users, name) => users.resetSecondFactor(name)),
    },
    {
      method: 'POST',
      path: '/users/end-sessions',
      action: 'user.end-sessions',
      act: act((users, name) => users.endSessions(name)),
    },
  ];
}

function textOf({ body }: AdminSwitch, field: string): string {
  const value = body[field];
  return typeof value === 'string' && value.length <= 512 ? value : '';
}

function rolesOf({ body: { roles } }: AdminSwitch): readonly string[] | null {
  return Array.isArray(roles) ? roles.map(String) : null;
}

function secondsOf({ body: { seconds } }: AdminSwitch): number {
  return typeof seconds === 'number' && Number.isInteger(seconds) && seconds > 0 ? seconds : 0;
}
