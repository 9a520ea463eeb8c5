import type { Config } from '../../guard/config.ts';
import { tlsOf } from '../../guard/config-tls.ts';
import { certificateFolder, endOf, keepPair, nameFor, readPair } from './folder.ts';
import { type KeyPair, makeCertificate } from './self-made.ts';

/** A certificate that has less than this left is made anew. */
const LEAST_MS = 30 * 86_400_000;

/** The gate's own certificate and where it lies; '' where it could not be kept and ends with the process. */
export interface LocalCertificate extends KeyPair {
  readonly file: string;
  readonly names: readonly string[];
}

/** Made in this process and not kept; by names. */
const unkept = new Map<string, KeyPair>();

/** The kept self-made certificate for this configuration's names, or a new one. */
export function localCertificate(config: Config, now = Date.now()): LocalCertificate {
  const names = localNames(config);
  const folder = certificateFolder(tlsOf(config.tls)?.dir);
  const name = nameFor('self', names);
  const file = `${folder}/${name}.pem`;
  const kept = readPair(folder, name);
  if (kept !== null && endOf(kept) - now > LEAST_MS) return { ...kept, file, names };
  const made = unkept.get(name);
  if (made !== undefined && endOf(made) - now > LEAST_MS) return { ...made, file: '', names };
  const pair = makeCertificate(names, now);
  try {
    keepPair(folder, name, pair);
    return { ...pair, file, names };
  } catch {
    // A user without a home, a folder that is not ours: then in memory, and said so.
    unkept.set(name, pair);
    return { ...pair, file: '', names };
  }
}

/** Loopback, and every name under which this gate answers. */
function localNames({ listen = '', public: origin, hosts = [] }: Config): string[] {
  const names = new Set(['localhost', '127.0.0.1', '::1']);
  const authorities = [listen, ...hosts, ...(origin === undefined ? [] : [new URL(origin).host])];
  for (const authority of authorities) {
    const url = URL.parse(`https://${authority}`);
    const name = (url?.hostname ?? '').replace(/^\[|\]$/g, '');
    if (name !== '' && name !== '0.0.0.0' && name !== '::') names.add(name);
  }
  return [...names];
}
