/**
 * `sallyport/wire`: what a client of the protocol is written with (docs/protocol.md). No Node, no DOM; keys and HMAC
 * belong to whoever calls.
 */
export { fromBase64url, toBase64url } from './lib/base64url.ts';
export { CODES, type Code, type CodeRow, type Remedy } from './wire/codes.ts';
export { DEFAULT_MOUNT, type Purpose, TAG, type Tag } from './wire/constants.ts';
export { formatContentDigest } from './wire/digest.ts';
export {
  type EntryAnswer,
  expandInput,
  formatEntryRequest,
  parseEntryAnswer,
  purposeInfo,
  type Transcript,
  transcript,
} from './wire/entry.ts';
export {
  formatCompactProof,
  formatSignature,
  formatSignatureInput,
  formatSignatureParams,
  type ProofParameters,
  requiredComponents,
  type SignedMessage,
  signatureBase,
} from './wire/signature.ts';
export {
  answerInfo,
  callData,
  callNonce,
  HEADER_SEALED,
  RECORD,
  RECORD_HEAD_BYTES,
  type RecordKind,
  recordData,
  recordHead,
  recordNonce,
  SEALED_CALL_BYTES,
  SEALED_FIELDS,
  SEALED_PATH,
  SEALED_RANDOM_BYTES,
  SEALED_RECORD_BYTES,
  SEALED_TAG_BYTES,
  SEALED_TYPE,
} from './wire/sealed.ts';
export { formatSealedCall, parseSealedCall, type SealedCall } from './wire/sealed-call.ts';
