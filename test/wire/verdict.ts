import { CREATED_SECONDS, SKEW_SECONDS } from '../../src/wire/constants.ts';
import { contentDigestText } from '../../src/wire/digest.ts';
import { parseSignatureInput } from '../../src/wire/read-proof.ts';
import { coversExactly, requiredComponents, signatureBase } from '../../src/wire/signature.ts';
import type { RequestVector } from './vectors.ts';

/** What differs between a server and a browser. */
export interface Cryptography {
  /** Whether `signature`, base64, is that of the ticket's proof key over `base`. */
  verify(base: string, signature: string): boolean | Promise<boolean>;
  /** SHA-256 of the text's UTF-8, base64. */
  sha256(text: string): string | Promise<string>;
}

/** The stateless verdict on a request, in the order of docs/protocol.md §3: '' or a code. `now` is in seconds. */
export async function verdictOn(request: RequestVector, now: number, cryptography: Cryptography): Promise<string> {
  const { message, signed, body } = request;
  const field = (name: string): string => message.fields[name] ?? '';
  const parsed = parseSignatureInput(request.signatureInput, request.signature);
  if (parsed === null) return 'entry-required';
  if (parsed === 'malformed') return 'target';
  if (Math.abs(parsed.created - now) > CREATED_SECONDS + SKEW_SECONDS) return 'clock';
  const digest = field('content-digest');
  if (body !== null && digest === '') return 'digest';
  const required = requiredComponents({
    contentType: field('content-type') !== '',
    digest: digest === '' ? '' : 'content-digest',
    authorization: field('authorization') !== '',
    signed,
  });
  if (!coversExactly(parsed.components, required)) return 'signature';
  const base = signatureBase(
    {
      ...message,
      contentType: field('content-type'),
      contentDigest: digest,
      sallyportDigest: '',
      authorization: field('authorization'),
      field: (name) => message.fields[name] ?? null,
    },
    parsed.components,
    parsed.params,
  );
  if (base === null || !(await cryptography.verify(base, parsed.signature))) return 'signature';
  return body === null || contentDigestText(digest) === (await cryptography.sha256(body)) ? '' : 'digest';
}
