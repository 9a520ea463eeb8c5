import { type Library, refusedAs } from './library.ts';

export interface SecondFactors {
  /** Starts: the factor counts once a code has been confirmed. Null where the password is wrong or it is on already. */
  begin(
    id: string,
    password: string,
  ): Promise<{ readonly uri: string; readonly backupCodes: readonly string[] } | null>;
  /** Whether a code of the app is right, now; confirms the factor where it was begun. */
  check(id: string, code: string): Promise<boolean>;
  /** Whether this is one of the backup codes; it is then used up. */
  useBackup(id: string, code: string): Promise<boolean>;
  /** Others in place of those that there were; null where the password is wrong or there is no factor. */
  renewBackups(id: string, password: string): Promise<readonly string[] | null>;
  /** Whoever calls this has seen who asks. */
  end(id: string): Promise<void>;
}

export function createSecondFactors({ api, adapter, internalAdapter, as }: Library): SecondFactors {
  const passed = async (asked: Promise<unknown>): Promise<boolean> =>
    (await asked.catch(refusedAs<null>(null))) !== null;
  return {
    begin: (id, password) =>
      as(id, async (headers) => {
        const begun = await api.enableTwoFactor({ headers, body: { password } }).catch(refusedAs<null>(null));
        if (begun === null || !('totpURI' in begun)) return null;
        return { uri: begun.totpURI ?? '', backupCodes: begun.backupCodes ?? [] };
      }),
    check: (id, code) => as(id, (headers) => passed(api.verifyTOTP({ headers, body: { code } }))),
    useBackup: (id, code) => as(id, (headers) => passed(api.verifyBackupCode({ headers, body: { code } }))),
    renewBackups: (id, password) =>
      as(id, async (headers) => {
        const made = await api.generateBackupCodes({ headers, body: { password } }).catch(refusedAs<null>(null));
        return made?.backupCodes ?? null;
      }),
    async end(id) {
      await internalAdapter.updateUser(id, { twoFactorEnabled: false });
      await adapter.deleteMany({ model: 'twoFactor', where: [{ field: 'userId', value: id }] });
    },
  };
}
