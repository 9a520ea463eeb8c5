import type { Server as HttpsServer } from 'node:https';
import type { Config } from '../../guard/config.ts';
import { tlsOf } from '../../guard/config-tls.ts';
import { putTls, readServerTls } from '../tls.ts';
import type { CertificateEvent } from './event.ts';
import { certificateFolder, endOf, fingerprintOf } from './folder.ts';
import { localCertificate } from './local.ts';
import { alpnAnswers, type Renewer, startRenewer } from './renewer.ts';
import type { CertificateShare } from './share.ts';

/** How often a self-made certificate is looked at. */
const LOOK_MS = 6 * 3_600_000;

export interface KeeperParts {
  readonly server: HttpsServer;
  /** The configuration in force. */
  config(): Config;
  isApi(path: string): boolean;
  tell(event: CertificateEvent): void;
  now(): number;
  readonly share: CertificateShare;
}

/** Looks after the certificates that the gate makes or gets itself. */
export interface Keeper {
  /** Goes by the configuration in force now. */
  reload(): void;
  /** Port at which challenges are answered by plain HTTP; 0 where there is none. */
  plain(): Promise<number>;
  close(): void;
}

export function keepCertificates(parts: KeeperParts): Keeper {
  return parts.share.leads ? lead(parts) : follow(parts);
}

/** Serves what another has got: nothing is asked of anybody here. */
function follow({ server, config, share, now }: KeeperParts): Keeper {
  const answers = alpnAnswers(server);
  const read = (): void => putTls(server, readServerTls(config()));
  share.follow({ answer: answers.set, read });
  // A self-made one is made anew by whoever first looks after it has grown old.
  let ends = 0;
  const look = (): void => {
    if (tlsOf(config().tls)?.self !== true) return;
    const found = endOf(localCertificate(config(), now()));
    if (ends !== 0 && found !== ends) read();
    ends = found;
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return { reload: look, plain: () => Promise.resolve(0), close: () => clearInterval(timer) };
}

function lead(parts: KeeperParts): Keeper {
  let renewer: Renewer | null = null;
  let timer: NodeJS.Timeout | undefined;
  let settings = '';
  let told = '';
  const put = (): void => {
    putTls(parts.server, readServerTls(parts.config()));
    parts.share.renewed();
  };
  const tellLocal = (): void => {
    const config = parts.config();
    if (tlsOf(config.tls)?.self !== true) return;
    const certificate = localCertificate(config, parts.now());
    const fingerprint = fingerprintOf(certificate);
    if (fingerprint === told) return;
    if (told !== '') put();
    told = fingerprint;
    const { names, file } = certificate;
    parts.tell({
      source: 'self',
      outcome: 'served',
      names,
      ends: endOf(certificate),
      fingerprint,
      file,
      reason: '',
      again: 0,
    });
  };
  const start = (): void => {
    const config = parts.config();
    const tls = tlsOf(config.tls);
    const now = JSON.stringify([tls?.acme, tls?.dir, config.public]);
    tellLocal();
    if (now === settings) return;
    settings = now;
    renewer?.close();
    renewer = null;
    if (tls?.acme === undefined) return;
    const folder = certificateFolder(tls.dir);
    renewer = startRenewer({ ...parts, config: tls.acme, folder, put, originOf: (host) => originOf(config, host) });
  };
  start();
  timer = setInterval(tellLocal, LOOK_MS);
  timer.unref();
  return {
    reload: start,
    plain: () => renewer?.plain ?? Promise.resolve(0),
    close() {
      clearInterval(timer);
      renewer?.close();
    },
  };
}

/** Only names of ours: who redirects to whatever Host says redirects to anywhere. */
function originOf({ public: shown, tls }: Config, host: string): string {
  if (shown !== undefined && new URL(shown).hostname === host) return shown;
  return tlsOf(tls)?.acme?.domains.includes(host) === true ? `https://${host}` : '';
}
