import type { Config } from '../guard/config.ts';
import { shownUrl } from '../guard/records-url.ts';

/** A configuration as administration shows it: without the database's password, and of logins only who may vouch. */
export function shownConfig({ records, login, ...config }: Config): Config {
  return {
    ...config,
    ...(records === undefined ? {} : { records: shownUrl(records) }),
    ...(login?.accounts === undefined ? {} : { login: { accounts: true as const } }),
  };
}
