import { RecordsError } from '../../guard/records.ts';

/** Primary result codes (sqlite.org/rescode.html); the upper bits of an extended code say more. */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const CONSTRAINT = 19;
const NOTADB = 26;

/** The primary code; -1 where it is no error of SQLite's. */
function codeOf(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return -1;
  return error.errcode & 0xff;
}

export const isBusy = (error: unknown): boolean => [BUSY, LOCKED].includes(codeOf(error));
export const isConflict = (error: unknown): boolean => codeOf(error) === CONSTRAINT;

const SAID: Readonly<Record<number, string>> = {
  [READONLY]: 'the file cannot be written',
  [IOERR]: 'the disk does not read or write',
  [CORRUPT]: 'the file is damaged; restore a copy of it',
  [CANTOPEN]: 'the file cannot be opened',
  [NOTADB]: 'the file is not a database',
};

/** SQLite's own messages are left out where they could quote a statement. */
export function toRecordsError(error: unknown): RecordsError {
  const code = codeOf(error);
  if (isBusy(error)) return new RecordsError('busy', 'records are locked by another process');
  if (code === FULL) return new RecordsError('full', 'there is no room for more records on the disk');
  const said = SAID[code];
  if (said !== undefined) return new RecordsError('unreachable', `records: ${said}`);
  const what = code === -1 ? (error instanceof Error ? error.name : typeof error) : `SQLite code ${code}`;
  return new RecordsError('fault', `records: a query failed (${what})`);
}
