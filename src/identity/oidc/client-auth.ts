import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ClientAuth, ClientSecretBasic, ClientSecretPost, PrivateKeyJwt } from 'openid-client';
import type { ProviderConfig } from '../../guard/config-login.ts';
import { ConfigError } from '../../guard/errors.ts';

/** The library names the platform's class by whichever types it finds, Node's or a browser's. */
type SigningKey = Extract<Parameters<typeof PrivateKeyJwt>[0], { type: string }>;

/** How the gate shows a provider that it is the registered client; chosen once the provider's metadata is known. */
export type ChooseClientAuth = (supported: readonly string[] | undefined) => ClientAuth;

/**
 * Reads the client's key, where there is one.
 *
 * @throws {ConfigError} where the file cannot be read or holds no usable key
 */
export function clientAuthOf(name: string, config: ProviderConfig): ChooseClientAuth {
  const { clientSecret = '', clientKey, clientKeyId, clientAuth } = config;
  if (clientKey !== undefined) {
    const key = readKey(`login.providers.${name}.clientKey`, clientKey);
    const auth = PrivateKeyJwt(clientKeyId === undefined ? key : { key, kid: clientKeyId });
    return () => auth;
  }
  const basic = ClientSecretBasic(clientSecret);
  const post = ClientSecretPost(clientSecret);
  return (supported) => {
    // What metadata leaves out is `client_secret_basic` (RFC 8414 §2).
    const chosen = clientAuth ?? (supported?.includes('client_secret_basic') !== false ? 'basic' : 'post');
    return chosen === 'basic' ? basic : post;
  };
}

function readKey(field: string, path: string): SigningKey {
  const unusable = (rule: string): ConfigError =>
    new ConfigError('config', [{ field, value: JSON.stringify(path), rule }]);
  let key: KeyObject;
  try {
    key = createPrivateKey(readFileSync(path));
  } catch {
    throw unusable(
      'this file cannot be read as a private key; write the path of a PEM file (PKCS #8) without passphrase',
    );
  }
  const type = key.asymmetricKeyType;
  if (type === 'rsa')
    return key.toCryptoKey({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign']) as SigningKey;
  if (type === 'ed25519') return key.toCryptoKey('Ed25519', false, ['sign']) as SigningKey;
  if (type === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
    return key.toCryptoKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']) as SigningKey;
  }
  throw unusable('the key must be RSA, P-256 or Ed25519');
}
