import { fromBase64url, toBase64url } from '../lib/base64url.ts';
import { utf8 } from '../lib/bytes.ts';

/**
 * Passes for tests (docs/keys.md): short-lived, signed by a key that only gates for tests trust. `stp_`, the content as
 * JSON in base64url, a dot, an Ed25519 signature (RFC 8032) over all before the dot.
 */
export interface TestPass {
  /** Seconds since 1970. */
  readonly issued: number;
  readonly expires: number;
  /** Authority that it is for: `staging.example`; '' for any gate that trusts its key. */
  readonly authority: string;
}

/** Request field that a pass comes in. The gate takes it out. */
export const TEST_PASS_FIELD = 'sallyport-test-pass';
/** No pass lives longer. */
export const TEST_PASS_MOST_SECONDS = 24 * 3600;

const SHAPE = /^(stp_[\w-]{8,700})\.([\w-]{86})$/;

/** What is signed. */
export function formatPassBase({ issued, expires, authority }: TestPass): string {
  return `stp_${toBase64url(utf8(JSON.stringify({ iat: issued, exp: expires, aud: authority })))}`;
}

export interface ParsedPass extends TestPass {
  readonly base: string;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** Null for what is no pass. Nothing of it is verified. */
export function parsePass(text: string): ParsedPass | null {
  const [, base = '', sent = ''] = SHAPE.exec(text) ?? [];
  const signature = fromBase64url(sent);
  const content = fromBase64url(base.slice(4));
  if (base === '' || signature === null || content === null) return null;
  const value = readJson(content);
  if (typeof value !== 'object' || value === null) return null;
  const { iat, exp, aud }: { iat?: unknown; exp?: unknown; aud?: unknown } = value;
  if (typeof iat !== 'number' || typeof exp !== 'number' || typeof aud !== 'string') return null;
  return { issued: iat, expires: exp, authority: aud, base, signature };
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
