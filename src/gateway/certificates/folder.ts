import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { assertOurs, prepareFolder } from '../runtime-folder.ts';
import type { KeyPair } from './self-made.ts';

/** Where certificates are kept where the configuration names no folder. */
export function certificateFolder(dir: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  if (dir !== undefined) return dir;
  const state = environment['XDG_STATE_HOME'];
  return join(state?.startsWith('/') === true ? state : join(homedir(), '.local', 'state'), 'sallyport');
}

/** A file's name for these host names: certificates of other names lie beside it. */
export function nameFor(kind: 'self' | 'acme', names: readonly string[], salt = ''): string {
  const hash = createHash('sha256').update(`${salt}\n${[...names].sort().join('\n')}`);
  return `${kind}-${hash.digest('hex').slice(0, 12)}`;
}

/** The certificate and key kept under this name; null where there is none that can be used. */
export function readPair(folder: string, name: string): KeyPair | null {
  try {
    assertOurs(folder);
    const text = readFileSync(join(folder, `${name}.pem`), 'utf8');
    const split = text.indexOf('-----BEGIN CERTIFICATE-----');
    const pair = { key: text.slice(0, split), cert: text.slice(split) };
    return split > 0 && !Number.isNaN(endOf(pair)) ? pair : null;
  } catch {
    return null;
  }
}

/** Keeps them, readable by this user alone. One file, put in place as a whole, so that key and certificate always fit. */
export function keepPair(folder: string, name: string, pair: KeyPair): void {
  keepFile(folder, `${name}.pem`, `${pair.key.trim()}\n${pair.cert}`);
}

export function keepFile(folder: string, name: string, text: string): void {
  prepareFolder(folder);
  const part = join(folder, `${name}.${process.pid}.part`);
  try {
    // Left by a process of the same number that was killed: in containers all have one.
    rmSync(part, { force: true });
    writeFileSync(part, text, { mode: 0o600, flag: 'wx' });
    renameSync(part, join(folder, name));
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/** When the first certificate of the chain ends, in Unix milliseconds. */
export const endOf = ({ cert }: Pick<KeyPair, 'cert'>): number => Date.parse(new X509Certificate(cert).validTo);

/** When it begins. */
export const startOf = ({ cert }: Pick<KeyPair, 'cert'>): number => Date.parse(new X509Certificate(cert).validFrom);

/** Its SHA-256, as browsers show it: `AB:CD:…`. */
export const fingerprintOf = ({ cert }: Pick<KeyPair, 'cert'>): string => new X509Certificate(cert).fingerprint256;
