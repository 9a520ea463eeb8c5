import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { Config } from '../guard/config.ts';
import type { AuditHead } from '../guard/records-audit.ts';
import { recordsOf } from '../guard/records-url.ts';
import type { Inheritance } from './lifecycle.ts';
import { createLog, type Log, type LogLevel } from './log.ts';
import { type Kept, keepRecords } from './kept.ts';

/** What a gate needs before it can be put together, however many workers it has. */
export interface Prepared {
  readonly secret: string;
  readonly log: Log;
  readonly kept: Kept;
}

export interface PrepareParts {
  readonly config: Config;
  readonly level: LogLevel;
  readonly inheritance: Inheritance | null;
  /** There is a new row in the audit log. */
  headed(head: AuditHead): void;
}

export async function prepare({ config, level, inheritance, headed }: PrepareParts): Promise<Prepared> {
  const secret = process.env['SALLYPORT_SECRET'] || inheritance?.secret || randomBytes(32).toString('base64url');
  const log = createLog({
    level,
    readable: isReadable(),
    destination: pino.destination({ fd: 2, sync: isReadable() }),
  });
  const kept = await keepRecords(config, secret, {
    failed: (error) => log.error('records: what has expired could not be removed', error),
    headed(head) {
      log.info('audit head', { ...head });
      headed(head);
    },
  });
  if (!process.env['SALLYPORT_SECRET'] && inheritance === null && recordsOf(config) !== 'memory') {
    log.warn(
      'records outlive this process, and what opens them does not: set SALLYPORT_SECRET, or logins, second factors and shared signing keys are lost with a restart',
    );
  }
  return { secret, log, kept };
}

/** Whether somebody reads the lines as they come. */
export const isReadable = (): boolean => process.stderr.isTTY === true;
