/** An account as we speak of it. */
export interface Account {
  readonly id: string;
  /** User name, lower case. */
  readonly name: string;
  /** '' where none is known. */
  readonly email: string;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  readonly secondFactor: boolean;
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** 3 to 30 letters of ASCII, digits, `_ . -`. */
export const NAME = /^[a-z0-9][a-z0-9_.-]{2,29}$/;
/** What mail servers take, without guessing: one `@`, something on both sides, no spaces. */
export const EMAIL = /^[^\s@<>"(),:;]{1,64}@[^\s@<>"(),:;]{1,185}\.[^\s@<>"(),:;.]{2,63}$/;

/** Under `.invalid` (RFC 2606 §2) nobody gets mail: stands where an account has no address. */
const NO_MAIL = '@no-mail.invalid';

export const placeholderFor = (name: string): string => `${name}${NO_MAIL}`;
export const isPlaceholder = (email: string): boolean => email.endsWith(NO_MAIL);

/** Longest in UTF-16 units; what follows costs nothing but memory. */
export const MAX_PASSWORD = 256;
/** Shortest by default (ASVS 6.2.1 asks for 8, and recommends 15). */
export const MIN_PASSWORD = 10;

/** What a name field may hold: a user name, or the address of an account. Lower case; '' for neither. */
export function toLoginName(text: string): string {
  const name = text.trim().toLowerCase();
  if (name.includes('@')) return EMAIL.test(name) && !isPlaceholder(name) ? name : '';
  return NAME.test(name) ? name : '';
}
