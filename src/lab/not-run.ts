/** Why an attacker could not run, in words for the report. */
export class NotRun extends Error {
  override readonly name = 'NotRun';
}

/** Why nobody drives one. */
export const NO_BROWSER = 'this run was told to use no browser';

/** Why nobody tries logins. */
export const NO_LOGIN = 'nobody can log in at this gate';

/** Why nobody tries keys. */
export const NO_KEYS = 'no route is known that takes API keys, and none was given (SALLYPORT_KEY)';

/** Why nothing can be learned while the gate puts off new visitors: that is what it does to everybody. */
export const MINTS_SPENT = 'new sessions are limited for now by entries made before; try again in a minute';

/** Why nothing can be learned about several networks. */
export const ONE_NETWORK = 'this machine has no second loopback address to come from';
