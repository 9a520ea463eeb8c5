import type { Decision } from '../guard/decision.ts';
import type { Code } from '../wire/codes.ts';
import { BodyError } from './body.ts';

/** Methods that may be sent again when the connection died before an answer began (RFC 9110 §9.2.2). */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
const DEAD_CONNECTION = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

/** Something of ours that the answer depends on cannot be reached; the backend is not to blame. */
export class UnsureError extends Error {}

/** The code by which the client hears of a fault on the way to the backend and back. */
export function codeOf(error: unknown): Code {
  if (error instanceof UnsureError) return 'unsure';
  if (error instanceof BodyError) return error.fault === 'digest' ? 'digest' : 'too-large';
  const code = errorCode(error);
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') return 'target';
  return TIMEOUTS.has(code) ? 'upstream-timeout' : 'upstream';
}

/** What becomes of an admitted request that this fault has befallen. */
export function faultOf(admitted: Decision, error: unknown): Decision {
  const code = codeOf(error);
  const layer = code === 'digest' ? 'proof' : code === 'too-large' || code === 'target' ? 'target' : 'upstream';
  const outcome = layer === 'upstream' ? 'error' : 'refuse';
  return { ...admitted, outcome, code, layer, answer: null };
}

/** Whether a request of this method may be sent once more after this fault. */
export function isRepeatable(method: string, error: Error): boolean {
  return REPEATABLE.has(method) && DEAD_CONNECTION.has(errorCode(error));
}

function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
