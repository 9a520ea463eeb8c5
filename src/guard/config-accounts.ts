/** Accounts of the gate's own, for apps that have none. Part of {@link import('./config-login.ts').LoginConfig}. */
export interface AccountsConfig {
  /** Whether strangers may make accounts. Default `closed`: they are made by `sallyport users add`. */
  signUp?: 'open' | 'closed';
  /** `verified`: an account has an address, and logs in once it was confirmed; needs `sendVerification`. Default `optional`. */
  email?: 'optional' | 'verified';
  /** Sends the link by which a person confirms an address. Default: none is sent. */
  sendVerification?: SendMail;
  /** Sends the link by which a person sets a new password. Default: only `sallyport users reset-password` gives one. */
  sendReset?: SendMail;
  /** Shortest password, in characters. Default 10, least 8. */
  passwordLength?: number;
  /** Whether people may log in by passkeys. Default true. */
  passkeys?: boolean;
  /** Whether people may add a second factor. Default true. */
  secondFactor?: boolean;
  /** Seconds until a login has to be made again. Default 604800, a week. */
  life?: number;
  /** Password checks a minute, of all people together. Default 300. */
  checksPerMinute?: number;
  /**
   * For pages that keep their token themselves: a login that asks for it gets one, to be sent as
   * `Authorization: Bearer`, or in the header named here. Good only with the session it was given to. Default: none.
   */
  token?: boolean | string;
}

/** Sends one mail; what it throws stays inside, and nobody learns whether the address is known. */
export type SendMail = (mail: AccountMail) => void | Promise<void>;

export interface AccountMail {
  readonly to: string;
  /** User name. */
  readonly name: string;
  /** What the person has to open. A secret: never log it. */
  readonly url: string;
}
