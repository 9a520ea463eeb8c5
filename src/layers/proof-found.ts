import type { Context } from '../guard/layer.ts';
import type { RequestView } from '../guard/view.ts';
import { TAG } from '../wire/constants.ts';
import { parseCompactProof, parseSignatureInput, readProof, splitUrlProof } from '../wire/read-proof.ts';
import type { ParsedProof } from '../wire/signature.ts';

/** A proof as it was found, and the query without it. */
export interface Found {
  readonly proof: ParsedProof;
  readonly query: string;
  readonly compact: boolean;
}

/** The proof of a request, in whichever place it may stand: its fields, a subprotocol, the query. Null where there is none. */
export function findProof(request: RequestView, context: Context): Found | 'malformed' | null {
  const { signatureInput, signature, secWebsocketProtocol } = request.headers;
  if (signatureInput !== '' || signature !== '') {
    if (request.repeated.length > 0 && repeatsSigned(request.repeated)) return 'malformed';
    const proof = readProof(signatureInput, signature) ?? parseSignatureInput(signatureInput, signature);
    if (proof === 'malformed') return proof;
    if (proof !== null) return { proof, query: request.query, compact: false };
  }
  if (context.carrier === 'socket' && secWebsocketProtocol.includes(TAG)) {
    return toFound(subprotocol(secWebsocketProtocol), request.query);
  }
  const split = request.query === '' ? null : splitUrlProof(request.query);
  if (split === null || split === 'malformed') return split;
  return toFound(split.proof, split.query);
}

function toFound(text: string, query: string): Found | 'malformed' {
  const proof = parseCompactProof(text);
  return proof === null ? 'malformed' : { proof, query, compact: true };
}

const subprotocol = (list: string): string => {
  const mine = list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item.startsWith(TAG));
  return mine.length === 1 ? (mine[0] as string) : '';
};

/** Fields of which a second line could change what was signed. */
const SINGLE: ReadonlySet<string> = new Set([
  'signature',
  'signature-input',
  'content-type',
  'content-digest',
  'sallyport-digest',
  'authorization',
]);
const repeatsSigned = (repeated: readonly string[]): boolean => repeated.some((name) => SINGLE.has(name));
