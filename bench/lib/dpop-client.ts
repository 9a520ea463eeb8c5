import { createHash, randomUUID } from 'node:crypto';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { DPOP } from './dpop.ts';

/** An issuer and one client of it, for the DPoP side of the pairs. */
export interface DpopClient {
  readonly issuerKey: JWK;
  readonly issuerPublic: CryptoKey;
  readonly token: string;
  /** A fresh proof for one request. */
  prove(method: string, url: string): Promise<string>;
}

export async function createDpopClient(): Promise<DpopClient> {
  const issuer = await generateKeyPair('ES256', { extractable: true });
  const own = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(own.publicKey);
  const token = await new SignJWT({ cnf: { jkt: await calculateJwkThumbprint(jwk) }, client_id: 'bench', scope: 'all' })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
    .setIssuer(DPOP.issuer)
    .setAudience(DPOP.audience)
    .setSubject('somebody')
    .setIssuedAt()
    .setExpirationTime('1h')
    .setJti(randomUUID())
    .sign(issuer.privateKey);
  const ath = createHash('sha256').update(token).digest('base64url');
  return {
    issuerKey: await exportJWK(issuer.publicKey),
    issuerPublic: issuer.publicKey,
    token,
    prove: (htm, htu) =>
      new SignJWT({ htm, htu, ath })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setJti(randomUUID())
        .setIssuedAt()
        .sign(own.privateKey),
  };
}
