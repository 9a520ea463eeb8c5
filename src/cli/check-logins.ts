import type { AccountsConfig } from '../guard/config-accounts.ts';
import type { Config } from '../guard/config.ts';
import type { JwtConfig } from '../guard/config-jwt.ts';

/** By what people are known here, and what is set for it; nothing where nobody can log in. Secrets are not said. */
export function describeLogins({ login }: Config): readonly string[] {
  if (login === undefined) return [];
  const { accounts, jwt, providers = {}, identify, page } = login;
  const names = Object.keys(providers);
  return [
    ...(names.length === 0 ? [] : [`providers: ${names.join(', ')}`]),
    ...(accounts === undefined ? [] : describeAccounts(accounts === true ? {} : accounts)),
    ...(jwt === undefined ? [] : [jwt].flat().map(describeJwt)),
    ...(identify === undefined ? [] : ['identify: the app’s own code says who calls, where no session has a login']),
    ...(page === undefined ? [] : [`page: the app’s own, ${page}`]),
  ];
}

function describeAccounts(accounts: AccountsConfig): string[] {
  const { signUp = 'closed', email = 'optional', passwordLength = 10, life = 604_800, token = false } = accounts;
  const ways = [
    `passwords of ${passwordLength} characters or more`,
    accounts.passkeys === false ? 'no passkeys' : 'passkeys',
    accounts.secondFactor === false ? 'no new second factors' : 'second factors for who wants one',
  ];
  const mails = [
    accounts.sendVerification === undefined
      ? 'none to confirm or change an address'
      : 'to confirm and change an address',
    accounts.sendReset === undefined ? 'none to reset a password' : 'to reset a password',
  ];
  const tokens =
    token === true ? '; pages may ask for a token, sent as Bearer' : `; pages may ask for a token, sent as ${token}`;
  return [
    `accounts: sign-up ${signUp}, address ${email}; ${ways.join(', ')}`,
    `accounts: mail ${mails.join(', ')}`,
    `accounts: a login lasts ${timeOf(life)}${token === false ? '' : tokens}`,
  ];
}

function describeJwt(config: JwtConfig): string {
  const { name, issuer, audience, header = 'authorization', cookie, bind = 'session', dpop = 'if-bound' } = config;
  const place = cookie === undefined ? `in ${header}` : `in the cookie ${cookie}`;
  const key =
    config.jwks !== undefined
      ? `keys from ${config.jwks}`
      : config.secret !== undefined
        ? 'a shared secret'
        : 'a public key';
  const parts = [
    `tokens of ${issuer} for ${[audience].flat().join(' or ')}, ${place}, by ${key}`,
    bind === 'none' ? 'good for whoever holds one' : 'one session each',
    ...(dpop === 'require' ? ['bound to a key only'] : []),
    ...(config.encryption === undefined ? [] : ['encrypted only']),
  ];
  return `jwt${name === undefined ? '' : `/${name}`}: ${parts.join('; ')}`;
}

function timeOf(seconds: number): string {
  const [unit, of] = (
    [
      [86_400, 'days'],
      [3600, 'hours'],
      [60, 'minutes'],
    ] as const
  ).find(([each]) => seconds % each === 0 && seconds > each) ?? [1, 'seconds'];
  return `${seconds / unit} ${of}`;
}
