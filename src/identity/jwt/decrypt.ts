import { compactDecrypt, importJWK } from 'jose';
import type { JwtEncryptionConfig } from '../../guard/config-jwt.ts';
import { ConfigError } from '../../guard/errors.ts';
import { readHeader } from './compact.ts';
import { Fault, fault, quote } from './fault.ts';
import { readKeyText, toJwk } from './keys.ts';

/** Takes an encrypted token to the signed one inside it (RFC 7519 §5.2, §7.2). */
export type Decrypt = (token: string, parts: readonly string[]) => Promise<string | Fault>;

/**
 * Both algorithms are the configuration's, never the token's, and nothing compressed is opened (RFC 8725 §3.6).
 * Throws ConfigError for a key that does not fit.
 */
export async function createDecrypt(config: JwtEncryptionConfig, field: string): Promise<Decrypt> {
  const { alg, enc } = config;
  const key = await readKey(config, field);
  return async (token, [head = '']) => {
    const header = readHeader(head);
    if (header instanceof Fault) return header;
    if (header['alg'] !== alg) return fault(`alg: ${quote(header['alg'])}, and tokens come by ${alg}`);
    if (header['enc'] !== enc) return fault(`enc: ${quote(header['enc'])}, and tokens come by ${enc}`);
    if (String(header['cty']).toUpperCase() !== 'JWT') return fault('cty: no signed token inside');
    try {
      const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] };
      const { plaintext } = await compactDecrypt(token, key, options);
      return Buffer.from(plaintext).toString('latin1');
    } catch {
      return fault('encryption: does not open by the key there is');
    }
  };
}

async function readKey({ key, secret, alg }: JwtEncryptionConfig, field: string) {
  if (secret !== undefined) return Buffer.from(secret, 'base64url');
  const jwk = toJwk(await readKeyText(key ?? '', `${field}.encryption.key`), 'private');
  try {
    if (jwk?.d === undefined) throw new TypeError('no private key');
    return await importJWK(jwk, alg);
  } catch {
    const rule = `write a private key for ${alg}, as a PEM or JWK file or its text`;
    throw new ConfigError('config', [{ field: `${field}.encryption.key`, value: 'a key that cannot be used', rule }]);
  }
}
