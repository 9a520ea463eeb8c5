import type { Network } from '../lib/address.ts';
import type { Config } from './config.ts';
import type { KeyKind } from '../wire/key.ts';
import type { KeyFacts } from './subject.ts';

/** Whether keys mean anything under this configuration: some route takes them. */
export function takesKeys(config: Config): boolean {
  return config.keys !== undefined || (config.routes ?? []).some((route) => route.keys !== undefined);
}

/** A key as the key layer knows it. */
export interface KnownKey {
  readonly facts: KeyFacts;
  readonly kind: KeyKind;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  /** 0: never. */
  readonly expires: number;
  /** Why it opens nothing, whatever it shows; '' where it may. */
  readonly ended: '' | 'revoked' | 'disabled' | 'banned';
  /** It may come from these alone; none for anywhere. */
  readonly networks: readonly Network[];
  /** Requests in so many milliseconds; null for no limit. */
  readonly quota: { readonly count: number; readonly per: number } | null;
  /** SHA-256 of the client certificate that has to come with it; null without. */
  readonly thumbprint: string | null;
  /** Whether a text is this key, or the secret that it signs with. Constant time where it is a bearer key. */
  matches(key: string): boolean;
  /** Whether a signature over this base (base64) is by this key. Never throws. */
  verify(base: string, signature: string): boolean;
}

/** All keys, in memory: what the key layer asks, without waiting. Filled from records by src/keys. */
export interface KeyDirectory {
  /** Also keys that have ended; null where there is none of this id. */
  find(id: string): KnownKey | null;
  /** False while changes that other processes made may not be known here: then no key opens anything. */
  isCurrent(): boolean;
  /** Counts a request that was made with a key and when. */
  used(id: string, now: number, refused: boolean): void;
  /** A key is where none may be. */
  alarm(alarm: KeyAlarm): void;
}

export interface KeyAlarm {
  /** Public id of the key. */
  readonly key: string;
  readonly account: string;
  /**
   * In a page's request, in a URL, or the private half of a signing key sent as if it were a bearer key. `test-pass`: no
   * key, but a pass for tests, shown to a gate that trusts none. `decoy`: no key either, but a session (`key` is its label)
   * whose page has called what nobody calls.
   */
  readonly where: 'browser' | 'url' | 'secret' | 'test-pass' | 'decoy';
  readonly route: string;
  readonly prefix: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** `mint`: a prefix from which a rule lets nobody open a new session for a while; what is open there goes on. */
export type BanScope = 'session' | 'key' | 'subject' | 'prefix' | 'mint';

/** What is banned now. In memory, filled from records. */
export interface Bans {
  /** @param value as records name it: see `Ban.value` */
  has(kind: BanScope, value: string): boolean;
  /** True where nothing of this kind is banned: spares whoever asks the making of the value. */
  isEmpty(kind: BanScope): boolean;
}
