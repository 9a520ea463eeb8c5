import { RecordsError } from '../../guard/records.ts';

/** SQLSTATE (PostgreSQL, appendix A) or Node's own code; '' where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Integrity constraint violation. */
export const isConflict = (error: unknown): boolean => codeOf(error).startsWith('23');

/** deadlock, serialization failure, lock not available, statement timeout, too many connections */
const BUSY = new Set(['40P01', '40001', '55P03', '57014', '53300']);
/** disk full; out of memory */
const FULL = new Set(['53100', '53200']);
/** read-only transaction: a standby took over, or has not yet */
const READ_ONLY = '25006';

/** The server's own message and detail are left out: they quote values of rows. */
export function toRecordsError(error: unknown): RecordsError {
  const code = codeOf(error);
  if (BUSY.has(code)) return new RecordsError('busy', 'records are locked by another process');
  if (FULL.has(code)) return new RecordsError('full', 'there is no room for more records on the server');
  if (code === READ_ONLY) return new RecordsError('unreachable', 'records: the server takes no writes');
  const said = whyNot(code) || withoutTls(error, code);
  if (said !== '') return new RecordsError('unreachable', `records: ${said}`);
  if (isSqlState(code)) return new RecordsError('fault', `records: a query failed (SQLSTATE ${code})`);
  return new RecordsError('unreachable', 'records: the server does not answer');
}

/** Why there is no connection; '' where there is one. */
export function whyNot(code: string): string {
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'no such host is known';
  if (code === '28P01' || code === '28000') return 'the server refuses the user name or password';
  if (code === '3D000') return 'there is no such database on the server; create it first';
  if (code === '42501') return 'the user may not do that there; it needs the right to create tables';
  if (code.startsWith('08') || code.startsWith('57P')) return 'the server ended the connection';
  return '';
}

/** Why TLS, which the URL asks for, is not to be had; '' where that is not it. */
function withoutTls(error: unknown, code: string): string {
  // The driver gives this no code.
  if (error instanceof Error && /does not support SSL/.test(error.message)) return 'the server takes no TLS';
  if (/^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_)/.test(code)) {
    return `the server’s certificate is not taken (${code}); name its authority by sslrootcert=FILE`;
  }
  return '';
}

const isSqlState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code);
