import { Counter, Gauge, type Registry } from 'prom-client';
import type { CertificateEvent } from './event.ts';

/** Figures of the certificates that a gate looks after. Names come from its configuration alone. */
export function countCertificates(registers: Registry[]): (event: CertificateEvent) => void {
  const expiry = new Gauge({
    name: 'sallyport_certificate_expiry_timestamp_seconds',
    help: 'When the certificate in use ends, in Unix seconds; 0 where there is none yet.',
    aggregator: 'max',
    labelNames: ['name'] as const,
    registers,
  });
  const failures = new Counter({
    name: 'sallyport_certificate_failures_total',
    help: 'Times that a certificate could not be got or renewed.',
    registers,
  });
  return ({ names, ends, outcome }) => {
    expiry.set({ name: names[0] ?? '' }, Math.floor(ends / 1000));
    if (outcome === 'failed') failures.inc();
  };
}
