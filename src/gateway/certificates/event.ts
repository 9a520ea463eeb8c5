/** What became of a certificate that the gate looks after. */
export interface CertificateEvent {
  /** Who signs it: the gate itself, or an authority by ACME. */
  readonly source: 'self' | 'acme';
  /** `served` from now on; `failed` to be got or renewed: the old one, if any, stays. */
  readonly outcome: 'served' | 'failed';
  readonly names: readonly string[];
  /** Unix milliseconds at which the certificate in use ends; 0 where there is none. */
  readonly ends: number;
  /** SHA-256 of the certificate in use, as browsers show it; '' where there is none. */
  readonly fingerprint: string;
  /** Where it is kept; '' where it ends with the process. */
  readonly file: string;
  /** What went wrong; '' unless `failed`. */
  readonly reason: string;
  /** Unix milliseconds of the next try; 0 unless `failed`. */
  readonly again: number;
}
