import type { Sample } from './answer.ts';
import type { Chromium, ChromiumOptions } from './browser.ts';
import type { Display } from './display.ts';
import type { RawRequest, Sender } from './http.ts';
import type { Target } from './target.ts';
import type { ObjectRoutes } from './object-routes.ts';
import type { FormRoute, IssuedKeys, LabOptions, UnfitToken } from './options.ts';
import type { People } from './people.ts';
import type { Prices } from './prices.ts';
import type { ProviderLogin } from './provider-login.ts';
import type { UseRoutes } from './use-routes.ts';
import type { Tally } from './tally.ts';
import type { Opening, WireClient } from './wire-client.ts';

/** Parts of the table. */
export type Group = 'requests' | 'doors' | 'use' | 'login' | 'tokens' | 'objects' | 'keys';

/** One attacker. Added by a file in src/lab/attackers and a line in src/lab/index.ts. */
export interface Attacker {
  /** Stable, for `--json` readers. */
  readonly name: string;
  /** Where the table lists it. */
  readonly group: Group;
  /** What the table calls it. */
  readonly title: string;
  /** Whether it is about people who log in at the gate. */
  readonly needsLogin?: true;
  /** How it is done and measured, in one sentence. */
  readonly how: string;
  /** What somebody has to write or run to do the same, one thing each: their number is the price in work. */
  readonly steps: readonly string[];
  /** What the list of what is still possible says when it gets in: a sentence without its full stop. */
  readonly possible: string;
  /** Throws NotRun (not-run.ts) where it cannot run. Must stop by itself at `lab.until`. */
  run(lab: Lab, tally: Tally): Promise<void>;
}

/** What attackers share during one run. */
export interface Lab {
  readonly target: Target;
  readonly method: string;
  /** Path of a page of the target's origin. */
  readonly page: string;
  /** An API key of the gate; '' where none was given. */
  readonly apiKey: string;
  /** Keys that were issued for this run; null where there are none. */
  readonly issued: IssuedKeys | null;
  /** What the gate's policy says of use, and calls that the caller allows. */
  readonly use: UseRoutes;
  /** Who sells solutions of a provider's challenges; null where nobody was given. */
  readonly solve: NonNullable<LabOptions['solve']> | null;
  /** A form that asks for its token, where policy names one. */
  readonly form: FormRoute | null;
  /** A token of the app; '' where none was given. */
  readonly token: string;
  /** A token of somebody else; ''. */
  readonly otherToken: string;
  readonly unfitTokens: readonly UnfitToken[];
  /** Lower case. */
  readonly tokenHeader: string;
  /** What attackers pay, by assumption. */
  readonly prices: Prices;
  /** Calls an attacker makes at most where the number decides how well its price is known. */
  readonly calls: number;
  /** Seconds between a capture and its late replay, at least. */
  readonly later: number;
  /** Whether nobody can log in at this gate, as its owner knows. */
  readonly nobody: boolean;
  /** People at the gate's OpenID provider; null where the caller gave none. */
  readonly providerLogin: ProviderLogin | null;
  /** Monotonic milliseconds ({@link Lab.now}) at which the running attacker must stop. */
  readonly until: number;
  now(): number;
  /** A new connection for a new attacker, closed with the run; from this IPv4 address of the machine, where one is named. */
  sender(localAddress?: string): Sender;
  /** A new client that has not walked the doors yet, closed with the run; by this sender, where one is named. */
  wireClient(sender?: Sender): WireClient;
  /** What the run learned before the first attacker. */
  readonly base: Baseline;
  /** A client that walked the doors as the page does; null where they did not open, with the reason in `base.doors`. */
  readonly honest: WireClient | null;
  /** The system's Chromium, started at first use. Throws NotRun (not-run.ts) where there is none. */
  chromium(): Promise<Chromium>;
  /** Another one, for whoever asks and closes it. Throws NotRun as well. */
  browser(options: Omit<ChromiumOptions, 'window'> & { readonly window?: true }): Promise<Chromium>;
  /** Where windows of this run are drawn. */
  display(): Promise<Display>;
  /** The client of the person whose token it is: one for the run, because a token belongs to one session. */
  tokenClient(): Promise<{ readonly client: WireClient; readonly opening: Opening }>;
  /**
   * Two people who are logged in at the gate's own accounts, the same for the whole run. Throws NotRun (not-run.ts) where
   * there are none.
   */
  people(): Promise<People>;
  /** How an object is made and reached; null where nobody said. */
  readonly object: ObjectRoutes | null;
  /** Headers of one call made by the page in a real browser, or by the wire client where there is no browser. */
  pageHeaders(): Promise<CopiedHeaders>;
}

export interface CopiedHeaders {
  readonly from: 'browser' | 'wire client';
  /** Flat name, value list as it went over the wire, without the cookie and the proof. */
  readonly fields: readonly string[];
  /** Whether copying took one call that the backend answered. */
  readonly honest: boolean;
}

/** What an honest client and a plain one are answered, before anybody attacks. */
export interface Baseline {
  /** Whether a gate answers at all: by its decision header, or at its doors. */
  readonly gate: boolean;
  /** '' where the doors opened, else why they did not. */
  readonly doors: string;
  /** Whether this address asks for somebody, as whom the honest client has logged in. */
  readonly person: boolean;
  /** The honest client's call, which every other answer is compared with. Null where the doors did not open. */
  readonly honest: Sample | null;
  /** One plain call's answer. */
  readonly plain: Sample;
  /** Signed requests whose originals were admitted before the first attacker ran. Empty without doors. */
  readonly captured: readonly Captured[];
}

export interface Captured {
  readonly request: RawRequest;
  /** Monotonic milliseconds. */
  readonly at: number;
}
