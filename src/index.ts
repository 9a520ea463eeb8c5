import { createHash, randomBytes, randomFillSync } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { createFormTokens, type FormTokens } from './doors/anti-forgery.ts';
import { browserSession } from './doors/browser-session.ts';
import { loadBundle } from './doors/bundle.ts';
import { createBuckets } from './doors/buckets.ts';
import { createEntry } from './doors/entry.ts';
import { withFormCookie } from './doors/form-cookie.ts';
import { createFormTokenEndpoint } from './doors/form-token.ts';
import { createKeyAgreement } from './doors/key-agreement.ts';
import { createMount } from './doors/mount.ts';
import { createRandom } from './doors/random.ts';
import { type Bundle, createScript, type Script } from './doors/script.ts';
import { scriptPolicy } from './doors/script-policy.ts';
import { createKeyRing } from './doors/seal.ts';
import { createSessionCookies, type SessionCookies } from './doors/session-cookie.ts';
import { createSessionBook } from './doors/session-book.ts';
import { createStamps, stampFor } from './doors/stamp.ts';
import { createWhereabouts, type WhereaboutsReader } from './doors/whereabouts.ts';
import { createTickets, type Tickets } from './doors/ticket.ts';
import { createChallenges } from './challenges/create.ts';
import { providerTags } from './doors/provider-tag.ts';
import type { ChallengeKind } from './wire/challenge.ts';
import type { Ask } from './guard/ask.ts';
import type { Crawlers, Resolver } from './guard/bots.ts';
import { compilePolicy } from './guard/compile.ts';
import type { Config } from './guard/config.ts';
import { parseConfig } from './guard/config-schema.ts';
import { createCosts } from './guard/cost-watch.ts';
import { createCreationWatch } from './guard/creation-watch.ts';
import type { Decision } from './guard/decision.ts';
import { ConfigError } from './guard/errors.ts';
import type { FormToken, Guard } from './guard/guard.ts';
import { takesKeys } from './guard/keys.ts';
import { createBanBook } from './guard/ban-book.ts';
import { watchFailures, type Failure, type NewBan } from './guard/ban-rule.ts';
import { createIds } from './guard/ids.ts';
import type { Context, Layer } from './guard/layer.ts';
import type { Bans, KeyAlarm } from './guard/keys.ts';
import { createOpenBook } from './guard/open.ts';
import { createPageIds } from './guard/page-ids.ts';
import type { AddressLists } from './guard/lists.ts';
import type { Policy } from './guard/policy.ts';
import { problemAnswer } from './guard/problem.ts';
import { giveBack, letGo } from './guard/giving-back.ts';
import { createRunner, type Runner } from './guard/runner.ts';
import { createEmergency } from './guard/unsure.ts';
import { createWaitingRoom } from './guard/waiting-room.ts';
import { createStanding } from './guard/standing.ts';
import type { Siblings } from './guard/siblings.ts';
import { createServedWatch } from './guard/served-watch.ts';
import { settle } from './guard/settle.ts';
import type { Records } from './guard/records.ts';
import type { Ledger } from './guard/ledger.ts';
import type { State } from './guard/state.ts';
import type { RequestView } from './guard/view.ts';
import type { Identity } from './identity/index.ts';
import { openShared } from './shared.ts';
import { botsFor, crawlersFor, keptFor, listsFor } from './kept.ts';
import { address } from './layers/address.ts';
import { createAntiForgery } from './layers/anti-forgery.ts';
import { createBanRule } from './layers/ban-rule.ts';
import { createBan } from './layers/ban.ts';
import { authorization } from './layers/authorization.ts';
import { createCan } from './layers/can.ts';
import { type BotParts, createBot } from './layers/bot.ts';
import { createCrawler } from './layers/crawler.ts';
import { carrier } from './layers/carrier.ts';
import { type ChallengeParts, createChallenge } from './layers/challenge.ts';
import { createSolution } from './layers/solution.ts';
import { createDecoy } from './layers/decoy.ts';
import { cors } from './layers/cors.ts';
import { createCreator } from './layers/creator.ts';
import { framing } from './layers/framing.ts';
import { host } from './layers/host.ts';
import { createKey, type KeyParts } from './layers/key.ts';
import { createProof } from './layers/proof.ts';
import { allow } from './layers/allow.ts';
import { budget } from './layers/budget.ts';
import { degrade } from './layers/degrade.ts';
import { order } from './layers/order.ts';
import { createLists } from './layers/lists.ts';
import { limit } from './layers/limit.ts';
import { replay } from './layers/replay.ts';
import { route } from './layers/route.ts';
import { createDrift } from './layers/drift.ts';
import { createSession } from './layers/session.ts';
import { createShield } from './layers/shield.ts';
import { createServed, type PageGives } from './layers/served.ts';
import { schema } from './layers/schema.ts';
import { site } from './layers/site.ts';
import { createSubject } from './layers/subject.ts';
import { target } from './layers/target.ts';
import { createTestPass } from './layers/test-pass.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { createMemoryLedger } from './stores/memory/ledger.ts';
import { createMemoryState } from './stores/memory/index.ts';

export type { Config } from './guard/config.ts';
export { noClaims } from './guard/context.ts';
export type { Answer, Decision, Level } from './guard/decision.ts';
export { ConfigError, SallyportError } from './guard/errors.ts';
export type { FormToken, Guard, ResponseFacts } from './guard/guard.ts';
export type { Check, Context, Layer } from './guard/layer.ts';
export type { Claims, EntryClaim, EntryGrant, State, StateUsage } from './guard/state.ts';
export type { RequestView } from './guard/view.ts';
export { createMemoryState, type MemoryStateOptions } from './stores/memory/index.ts';

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
  /** Told where keys and passes are shown that should not be there. */
  readonly alarm?: (alarm: KeyAlarm) => void;
}

/**
 * The layers, in the order of admission: a request is asked the cheap and the stateless first, and nothing is used
 * up before everything has been asked. To add one, write its file and put it here.
 */
export function defaultLayers({
  tickets,
  cookies,
  clock,
  whereabouts,
  identity,
  keys,
  ask,
  forms,
  pageGives,
  bans,
  alarm,
  bots,
  crawlers,
  lists,
  failed,
  challenges,
}: LayerParts): readonly Layer[] {
  const told = alarm ?? (() => {});
  return [
    framing, // one end, one target: what no backend may be shown in any mode
    address, // who is calling, by listed proxies; never refuses
    target, // a path that two servers could read differently
    createLists(lists ?? null), // from a network that may call, and on no list
    host, // a name that we answer for
    createShield(tickets, clock.monotonic), // floods of forged tickets
    createDecoy({ tickets, alarm: told, failed: failed ?? (() => {}), crawlers: crawlers ?? null }), // names that nobody calls
    route, // named, where routes are named
    createTestPass({ alarm: told }), // or a pass of automated tests, where the configuration trusts its key
    createKey(keys), // or else a key of a server or partner, which then stands in place of the page
    createBot(bots ?? null), // or a bot that says who it is, to read
    createCrawler(crawlers ?? null), // or a crawler that comes from where it says
    cors, // preflights, and origins that may read the answer
    carrier, // images, forms and navigations only where listed
    site, // a page of ours
    createProof(tickets), // signed by a key that only the page holds
    createSession(cookies), // which browser session, where no proof says so
    createDrift(whereabouts), // from where and by what it was entered
    createSubject(identity ?? { logins: null, readers: [] }), // who
    createBanRule(failed ?? (() => {})), // whoever failed too often is the next line's
    createBan(bans ?? null), // not one whom somebody has banned
    authorization, // and may they: roles, scopes, policies
    createAntiForgery(forms), // with a form that was given to whoever sends it
    schema, // with content that looks as it should
    allow, // with what it may choose
    createServed(pageGives ?? (() => false)), // with ids that it was given
    order, // when it is its turn
    limit, // not too much
    budget, // not for more than may be spent
    createChallenge(challenges ?? null), // with a further step done, where one is asked for
    replay, // once
    createSolution(challenges ?? null), // really done
    createCreator(identity?.creations ?? null), // is it theirs, as far as this gate saw it come
    createCan({ ask: ask ?? null }), // may they do this to that: asked when everything else has passed
    degrade, // as it is, or cheaper, where most of the money is spent
  ];
}

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
  /** Default: {@link defaultLayers}. */
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
  /** The page's script, where it has been built already. */
  readonly bundle?: Bundle;
}

/**
 * Makes the engine that adapters stand on. Checks the configuration first.
 *
 * Throws ConfigError naming field, value and rule; TypeError for a secret under 32 characters.
 */
export async function createGuard(config: Config, parts: GuardParts = {}): Promise<Guard> {
  const bundle = parts.bundle ?? (await loadBundle());
  return assemble(parseConfig(config, 'config'), parts, bundle);
}

const BOTS_STAY = { field: 'bots', value: 'changed', rule: 'is taken up at the start; restart to change it' };
const LISTS_STAY = {
  field: 'addresses.lists',
  value: 'changed',
  rule: 'is taken up at the start; restart to change it',
};
const CHALLENGES_STAY = {
  field: 'challenge',
  value: 'other providers',
  rule: 'providers are taken up at the start; restart to change them',
};
const STATE_STAYS = { field: 'state', value: 'another', rule: 'is taken up at the start; restart to change it' };
const BANS_STAY = { field: 'bans', value: 'new', rule: 'there were none at the start; restart to have them' };
const KEYS_STAY = { field: 'keys', value: 'new', rule: 'routes take keys where they did at the start; restart' };
const LOGIN_STAYS = { field: 'login', value: 'changed', rule: 'is taken up at the start; restart to change it' };

/** What a reload replaces, as one value: a request sees the old set or the new one, never a mixture. */
interface Compiled {
  readonly policy: Policy;
  readonly runner: Runner;
  readonly script: Script;
}

async function assemble(config: Config, parts: GuardParts, bundle: Bundle): Promise<Guard> {
  const clock = parts.clock ?? systemClock;
  const fill = parts.random ?? randomFillSync;
  const random = createRandom(fill);
  const given = parts.secret ?? process.env['SALLYPORT_SECRET'] ?? '';
  const shared = parts.state === undefined ? await openShared({ config, secret: given }) : null;
  const state = parts.state ?? shared?.state ?? createMemoryState();
  const listeners: ((decision: Decision, request: RequestView) => void)[] = [];
  let compiled: Compiled;

  const secret = toKey(given);
  const ring = createKeyRing({ secret, clock, random, scope: state.scope ?? '' });
  const tickets = createTickets({ ring, clock, clients: () => compiled.policy.clients.keys() });
  const cookies = createSessionCookies({
    ring,
    clock,
    cookieName: () => compiled.policy.sessionCookie,
    times: () => compiled.policy.session,
  });
  const stamps = createStamps({ ring, clock, random, cookieName: () => compiled.policy.stampCookie });
  const whereabouts = createWhereabouts(secret);
  const buckets = createBuckets({ secret, cookies, tickets });
  const policy = (): Policy => compiled.policy;
  const scriptTag = (): string => compiled.script.tag('');
  // Records come later: a ban waits for nobody.
  const takesBans = parts.bans !== undefined || config.bans !== undefined;
  const bans = takesBans ? createBanBook(parts.bans ?? null, (ban) => keep(ban), clock.wall) : null;
  const rule = watchFailures({
    rule: () => compiled.policy.bans,
    wall: clock.wall,
    monotonic: clock.monotonic,
    ban: (ban) => bans?.add(ban),
  });
  const common = {
    config,
    policy,
    secret,
    ring,
    clock,
    random,
    state,
    fetch: parts.fetch ?? fetch,
    scriptTag,
    bans,
  };
  const { records, identity, keys, close } = await keptFor(config, common, parts.records);
  const keep = parts.keepBan ?? (async (ban: NewBan) => records !== null && (await records.bans.add(ban)) !== null);
  const book = createSessionBook({
    state,
    removeLogin: async (hash) => records?.logins.remove(hash),
    wall: clock.wall,
    life: () => compiled.policy.session.max * 1000,
  });
  listeners.push(book.seen);
  const byKey = keys === null ? null : { keys: keys.keys, since: clock.wall(), monotonic: clock.monotonic };
  const forms = createFormTokens({ ring, random, wall: clock.wall, sessions: cookies });
  const formToken = (request: RequestView, { proof, subject, prefix }: Decision): FormToken | null => {
    const rule = compiled.policy.antiForgery;
    const facts = { ticket: proof?.ticket ?? null, subject, prefix };
    return rule === null ? null : forms.issue(forms.visitorOf(request, facts), rule);
  };
  const bots = await botsFor(config, common.fetch, clock.wall);
  const crawlers = await crawlersFor(config, common.fetch, clock, parts.resolver);
  const lists = await listsFor(config, common.fetch, clock.wall);
  const alarms: ((alarm: KeyAlarm) => void)[] = [];
  const faults: ((kind: ChallengeKind, reason: string) => void)[] = [];
  const alarm = (raised: KeyAlarm): void => {
    for (const listener of alarms) listener(raised);
  };
  keys?.keys.onAlarm(alarm);
  const emergency = createEmergency(clock.monotonic);
  const challenges = createChallenges({
    ring,
    random,
    clock,
    state,
    config,
    policy,
    fetch: common.fetch,
    onFault(kind, reason) {
      for (const listener of faults) listener(kind, reason);
    },
    ...loadOf(parts),
  });
  const siblings = parts.siblings;
  const pageIds = createPageIds(policy, siblings?.tell);
  siblings?.onNews((news) => {
    if (news.kind === 'entered') book.entered(news.session);
    else if (news.kind === 'failed') rule.learn(news.failure);
    else pageIds.learn(news);
  });
  const layers = (parts.layers ?? defaultLayers)({
    pageGives: (cookies, rule, id) => cookies !== '' && pageIds.has(stamps.loadOf(cookies), rule, id),
    tickets,
    cookies,
    clock,
    whereabouts,
    identity,
    keys: byKey,
    ask: parts.ask ?? null,
    forms,
    bans,
    failed(failure) {
      rule.failed(failure);
      siblings?.tell({ kind: 'failed', failure });
    },
    alarm,
    lists,
    crawlers,
    challenges: { ...challenges, emergency },
    bots: bots && { bots, since: clock.wall(), monotonic: clock.monotonic },
  });
  const known = { layers: layers.map(({ name }) => name) };
  const bucketOf = (request: RequestView, { prefix, now }: Context): number => buckets.of(request, prefix, now);
  const ledger = parts.ledger ?? shared?.ledger ?? ledgerOf(parts.records);
  const costs = createCosts({ ledger, policy, wall: clock.wall });
  listeners.push(costs.decided);
  const runnerParts = {
    layers,
    state,
    room: createWaitingRoom(),
    emergency,
    ledger,
    wall: clock.wall,
    nextId: createIds(fill),
    bucketOf,
    onLate: (decision: Decision, request: RequestView) => void decided(decision, request),
  };

  function compile(next: Config, restored: ReadonlyMap<string, Config> = new Map()): Compiled {
    // Once more, with the layers that there are: a mode for one that is not would be a slip of the pen.
    const policy = compilePolicy(parseConfig(next, 'config', known));
    if (parts.ask === undefined) refuseOwners(policy);
    const script = createScript(scriptPolicy(policy, 'default'), bundle);
    const before = new Map([...restored].map(([name, old]) => [name, compilePolicy(old)]));
    return { policy, script, runner: createRunner(policy, runnerParts, before) };
  }
  compiled = compile(config);

  const decided = (decision: Decision, request: RequestView): Decision => {
    for (const listener of listeners) listener(decision, request);
    return decision;
  };
  const standing = createStanding({ layers, state, policy, bucketOf });
  const open = createOpenBook(standing, clock.wall, (refused, view) => void decided(refused, view));
  const serve = createMount({
    policy: () => compiled.policy,
    script: () => compiled.script,
    enter: withFormCookie(
      createEntry({
        tickets,
        stamps,
        sessions: cookies,
        keys: createKeyAgreement(clock),
        logins: identity?.entry ?? null,
        challenges,
        room: createWaitingRoom(),
        isBanned: (label) => bans?.has('session', label) ?? false,
        isClosed: (prefix) => bans?.has('mint', prefix) ?? false,
        onEntered(session) {
          book.entered(session);
          siblings?.tell({ kind: 'entered', session });
        },
        state,
        policy: () => compiled.policy,
        clock,
        random,
        whereabouts,
      }),
      { rule: () => compiled.policy.antiForgery, tokens: forms, sessions: cookies, wall: clock.wall },
    ),
    endpoints: [createFormTokenEndpoint(policy, formToken), challenges.endpoint, ...(identity?.endpoints ?? [])],
    sessionOf: (request) => browserSession(cookies, identity?.logins ?? null, request, clock.wall()),
    decide: (request, rule) => compiled.runner.decide(request, rule),
    decided,
    wall: clock.wall,
  });

  return {
    serves: createServedWatch(state),
    lists,
    costs,
    budgets: costs,
    users: identity?.users ?? null,
    sessions: book,
    creations: identity === null ? null : createCreationWatch(policy, identity.creations),
    get policy() {
      return compiled.policy;
    },
    get scriptHash() {
      return compiled.script.hash;
    },
    get workerScript() {
      return compiled.script.worker;
    },
    decide(request) {
      const decision = compiled.runner.decide(request);
      return decision instanceof Promise ? decision.then((made) => decided(made, request)) : decided(decision, request);
    },
    owns: (request) => request.path.startsWith(`${compiled.policy.mount}/`),
    serve,
    refusalAnswer: (_request, decision) => problemAnswer(decision, compiled.policy.mount, clock.wall()),
    settle(request, decision, response) {
      return settle(state, request, decision, response, clock.wall());
    },
    finish({ holds = [] }) {
      for (const hold of holds) letGo(state, hold);
    },
    unsent({ holds = [] }) {
      for (const hold of holds) giveBack(state, hold);
    },
    stampFor: (_request, cacheControl) => (stampFor(cacheControl).stamp ? stamps.issue(false) : null),
    readPage(request, stamp) {
      if (!pageIds.isAsked) return null;
      const load = stamps.loadOf(stamp.slice(0, stamp.indexOf(';')));
      return load === '' ? null : pageIds.reader(load, stamps.loadOf(request.headers.cookie));
    },
    scriptTag: (nonce) => compiled.script.tag(nonce) + providerTags(compiled.policy.config.challenge ?? {}, nonce),
    formToken,
    visitorOf: (request) => buckets.visitor(request, clock.wall()),
    reload(next, restored) {
      const checked = parseConfig(next, 'config');
      if (!isDeepStrictEqual(checked.login, config.login)) throw new ConfigError('config', [LOGIN_STAYS]);
      if (!isDeepStrictEqual(checked.bots, config.bots)) throw new ConfigError('config', [BOTS_STAY]);
      if (!isDeepStrictEqual(checked.addresses?.lists, config.addresses?.lists))
        throw new ConfigError('config', [LISTS_STAY]);
      if (!isDeepStrictEqual(providersIn(checked), providersIn(config)))
        throw new ConfigError('config', [CHALLENGES_STAY]);
      if (checked.state !== config.state) throw new ConfigError('config', [STATE_STAYS]);
      if (bans === null && checked.bans !== undefined) throw new ConfigError('config', [BANS_STAY]);
      if (keys === null && takesKeys(checked)) throw new ConfigError('config', [KEYS_STAY]);
      compiled = compile(checked, restored);
    },
    onDecision: (listener) => void listeners.push(listener),
    watch: open.watch,
    keys: keys?.desk ?? null,
    onKeyAlarm: (listener) => void alarms.push(listener),
    onChallengeFault: (listener) => void faults.push(listener),
    async close() {
      open.close();
      bots?.close();
      crawlers?.close();
      lists?.close();
      await close();
      await (parts.ledger ?? shared?.ledger)?.close();
      await state.close();
    },
  };
}

const providersIn = ({ challenge = {} }: Config): readonly unknown[] => [
  challenge.turnstile,
  challenge.hcaptcha,
  challenge.recaptcha,
  challenge['recaptcha-enterprise'],
];

const loadOf = ({ load }: GuardParts): Pick<GuardParts, 'load'> => (load === undefined ? {} : { load });

/** Where nothing can ask the backend, a route that needs its answer would refuse everybody. */
function refuseOwners({ config }: Policy): void {
  const rule = 'only the gate can ask the backend; write can, or give createGuard an `ask`';
  const problems = (config.routes ?? []).flatMap(({ owner }, index) =>
    owner === undefined ? [] : [{ field: `routes[${index}].owner`, value: JSON.stringify(owner), rule }],
  );
  if (problems.length > 0) throw new ConfigError('config', problems);
}

/** Records that are gone with the process are no better than memory, and slower. */
const ledgerOf = (records: Records | undefined): Ledger =>
  records?.ledger.lasts === true ? records.ledger : createMemoryLedger();

/** A configured secret is text of whatever length; the ring wants 32 bytes. */
function toKey(secret: string): Buffer {
  if (secret === '') return randomBytes(32);
  if (secret.length < 32) throw new TypeError('SALLYPORT_SECRET: at least 32 characters, drawn at random');
  return createHash('sha256').update(secret).digest();
}
