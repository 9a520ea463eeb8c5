import { LABEL, TAG, TAG_BEACON, TAG_SYNC, TAG_URL, type Tag } from './constants.ts';

/**
 * HTTP Message Signatures (RFC 9421), profile `sallyport-1` (docs/protocol.md §3): what is signed and how it is
 * written. read-proof.ts reads it; the key and the HMAC belong to whoever calls.
 */

/** What a parsed or about-to-be-written proof says of itself. */
export interface ProofParameters {
  readonly components: readonly string[];
  /** Seconds since 1970. */
  readonly created: number;
  /** The counter, 1 … 2^53−1. */
  readonly nonce: number;
  /** The ticket. */
  readonly keyid: string;
  readonly tag: Tag;
}

export interface ParsedProof extends ProofParameters {
  /** Value of `@signature-params`: the exact text that was sent. */
  readonly params: string;
  /** The signature, canonical base64 of 32 bytes: 44 characters. */
  readonly signature: string;
}

/** The parts of a request that a proof can cover. '' for a field that is absent. */
export interface SignedMessage {
  readonly method: string;
  /** As agreed at entry (RFC 9421 §2.2.3). */
  readonly authority: string;
  /** Raw, never re-encoded. */
  readonly path: string;
  /** From the `?` on, or ''. */
  readonly query: string;
  readonly contentType: string;
  readonly contentDigest: string;
  readonly sallyportDigest: string;
  readonly authorization: string;
  /** Value of a further field that policy lists; null where it is absent or came more than once. */
  readonly field: (name: string) => string | null;
}

/** What decides which components a proof has to cover. */
export interface CoverageFacts {
  readonly contentType: boolean;
  readonly digest: '' | 'content-digest' | 'sallyport-digest';
  readonly authorization: boolean;
  /** Further fields, in the policy's order, lower case. */
  readonly signed: readonly string[];
}

const BASE_COMPONENTS = ['@method', '@authority', '@path', '@query'] as const;

/** Components of compact proofs. */
export const COMPACT_COMPONENTS: readonly string[] = /* @__PURE__ */ Object.freeze([...BASE_COMPONENTS]);

/** The components that a proof over such a request covers, in this order and no others. */
export function requiredComponents(facts: CoverageFacts): readonly string[] {
  const list: string[] = [...BASE_COMPONENTS];
  if (facts.contentType) list.push('content-type');
  if (facts.digest !== '') list.push(facts.digest);
  if (facts.authorization) list.push('authorization');
  return list.concat(facts.signed);
}

/** Whether a proof covers exactly what it has to. */
export function coversExactly(components: readonly string[], required: readonly string[]): boolean {
  if (components.length !== required.length) return false;
  for (let at = 0; at < required.length; at++) if (components[at] !== required[at]) return false;
  return true;
}

/** The inner list with its parameters: value of `@signature-params`. */
export function formatSignatureParams(proof: ProofParameters): string {
  const names = proof.components.map((name) => `"${name}"`).join(' ');
  return `(${names});created=${proof.created};nonce="${proof.nonce}";keyid="${proof.keyid}";tag="${proof.tag}"`;
}

/** Value of the Signature-Input field. */
export function formatSignatureInput(proof: ProofParameters): string {
  return `${LABEL}=${formatSignatureParams(proof)}`;
}

/** Value of the Signature field for a base64 signature. */
export function formatSignature(base64: string): string {
  return `${LABEL}=:${base64}:`;
}

/**
 * The signature base (RFC 9421 §2.5). `params` is the exact text of the parameters. A component that the message
 * does not have gives null: nothing was signed that way.
 */
export function signatureBase(message: SignedMessage, components: readonly string[], params: string): string | null {
  let base = `"@method": ${message.method}\n"@authority": ${message.authority}\n"@path": ${message.path || '/'}\n"@query": ${message.query || '?'}\n`;
  for (let at = BASE_COMPONENTS.length; at < components.length; at++) {
    const name = components[at] ?? '';
    const value = componentValue(message, name);
    if (value === null) return null;
    base += `"${name}": ${value}\n`;
  }
  return `${base}"@signature-params": ${params}`;
}

function componentValue(message: SignedMessage, name: string): string | null {
  switch (name) {
    case 'content-type':
      return message.contentType;
    case 'content-digest':
      return message.contentDigest;
    case 'sallyport-digest':
      return message.sallyportDigest;
    case 'authorization':
      return message.authorization;
    default: {
      const value = message.field(name);
      // One line of visible ASCII, so that both sides see the same bytes.
      return value !== null && /^[\x21-\x7e]+(?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) ? value : null;
    }
  }
}

/** Proof in one token, for sockets and URLs: `tag.created.nonce.signature.ticket` (docs/protocol.md §3.13). */
export function formatCompactProof(proof: ProofParameters, signatureBase64: string): string {
  const signature = signatureBase64.replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
  return `${proof.tag}.${proof.created}.${proof.nonce}.${signature}.${proof.keyid}`;
}

/** Whether a tag is signed by the `sync` key instead of the `proof` key. */
export function isSyncTag(tag: Tag): boolean {
  return tag !== TAG;
}

/** The tag a text names, or null. */
export function toTag(text: string): Tag | null {
  switch (text) {
    case TAG:
    case TAG_BEACON:
    case TAG_SYNC:
    case TAG_URL:
      return text;
    default:
      return null;
  }
}
