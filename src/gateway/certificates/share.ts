import type { KeyPair } from './self-made.ts';

/** A challenge by tls-alpn-01 that every server on the gate's port has to answer. */
export interface OpenChallenge {
  readonly name: string;
  /** What it is answered with; null where it is over. */
  readonly pair: KeyPair | null;
}

/** What a gate has to do with certificates that others serve as well: the other workers on its port. */
export interface CertificateShare {
  /** Whether it gets and renews them. Who does not reads what another has kept. */
  readonly leads: boolean;
  /** Has all others answer a challenge, or end to. Resolved once all do. */
  tell(challenge: OpenChallenge): Promise<void>;
  /** There is a new one in the folder: all others read it. */
  renewed(): void;
  /** What the one that leads tells. */
  follow(follower: CertificateFollower): void;
}

export interface CertificateFollower {
  answer(challenge: OpenChallenge): void;
  read(): void;
}

export const ALONE: CertificateShare = {
  leads: true,
  tell: async () => {},
  renewed: () => {},
  follow: () => {},
};
