import { resolve } from 'node:path';
import type { Config } from './config.ts';
import { isShared } from './state-url.ts';

/** Where records are, taken apart. */
export type RecordsPlace =
  | { readonly type: 'sqlite'; readonly path: string }
  | { readonly type: 'postgres'; readonly host: string; readonly database: string };

const RULE = 'write memory, sqlite:PATH as in sqlite:./sallyport.sqlite, or postgres://USER:PASSWORD@HOST/DATABASE';

/** `memory`, `sqlite:PATH`, `postgres://…`; text: the rule that is broken. */
export function parseRecordsUrl(url: string): RecordsPlace | string {
  if (url === 'memory') return { type: 'sqlite', path: ':memory:' };
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length);
    if (path === '' || path.startsWith(':')) return 'name a file, as in sqlite:./sallyport.sqlite, or write memory';
    if (path.startsWith('//')) return `write the path right after the colon: sqlite:${path.replace(/^\/+/, '/')}`;
    return path.includes('\0') ? RULE : { type: 'sqlite', path };
  }
  if (!/^postgres(?:ql)?:\/\//.test(url)) return RULE;
  const parsed = URL.parse(url);
  if (parsed === null) {
    return 'this is no URL; characters such as @ / : # % in a user name or password are written as %40 %2F %3A %23 %25';
  }
  if (parsed.pathname.length < 2) return 'name the database, as in postgres://HOST/sallyport';
  return { type: 'postgres', host: parsed.host, database: parsed.pathname.slice(1) };
}

/** The place without user name, password and parameters: for people and logs. */
export function shownUrl(url: string): string {
  const place = parseRecordsUrl(url);
  if (typeof place !== 'string') {
    if (place.type === 'postgres')
      return `postgres://${place.host}/${/^[\w.-]+$/.test(place.database) ? place.database : '…'}`;
    return url;
  }
  // Whatever it is, there may be a password in it.
  return /^[a-z]+:/.exec(url)?.[0].concat('…') ?? (/[@:/]/.test(url) ? '…' : JSON.stringify(url.slice(0, 40)));
}

/** Where the records of a configuration are. */
export function recordsOf(config: Pick<Config, 'records' | 'login' | 'budget' | 'routes' | 'state'>): string {
  if (config.records !== undefined) return config.records;
  // What was spent and who can log in must not be forgotten by a restart.
  const keepsMoney = hasBudgets(config) && !isShared(config);
  return config.login?.accounts !== undefined || keepsMoney ? 'sqlite:./sallyport.sqlite' : 'memory';
}

/** Whether anything here costs money. */
export function hasBudgets({ routes = [] }: Pick<Config, 'routes'>): boolean {
  return routes.some(({ cost }) => cost !== undefined);
}

/** The same place, whichever folder the process works in. */
export function absoluteUrl(url: string, folder: string): string {
  const place = parseRecordsUrl(url);
  return typeof place === 'string' || place.type === 'postgres' || url === 'memory'
    ? url
    : `sqlite:${resolve(folder, place.path)}`;
}
