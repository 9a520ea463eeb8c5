import { MAX_PASSWORD, MIN_PASSWORD } from './account.ts';

/**
 * Long enough, not the name, not a few characters over and over. No rules about kinds of characters: they make
 * passwords worse (NIST SP 800-63B-4 §3.1.1.2).
 */
export function isGoodPassword(password: string, name: string, least = MIN_PASSWORD): boolean {
  const normal = password.normalize('NFKC');
  if ([...normal].length < least || normal.length > MAX_PASSWORD) return false;
  const bare = normal.toLowerCase();
  if (new Set(bare).size < 5) return false;
  return name === '' || bare.replaceAll(name, '').length >= least / 2;
}
