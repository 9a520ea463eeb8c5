import { isLoopback } from '../../lib/loopback.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { CertificateEvent } from './event.ts';

/** Tells people and figures what became of a certificate. */
export function certified(event: CertificateEvent, metrics: Metrics, log: Log): void {
  metrics.certified(event);
  const { names, ends, fingerprint, file, again } = event;
  const listed = names.join(', ');
  const inUse =
    ends === 0 ? { names: listed } : { names: listed, ends: new Date(ends).toISOString(), fingerprint, file };
  if (event.outcome === 'failed') {
    log.warn(failure(event), { ...inUse, again: new Date(again).toISOString() });
  } else if (event.source === 'self') {
    log.warn(selfMade(event), inUse);
  } else {
    log.info('certificate in use', inUse);
  }
}

function failure({ names, ends, reason }: CertificateEvent): string {
  const state = ends === 0 ? 'there is none: TLS connections fail' : 'the old one stays in use';
  return `certificate for ${names.join(', ')}: ${state}: ${reason}`;
}

/** Which browsers have to be told, and how: nothing here is trusted by itself. */
function selfMade({ file, fingerprint, names }: CertificateEvent): string {
  const foreign = names.filter((name) => !isLoopback(name.includes(':') ? `[${name}]` : name));
  const kept = file === '' ? 'it ends with this process' : `it is in ${file}`;
  return [
    `certificate made by the gate itself (${kept}); browsers warn of it until you trust it.`,
    `Compare its SHA-256 before you do: ${fingerprint}.`,
    ...(foreign.length === 0
      ? []
      : [`Nobody else’s browser takes it for ${foreign.join(', ')}: give tls.acme or files there.`]),
    'For one that they trust by themselves: `mkcert localhost`, then --tls-cert and --tls-key',
  ].join(' ');
}
