import type { Context } from '../guard/layer.ts';
import { ASYMMETRIC } from './jwt/algorithms.ts';

/** What a 401 says about tokens (RFC 6750 §3, RFC 9449 §7.1). Never why a token was refused. */
export const bearerChallenge = (): readonly string[] => ['www-authenticate', 'Bearer error="invalid_token"'];

const ALGORITHMS = [...ASYMMETRIC].join(' ');

export function dpopChallenge(wantsNonce: boolean): readonly string[] {
  const error = wantsNonce ? 'use_dpop_nonce' : 'invalid_dpop_proof';
  return ['www-authenticate', `DPoP error="${error}", algs="${ALGORITHMS}"`];
}

/**
 * Puts fields on the answer. A challenge only where somebody is asked for: elsewhere the request goes on as nobody's,
 * and the answer is the backend's. Pages of other origins may read both.
 */
export function answerWith(context: Context, fields: readonly string[]): void {
  if (fields[0] === 'www-authenticate' && context.route.user === null) return;
  const before = context.responseFields.map((text, index, all) =>
    index % 2 === 1 && all[index - 1] === 'access-control-expose-headers' && !text.includes(String(fields[0]))
      ? `${text}, ${fields[0]}`
      : text,
  );
  context.responseFields = [...before, ...fields];
}
