import type { Config } from '../guard/config.ts';
import type { LoginConfig } from '../guard/config-login.ts';
import { shownUrl } from '../guard/records-url.ts';

/** A configuration as administration shows it: without the database's password and the webhook's address, and of logins only who may vouch. */
export function shownConfig({ records, login, alerts: _alerts, ...config }: Config): Config {
  return {
    ...config,
    ...(records === undefined ? {} : { records: shownUrl(records) }),
    ...(login === undefined ? {} : { login: shownLogin(login) }),
  };
}

/** An empty one says that there are other ways: the app's own code. */
function shownLogin({ accounts, providers, jwt }: LoginConfig): LoginConfig {
  const names = Object.entries(providers ?? {}).map(([name, { issuer, clientId }]) => [name, { issuer, clientId }]);
  const issuers = [jwt ?? []].flat().map(({ issuer, audience }) => ({ issuer, audience }));
  return {
    ...(accounts === undefined ? {} : { accounts: true }),
    ...(names.length === 0 ? {} : { providers: Object.fromEntries(names) }),
    ...(issuers.length === 0 ? {} : { jwt: issuers }),
  };
}
