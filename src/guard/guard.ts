import type { ChallengeKind } from '../wire/challenge.ts';
import type { BehaviourFigures } from './behaviour.ts';
import type { Answer, Decision } from './decision.ts';
import type { Config } from './config.ts';
import type { BudgetDesk, CostWatch } from './cost-watch.ts';
import type { CreationWatch } from './creation-watch.ts';
import type { AddressLists } from './lists.ts';
import type { KeyDesk } from './key-desk.ts';
import type { KeyAlarm } from './keys.ts';
import type { Open, Watched } from './open.ts';
import type { Policy } from './policy.ts';
import type { Repeats } from './repeats.ts';
import type { Restored } from './restored.ts';
import type { ServedWatch } from './served-watch.ts';
import type { Visitor } from './rollout.ts';
import type { UserAdmin } from './user-admin.ts';
import type { SessionDesk } from './session-desk.ts';
import type { SealedDesk } from './sealed.ts';
import type { RequestView } from './view.ts';

/** The engine as adapters see it. `createGuard` in src/index.ts makes one. */
export interface Guard {
  readonly policy: Policy;
  /** Reads a request in the names of its build (docs/builds.md): before anything else sees it. Absent where there are no builds. */
  readonly translate?: (request: RequestView) => RequestView;
  /** Judges one request. Synchronous unless the body has to be read or a layer must ask someone. Never throws. */
  decide(request: RequestView): Decision | Promise<Decision>;
  /** True for requests that the guard answers itself: everything under the mount. */
  owns(request: RequestView): boolean;
  /** Answers a request under the mount: entry, script, key set. Goes through the same layers first. */
  serve(request: RequestView): Promise<Answer>;
  /** Opens sealed calls; null or absent where no route takes any. */
  readonly sealed?: SealedDesk | null;
  /** What a refused (enforced) decision looks like to this client: problem+json, or HTML for navigations. */
  refusalAnswer(request: RequestView, decision: Decision): Answer;
  /** What is known once the backend has answered: redirects become grants before the head is released. */
  settle(request: RequestView, decision: Decision, response: ResponseFacts): void | Promise<void>;
  /** The answer to an admitted request has ended, or broken off: what it held is free again. Once or more often. */
  finish?(decision: Decision): void;
  /** An admitted request that will not reach the backend: it gets back all that it took. */
  unsent?(decision: Decision): void;
  /** `Set-Cookie` values that a page answer with this Cache-Control gets: the stamp, or none. */
  stampFor(request: RequestView, cacheControl: string): string | null;
  /**
   * A token for the forms of a page that this request gets, and the cookies that have to go with it; null where no route
   * asks for tokens. For backends that write their own forms: a hidden field named `field`, anew for each page.
   */
  formToken?(request: RequestView, decision: Decision): FormToken | null;
  /**
   * Reads the HTML of a page that goes out with this stamp, where the policy asks for ids that pages give; null where it does
   * not. `stamp` is the value of Set-Cookie.
   */
  readPage?(request: RequestView, stamp: string): ((html: Uint8Array) => void) | null;
  /** Element to insert into pages, e.g. `<script src="/_sallyport/s.3fa9….js"></script>`. */
  scriptTag(nonce: string): string;
  /** Content hash of the current script, 16 hex characters: salts page validators. */
  readonly scriptHash: string;
  /** The build that pages get (docs/builds.md); null or absent where there are none. */
  readonly builds?: (() => BuildFigures) | null;
  /** The script as worker scripts get it in front (docs/protocol.md §1.6): its address, and a text that runs there. */
  readonly workerScript?: { readonly url: string; readonly text: string };
  /**
   * Replaces the policy; requests already being judged finish under the old one. Layers that `restored` names go on as the
   * earlier configuration beside them has them. Throws ConfigError.
   */
  reload(config: Config, restored?: ReadonlyMap<string, Restored>): void;
  /**
   * Asks before each {@link reload}, once the next configuration is known to be one: whoever serves by this guard throws
   * ConfigError for what it could not keep, and everything stays as it was.
   */
  beforeReload?(check: (next: Config) => void): void;
  /** Whose request it is, by what was sealed here, and which share of a roll-out that is; null for nobody's. */
  readonly visitorOf?: (request: RequestView) => Visitor | null;
  /**
   * Asks again, about once a second, what an admitted request stood on that may stay open, and ends it where that no longer
   * holds; listeners hear of it. In report mode nothing is ended. Cheap for what ends at once.
   */
  watch?(open: Open): Watched;
  /** Called with every decision on covered routes and every refusal, after it was made: records, metrics, log. */
  onDecision(listener: (decision: Decision, request: RequestView) => void): void;
  /** The browser sessions that entered here. */
  readonly sessions?: SessionDesk;
  /** Issues and ends API keys; null where no route takes any. */
  readonly keys?: KeyDesk | null;
  /** Called when an API key is seen where none may be: in a page, in a URL. */
  onKeyAlarm?(listener: (alarm: KeyAlarm) => void): void;
  /** Called when a provider of challenges refuses the gate itself: a wrong key, a quota that is used up. */
  onChallengeFault?(listener: (kind: ChallengeKind, reason: string) => void): void;
  /** How far learning has come; null where nothing is learned. */
  readonly behaviour?: (() => BehaviourFigures) | null;
  /** Follows what calls cost. */
  readonly costs?: CostWatch;
  /** What was spent of budgets. */
  readonly budgets?: BudgetDesk;
  /** Remembers who created what, by the backend's answers; null where no route asks. */
  readonly creations?: CreationWatch | null;
  /** Gives the answers to calls that are sent again because they were lost. Whoever forwards calls tells it of answers. */
  readonly repeats?: Pick<Repeats, 'follow'>;
  /** Notes which ids the backend's answers give. */
  readonly serves?: ServedWatch;
  /** Published lists of networks; null where there are none. */
  readonly lists?: AddressLists | null;
  /** The people who can log in here; null where nobody can. */
  readonly users?: UserAdmin | null;
  close(): Promise<void>;
}

/** One build of the page's script. */
export interface BuildFigures {
  /** 16 hex digits. */
  readonly id: string;
  /** How long it took to make: milliseconds. */
  readonly ms: number;
  /** What every page loads, after gzip. */
  readonly bytes: number;
}

export interface FormToken {
  readonly token: string;
  /** Name of the form field. */
  readonly field: string;
  /** Values of Set-Cookie. */
  readonly cookies: readonly string[];
}

export interface ResponseFacts {
  readonly status: number;
  /** Value of Location; '' without one. */
  readonly location: string;
}
