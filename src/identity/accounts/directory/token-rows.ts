import type { Library } from './library.ts';

/** Server half of a session token: it lives as long as its row. */
export interface TokenRows {
  create(userId: string, expires: number): Promise<string>;
  /** @param now milliseconds since 1970 */
  userOf(token: string, now: number): Promise<string | null>;
  end(token: string): Promise<void>;
  endAll(userId: string): Promise<void>;
}

export function createTokenRows({ internalAdapter }: Library): TokenRows {
  return {
    async create(userId, expires) {
      const row = await internalAdapter.createSession(userId, false, { expiresAt: new Date(expires) }, true);
      return row.token;
    },
    async userOf(token, now) {
      const row = await internalAdapter.findSession(token);
      return row === null || row.session.expiresAt.getTime() <= now ? null : row.user.id;
    },
    end: async (token) => void (await internalAdapter.deleteSession(token)),
    endAll: async (userId) => void (await internalAdapter.deleteUserSessions(userId)),
  };
}
