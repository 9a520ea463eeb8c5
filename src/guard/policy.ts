import type { Carrier, Level } from './decision.ts';
import type { ChoiceRule } from './choices.ts';
import type { CostRule } from './budget.ts';
import type { ChallengePolicy, ChallengeRule } from './challenge.ts';
import type { CedarRule } from './cedar-question.ts';
import type { AddressRules } from './config-addresses.ts';
import type { DegradeConfig } from './config-budget.ts';
import type { Can, Config, Mode } from './config.ts';
import type { BanRule } from './config-bans.ts';
import type { BehaviourRule } from './config-behaviour.ts';
import type { AntiForgeryRule } from './config-forms.ts';
import type { CreatorRule } from './creator.ts';
import type { BuildsRule } from './config-builds.ts';
import type { DriftRule } from './drift.ts';
import type { OrderRule, Step } from './order.ts';
import type { OwnerRule } from './owner.ts';
import type { SchemaRule } from './schema/rule.ts';
import type { ServedRule, ServedSource } from './served.ts';
import type { DocumentedCall } from './schema/documented.ts';
import type { UseRules } from './use.ts';
import type { WhenUnsure } from './unsure.ts';

/** One row of the compiled policy: what one method and path pattern requires. */
export interface RouteRule {
  /** As configured, or `protect /api/**`, `open /hook`, `default`: what `check` and `why` print. */
  readonly name: string;
  /** Upper-case method, or '' for all. HEAD falls under GET's rule. */
  readonly method: string;
  readonly pattern: string;
  readonly level: Level;
  /** Ways this route may be called besides `call`. */
  readonly carriers: ReadonlySet<Carrier>;
  readonly bodySigned: boolean;
  readonly encodedOpaque: boolean;
  /** Whether its calls come sealed, and in no other way (docs/sealed.md). */
  readonly sealed: boolean;
  readonly sync: ReadonlySet<'beacon' | 'sync' | 'url'>;
  readonly client: ClientRule;
  readonly mode: Mode;
  /** Buckets that it is enforced for, where it is (src/guard/rollout.ts). */
  readonly rollout: number;
  readonly maxBody: number;
  readonly contentTypes: readonly string[];
  readonly signed: readonly string[];
  /** What is asked of the person who calls; null where nobody has to be logged in. */
  readonly user: UserRule | null;
  /** Scopes that an API key needs to call instead of a page; null where no key may. */
  readonly keys: readonly string[] | null;
  /** Page where programs get a key for this route; '' for none. */
  readonly keySignUp: string;
  /** Whether declared bots may read here without a page. */
  readonly bots: boolean;
  /** Whether what changes something has to show a token against forgery. */
  readonly antiForgery: boolean;
  /** As the configuration lists it, where this stands for what nobody calls; ''. */
  readonly decoy: string;
  /** From which networks. */
  readonly addresses: AddressRules;
  /** How much of it, by whom. */
  readonly use: UseRules;
  /** What the client may choose in the body. */
  readonly choices: readonly ChoiceRule[];
  /** What becomes of its calls when most of a budget is spent; null for nothing. */
  readonly degrade: DegradeConfig | null;
  /** What it costs, and whom. */
  readonly costs: readonly CostRule[];
  /** What further step is asked for; null for none. */
  readonly challenge: ChallengeRule | null;
  /** In what order. */
  readonly orders: readonly OrderRule[];
  /** Steps that its calls are, for routes that come after it. */
  readonly steps: readonly Step[];
  /** Ids that a session must have been given. */
  readonly served: readonly ServedRule[];
  /** What its answers give. */
  readonly sources: readonly ServedSource[];
  /** What its requests' content has to look like. */
  readonly schemas: readonly SchemaRule[];
  /** Whether what only reads goes on while state cannot be reached. */
  readonly whenUnsure: WhenUnsure;
  /** True where the configuration names this route under `routes`. */
  readonly named: boolean;
  /** True for the row that answers unlisted methods or paths inside protected patterns: 403 `forbidden` or 405. */
  readonly unlisted: boolean;
  /** Methods listed for the same path; for 405 and Allow. Empty where any is taken. */
  readonly allow: readonly string[];
  /**
   * Rules that the request may fall under as well, because it names their method: what they ask of the person holds
   * beside this one's own.
   */
  readonly also: readonly RouteRule[];
}

/** Who may make a call. Fields that ask nothing are empty. */
export interface UserRule {
  /** One of these. */
  readonly roles: readonly string[];
  /** All of these. */
  readonly scopes: readonly string[];
  /** Seconds since the login; 0 for any time. */
  readonly maxAge: number;
  /** One of these. */
  readonly acr: readonly string[];
  readonly can: Can | null;
  readonly owner: OwnerRule | null;
  readonly creator: CreatorRule | null;
  /** Asked of a key in place of a person, too. */
  readonly cedar: CedarRule | null;
}

/** Name of the rule that takes the pages of every client: no client can be called so. */
export const ANY_CLIENT = '*';

export interface ClientRule {
  readonly name: string;
  /** Exact origins, `self` resolved by `Policy.ownOrigins`. */
  readonly origins: ReadonlySet<string>;
  readonly self: boolean;
  readonly originPatterns: readonly RegExp[];
  readonly stamp: 'require' | 'waive';
}

/** The compiled configuration. Immutable; a reload makes a new one. */
export interface Policy {
  readonly config: Config;
  readonly mode: Mode;
  readonly mount: string;
  readonly routes: readonly RouteRule[];
  /** Routes whose answers name objects that somebody created, by name, and the rules that ask for their creators. */
  readonly creations: ReadonlyMap<string, readonly CreatorRule[]>;
  /** Row for the gate's own addresses under the mount. */
  readonly mountRoute: RouteRule;
  /** Row for the address of sealed calls, before they are opened. */
  readonly sealedRoute: RouteRule;
  /** Whether any route takes sealed calls. */
  readonly seals: boolean;
  /** Row for what only a page with its key may ask of the gate itself. */
  readonly ownRoute: RouteRule;
  /** Row for what anyone may fetch under the mount: the script, the key set, the page of codes. */
  readonly assetRoute: RouteRule;
  readonly clients: ReadonlyMap<string, ClientRule>;
  /** Listed authorities, lower case. */
  readonly authorities: ReadonlySet<string>;
  /** Their origins: what `self` means. */
  readonly ownOrigins: ReadonlySet<string>;
  readonly layerModes: ReadonlyMap<string, Mode>;
  /** Buckets that single layers are enforced for, where that differs from their routes. */
  readonly layerShares: ReadonlyMap<string, number>;
  /** Buckets that enforce mode is for. */
  readonly rollout: number;
  readonly loosePaths: boolean;
  readonly stampCookie: string;
  readonly sessionCookie: string;
  /** Seconds. */
  readonly session: {
    readonly idle: number;
    readonly max: number;
    readonly recent: number;
    readonly bind: 'login' | 'always';
  };
  /** What is asked of a session that shows up elsewhere. */
  readonly drift: DriftRule;
  readonly mint: { readonly perPrefix: number; readonly total: number };
  readonly insecureHttp: boolean;
  /** What holds for all challenges; null where nobody is asked for any. */
  readonly challenge: ChallengePolicy | null;
  /** What the OpenAPI document lists, and where each call of it is held to it; empty without a document. */
  readonly documented: readonly DocumentedCall[];
  /** Bans that come of themselves; null where none do. */
  readonly bans: BanRule | null;
  /** What is done about unusual sessions; null for nothing. */
  readonly behaviour: BehaviourRule | null;
  /** Builds of the page's script; null where there is one, in the protocol's own names. */
  readonly builds: BuildsRule | null;
  /** Tokens against forged requests; null where no route asks for any. */
  readonly antiForgery: AntiForgeryRule | null;
  /** First row that fits. `open` rows compare `path`, all others `folded`. Never null: the last row fits all. */
  match(method: string, path: string, folded: string): RouteRule;
}
