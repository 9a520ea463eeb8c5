import type { Bundle } from '../doors/script.ts';
import type { FormTokens } from '../doors/anti-forgery.ts';
import type { Make } from '../builds/shelf.ts';
import type { SessionCookies } from '../doors/session-cookie.ts';
import type { Tickets } from '../doors/ticket.ts';
import type { WhereaboutsReader } from '../doors/whereabouts.ts';
import type { Ask } from '../guard/ask.ts';
import type { Failure, NewBan } from '../guard/ban-rule.ts';
import type { Crawlers, Resolver } from '../guard/bots.ts';
import type { Bans, KeyAlarm } from '../guard/keys.ts';
import type { Layer } from '../guard/layer.ts';
import type { Ledger } from '../guard/ledger.ts';
import type { AddressLists } from '../guard/lists.ts';
import type { Records } from '../guard/records.ts';
import type { Siblings } from '../guard/siblings.ts';
import type { State } from '../guard/state.ts';
import type { Identity } from '../identity/index.ts';
import type { BotParts } from '../layers/bot.ts';
import type { BehaviourParts } from '../layers/behaviour.ts';
import type { ChallengeParts } from '../layers/challenge.ts';
import type { KeyParts } from '../layers/key.ts';
import type { PageGives } from '../layers/served.ts';
import type { Clock } from '../lib/clock.ts';

/** What layers are made of. */
export interface LayerParts {
  readonly tickets: Tickets;
  readonly cookies: SessionCookies;
  readonly clock: Clock;
  /** Reads from where requests come. */
  readonly whereabouts: WhereaboutsReader;
  /** Who can be somebody here; null where nobody can log in. */
  readonly identity: Pick<Identity, 'logins' | 'readers' | 'creations'> | null;
  /** API keys; null where no route takes any. */
  readonly keys: KeyParts | null;
  /** Asks the backend; without it `owner` admits nobody. */
  readonly ask?: Ask | null;
  /** Tokens against forged requests. */
  readonly forms: FormTokens;
  /** Who is kept out; null or nothing where nobody can be. */
  readonly bans?: Bans | null;
  /** Published lists of networks; null or nothing where there are none. */
  readonly lists?: AddressLists | null;
  /** Declared bots; null or nothing where none are listed. */
  readonly bots?: BotParts | null;
  /** Crawlers that are known by where they come from; null or nothing where none are listed. */
  readonly crawlers?: Crawlers | null;
  /** Which ids pages give; nothing where none are read. */
  readonly pageGives?: PageGives;
  /** Told of calls that failed and were signed by whoever is named. */
  readonly failed?: (failure: Failure) => void;
  /** What calls may be asked for besides their proof. */
  readonly challenges?: ChallengeParts | null;
  /** How usual sessions are; null or nothing where nothing is learned. */
  readonly behaviour?: BehaviourParts | null;
  /** Told where keys and passes are shown that should not be there. */
  readonly alarm?: (alarm: KeyAlarm) => void;
}

/** What layers get in place of a part that is not there. */
export const NONE = Object.freeze({
  ask: null,
  bans: null,
  lists: null,
  bots: null,
  crawlers: null,
  challenges: null,
  behaviour: null,
  pageGives: () => false,
  failed: () => {},
  alarm: () => {},
} satisfies Partial<LayerParts>);

/** Where nobody can log in. */
export const NOBODY = Object.freeze({ logins: null, readers: [], creations: null });

/** What a guard is made of besides its configuration. Everything has a default; tests and adapters replace some. */
export interface GuardParts {
  /**
   * Secret from which the sealing keys are derived: at least 32 characters. Default: `SALLYPORT_SECRET`, else a
   * random one, and then stamps and sessions end with the process.
   */
  readonly secret?: string;
  /** Default: what the configuration's `state` names, opened and closed with the guard; else memory of this process. */
  readonly state?: State;
  /** Where money is counted. Default: where `state` is, else records where they last, else memory of this process. */
  readonly ledger?: Ledger;
  readonly clock?: Clock;
  /** Fills a buffer with random bytes. */
  readonly random?: (bytes: Buffer) => void;
  /** Default: `defaultLayers` of this package. */
  readonly layers?: (parts: LayerParts) => readonly Layer[];
  /** Asks the backend whose an object is; the gate gives it. Default: nobody is asked, and `owner` cannot be configured. */
  readonly ask?: Ask;
  /** What outlives the process: logins, keys, bans. Default: memory, where the configuration needs any. */
  readonly records?: Records;
  /** Who is kept out, as records say: the gate gives it. Default: nobody. */
  readonly bans?: Bans;
  /** Keeps a ban that a rule has made, where others can see and lift it. Default: the guard's own records, where it has any. */
  readonly keepBan?: (ban: NewBan) => Promise<boolean>;
  /** How busy this process is, 0 to 1: what challenges go by. Default: the share of its time in which it has something to do. */
  readonly load?: () => number;
  /** For what has to ask another server: OpenID providers, key sets. Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Guards in other threads that serve the same pages by the same state. Default: none. */
  readonly siblings?: Siblings;
  /** Asks name servers who crawlers are. Default: those of this machine. */
  readonly resolver?: Resolver;
  /** Makes the texts of a build of the page's script hard to read. Default: javascript-obfuscator, in a process of its own. */
  readonly makeBuild?: Make;
  /** The page's script, where it has been built already. */
  readonly bundle?: Bundle;
}
