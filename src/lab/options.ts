import { TICKET_RENEW_SECONDS } from '../wire/constants.ts';
import type { Config } from '../guard/config.ts';
import type { ChallengeKind, ChallengeParameters } from '../wire/challenge.ts';
import type { ProviderLogin } from './provider-login.ts';
import type { ObjectRoutes } from './object-routes.ts';
import type { Account } from './people.ts';
import { checkPrices } from './load-prices.ts';
import { PRICES, type Prices } from './prices.ts';
import type { RulesOrder } from './rules/measure.ts';
import { LabError } from './target.ts';
import { type UseRoutes, useRoutes } from './use-routes.ts';

export interface LabOptions {
  /** Method of every call. Default GET: the lab changes nothing unless asked to. */
  readonly method?: string;
  /** Path of a page of the app on the same origin. Default `/`. */
  readonly page?: string;
  /** Calls of the attackers whose price is measured. Default 200. */
  readonly calls?: number;
  /** Seconds the whole run may take, at most 480. Default 180. */
  readonly seconds?: number;
  /** Seconds between a capture and its late replay, at least. Default 3. */
  readonly later?: number;
  /** What somebody who attacks pays. Default: the lab’s assumptions, PRICES. */
  readonly prices?: Prices;
  /**
   * A token of the app that its own login gave the caller, for the attackers that forge and steal tokens. Sent to the
   * target alone and printed nowhere. Default: none, and these do not run.
   */
  readonly token?: string;
  /** An API key of the gate, for whoever replays what partners send. Default: none. */
  readonly apiKey?: string;
  /** Keys that were issued for this run, for whoever finds one in a page, and for whoever replays. Default: none. */
  readonly issued?: IssuedKeys;
  /** A form that asks for its token, for whoever forges it. Default: the address under attack, where its method is no read. */
  readonly form?: FormRoute;
  /** A token of another person, for whoever reaches for the objects of the first. Default: none. */
  readonly otherToken?: string;
  /**
   * Two people with accounts of the gate's own: who owns, and somebody else. Default: the lab signs up two throw-away ones
   * where anybody may, and tells their names in the report.
   */
  readonly people?: readonly [Account, Account];
  /** How an object is made at the address under attack, and reached. Default: unknown, and nothing is made. */
  readonly object?: ObjectRoutes;
  /**
   * Tokens that the issuer did sign and that this address must not take: expired ones, ones for another audience. `what` is
   * printed, the token nowhere. Default: none.
   */
  readonly unfitTokens?: readonly UnfitToken[];
  /** Header that carries it. Default `authorization`, as Bearer. */
  readonly tokenHeader?: string;
  /** People at the gate's OpenID provider, for the attackers of its logins. Default: none, and these do not run. */
  readonly providerLogin?: ProviderLogin;
  /** Path of a Chromium; null for none. Default: the system's. */
  readonly chromium?: string | null;
  /** Whether the caller knows from the gate's own socket that nobody can log in there. Default false. */
  readonly nobody?: boolean;
  /** The gate's mode where the caller knows it from the gate's own socket. Default: unknown. */
  readonly mode?: 'report' | 'enforce';
  /** Share of the sessions that it enforces for, `5%`, where the caller knows it. Default: all. */
  readonly rollout?: string;
  /**
   * A call that costs money (a route with a `cost`), which the lab may then make as often as budgets let it. Default: none is
   * made.
   */
  readonly spend?: LabCall;
  /** Calls of which one comes after the others, and which the lab may make. Default: none are made. */
  readonly inOrder?: OrderedCalls;
  /**
   * Solves a provider's challenge, as a service that sells solutions does; called a few times in a run. Default: none, and
   * whoever buys them does not run.
   */
  readonly solve?: (challenge: ProviderChallenge) => Promise<string>;
  /** Whether to measure what each rule of use adds to the price, at gates of the lab's own. Default false. */
  readonly rules?: boolean;
  /** The gate's configuration where the caller knows it from the gate's own socket. Default: unknown. */
  readonly policy?: Config;
  /** Told before and after each attacker: progress, and the tests that hold verdicts to reality. */
  readonly onRung?: (name: string, when: 'start' | 'end') => void | Promise<void>;
}

/** A call of the app's own. */
export interface LabCall {
  readonly method: string;
  /** Path, and query. */
  readonly path: string;
  /** Sent as JSON. Default: no body. */
  readonly body?: object;
}

/** Calls in the order in which a page makes them. */
export interface OrderedCalls {
  readonly first: LabCall;
  /** The one that policy lets come `after` it. */
  readonly next: LabCall;
}

/** A challenge of a provider, as a page is asked for it. */
export interface ProviderChallenge {
  readonly kind: ChallengeKind;
  /** What its widget is given: the site key, above all. */
  readonly parameters: ChallengeParameters;
  /** The route's `match`, `POST /api/orders`. */
  readonly action: string;
  /** Address of the page. */
  readonly page: string;
}

/** API keys of the gate. Shown to the target alone and printed nowhere but for their ids. */
export interface IssuedKeys {
  /** A bearer key. */
  readonly bearer: string;
  /** A key that signs. */
  readonly signing: string;
  /** Path, and query, that may be asked for with either by `GET`. */
  readonly at: string;
}

/** Where a form of the app's own is sent. */
export interface FormRoute {
  readonly method: string;
  readonly path: string;
}

export interface UnfitToken {
  /** Why it must not be taken: `expired`. */
  readonly what: string;
  readonly token: string;
}

/** Options with their defaults. */
export interface Settings
  extends Required<
    Pick<
      LabOptions,
      'nobody' | 'method' | 'page' | 'calls' | 'seconds' | 'later' | 'token' | 'unfitTokens' | 'apiKey'
    > &
      Pick<LabOptions, 'otherToken' | 'tokenHeader'>
  > {
  readonly issued: IssuedKeys | null;
  readonly form: FormRoute | null;
  readonly use: UseRoutes;
  readonly solve: NonNullable<LabOptions['solve']> | null;
  /** Null where rules are not measured. */
  readonly rules: RulesOrder | null;
  readonly providerLogin: ProviderLogin | null;
  /** None, or two. */
  readonly given: readonly Account[];
  readonly object: ObjectRoutes | null;
  readonly prices: Prices;
  readonly chromium: string | null | undefined;
}

/** Throws {@link LabError} naming the option, its value and the rule. */
export function checkOptions(options: LabOptions): Settings {
  const number = (name: 'calls' | 'seconds' | 'later', fallback: number, most: number): number => {
    const value = options[name] ?? fallback;
    if (!Number.isFinite(value) || value <= 0 || value > most) {
      throw new LabError('option', `${name}: ${value} is not a number above 0 and at most ${most}`);
    }
    return value;
  };
  const method = options.method ?? 'GET';
  if (!/^[A-Z]{3,16}$/.test(method))
    throw new LabError('option', `method: "${method}" is not an upper-case HTTP method`);
  const page = options.page ?? '/';
  if (!page.startsWith('/')) throw new LabError('option', `page: "${page}" is not a path that begins with /`);
  return {
    method,
    page,
    calls: Math.max(2, Math.floor(number('calls', 200, 5000))),
    // The honest client enters once: what it signs must outlive the run.
    seconds: number('seconds', 180, TICKET_RENEW_SECONDS),
    later: number('later', 3, 300),
    prices: checkPrices(options.prices ?? PRICES, 'prices'),
    token: options.token ?? '',
    unfitTokens: options.unfitTokens ?? [],
    nobody: options.nobody ?? false,
    apiKey: options.apiKey ?? '',
    issued: options.issued ?? null,
    form: options.form ?? null,
    use: useRoutes(options),
    solve: options.solve ?? null,
    rules: options.rules === true ? rulesOrder(options) : null,
    otherToken: options.otherToken ?? '',
    tokenHeader: headerName(options.tokenHeader ?? 'authorization'),
    providerLogin: options.providerLogin ?? null,
    given: options.people ?? [],
    object: options.object ?? null,
    chromium: options.chromium,
  };
}

/** More calls than other rows make: what may be done at once is soon done. */
const rulesOrder = ({ policy = {}, calls = 200, prices = PRICES }: LabOptions): RulesOrder => ({
  policy,
  prices,
  calls: Math.min(1000, Math.ceil(calls * 2.5)),
  seconds: 10,
});

function headerName(name: string): string {
  if (/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(name)) return name.toLowerCase();
  throw new LabError('option', `tokenHeader: "${name}" is not the name of a header`);
}
