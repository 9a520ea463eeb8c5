import type { AcmeConfig, TlsConfig } from '../../guard/config-tls.ts';
import { certificateFolder, nameFor, readPair } from './folder.ts';
import type { KeyPair } from './self-made.ts';

export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

/** What this directory's certificate for these names is kept under. */
export const nameOf = ({ domains, directory = LETS_ENCRYPT }: AcmeConfig): string =>
  nameFor('acme', domains, directory);

/** The certificate that an authority issued to an earlier run; null before the first. */
export function keptCertificate({ acme, dir }: TlsConfig): KeyPair | null {
  return acme === undefined ? null : readPair(certificateFolder(dir), nameOf(acme));
}
