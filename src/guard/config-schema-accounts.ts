import * as z from 'zod/mini';
import type { SendMail } from './config-accounts.ts';
import type { Config } from './config.ts';
import type { Rule } from './config-rules.ts';
import { aFunction, choice, fields, flag, optional, text, whole } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';

const SEND = 'write a function that sends a mail, as in ({ to, name, url }) => …';

/** Fields that mean something else, or that browsers do not let pages set. */
const TAKEN =
  /^(?:cookie|host|origin|referer|connection|content-.*|transfer-encoding|te|upgrade|accept.*|signature.*|sallyport-.*|sec-.*|proxy-.*|x-forwarded-.*|forwarded|via|date|expect)$/;

export const headerName: Rule = (value) => {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(value)) return 'write the name of a header, as in your-api-token';
  return TAKEN.test(value.toLowerCase()) ? 'this header has another meaning; choose another name' : '';
};

const shape = fields({
  signUp: optional(choice('open', 'closed')),
  email: optional(choice('optional', 'verified')),
  sendVerification: optional(aFunction<SendMail>(SEND)),
  sendReset: optional(aFunction<SendMail>(SEND)),
  passwordLength: optional(whole(8, 'characters')),
  passkeys: optional(flag),
  secondFactor: optional(flag),
  life: optional(whole(60, 'seconds')),
  checksPerMinute: optional(whole(10, 'password checks a minute')),
  token: optional(z.union([flag, text(headerName)], 'write true, or the name of a header, as in "your-api-token"')),
});

/** The shape of {@link import('./config-accounts.ts').AccountsConfig}, or true for all of its defaults. */
export const accountsSchema = z.union([z.literal(true), shape], 'write true, or an object, as in { signUp: "open" }');

/** What is wrong between fields of `login.accounts` that are fine alone. */
export function accountsProblems(config: Config): ConfigProblem[] {
  const accounts = config.login?.accounts;
  if (accounts === undefined || accounts === true) return [];
  const problems: ConfigProblem[] = [];
  if (accounts.email === 'verified' && accounts.sendVerification === undefined) {
    const rule = 'addresses are confirmed by a mail; write sendVerification, or leave email out';
    problems.push({ field: 'login.accounts.email', value: '"verified"', rule });
  }
  if ((accounts.passwordLength ?? 0) > 128) {
    const rule = 'write a whole number of characters, 128 or less: people could not type what is asked for';
    problems.push({ field: 'login.accounts.passwordLength', value: String(accounts.passwordLength), rule });
  }
  return problems;
}
