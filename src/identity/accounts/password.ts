import * as crypto from 'node:crypto';

/**
 * Passwords at rest: Argon2id (RFC 9106), and scrypt (RFC 7914) where this Node has no Argon2id. Both run in the thread
 * pool, never on the main thread. Costs are OWASP's first choices of 2026; a hash says its own, so that they can rise.
 */
export interface PasswordHasher {
  /** PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. */
  hash(password: string): Promise<string>;
  verify(password: string, stored: string): Promise<boolean>;
}

/** KiB. */
const ARGON2_MEMORY = 19_456;
const ARGON2_PASSES = 2;
/** Binary logarithm of scrypt's N. */
const SCRYPT_LOG_N = 15;
const SCRYPT_PARALLEL = 3;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** A stored hash that asks for more was not written by us: refuse it rather than run out of memory. */
const MAX_MEMORY = 256 * 1024;

export const hasArgon2 = typeof crypto.argon2 === 'function';

export function createPasswordHasher(
  algorithm: 'argon2id' | 'scrypt' = hasArgon2 ? 'argon2id' : 'scrypt',
): PasswordHasher {
  return {
    async hash(password) {
      const salt = crypto.randomBytes(SALT_BYTES);
      if (algorithm === 'argon2id') {
        const key = await argon2id(password, salt, ARGON2_MEMORY, ARGON2_PASSES);
        return `$argon2id$v=19$m=${ARGON2_MEMORY},t=${ARGON2_PASSES},p=1$${encode(salt)}$${encode(key)}`;
      }
      const key = await scrypt(password, salt, SCRYPT_LOG_N, SCRYPT_PARALLEL);
      return `$scrypt$ln=${SCRYPT_LOG_N},r=8,p=${SCRYPT_PARALLEL}$${encode(salt)}$${encode(key)}`;
    },
    async verify(password, stored) {
      const [, , argonMemory, passes, argonSalt, argonKey] = ARGON2.exec(stored) ?? [];
      if (argonMemory !== undefined && Number(argonMemory) <= MAX_MEMORY && Number(passes) <= 16) {
        const key = await argon2id(password, decode(argonSalt), Number(argonMemory), Number(passes));
        return same(key, decode(argonKey));
      }
      const [, logN, parallel, salt, expected] = SCRYPT.exec(stored) ?? [];
      if (logN === undefined || Number(logN) > 18 || Number(parallel) > 16) return false;
      return same(await scrypt(password, decode(salt), Number(logN), Number(parallel)), decode(expected));
    },
  };
}

const ARGON2 = /^\$(argon2id)\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;
const SCRYPT = /^\$scrypt\$ln=(\d{1,2}),r=8,p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

/** The same letters typed on another keyboard are the same password (NIST SP 800-63B-4 §3.1.1.2). */
const toBytes = (password: string): Buffer => Buffer.from(password.normalize('NFKC'));

const encode = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
const decode = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64');
const same = (one: Buffer, other: Buffer): boolean => one.length === other.length && crypto.timingSafeEqual(one, other);

function argon2id(password: string, nonce: Buffer, memory: number, passes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parameters = { message: toBytes(password), nonce, parallelism: 1, tagLength: HASH_BYTES, memory, passes };
    crypto.argon2('argon2id', parameters, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function scrypt(password: string, salt: Buffer, logN: number, p: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N: 2 ** logN, r: 8, p, maxmem: MAX_MEMORY * 1024 + 1024 * 1024 };
    crypto.scrypt(toBytes(password), salt, HASH_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
