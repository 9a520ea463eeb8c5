import { assemble } from './assembly/assemble.ts';
import { type GuardParts, type LayerParts, NOBODY, NONE } from './assembly/parts.ts';
import type { Config } from './guard/config.ts';
import { parseConfig } from './guard/config-schema.ts';
import type { Guard } from './guard/guard.ts';
import type { Layer } from './guard/layer.ts';
import { address } from './layers/address.ts';
import { createAntiForgery } from './layers/anti-forgery.ts';
import { createBehaviour } from './layers/behaviour.ts';
import { createBanRule } from './layers/ban-rule.ts';
import { createBan } from './layers/ban.ts';
import { authorization } from './layers/authorization.ts';
import { createCan } from './layers/can.ts';
import { createBot } from './layers/bot.ts';
import { createCrawler } from './layers/crawler.ts';
import { carrier } from './layers/carrier.ts';
import { createChallenge } from './layers/challenge.ts';
import { createSolution } from './layers/solution.ts';
import { createDecoy } from './layers/decoy.ts';
import { cors } from './layers/cors.ts';
import { createCreator } from './layers/creator.ts';
import { framing } from './layers/framing.ts';
import { host } from './layers/host.ts';
import { createKey } from './layers/key.ts';
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
import { createServed } from './layers/served.ts';
import { schema } from './layers/schema.ts';
import { createSealed } from './layers/sealed.ts';
import { site } from './layers/site.ts';
import { createSubject } from './layers/subject.ts';
import { target } from './layers/target.ts';
import { createTestPass } from './layers/test-pass.ts';

export type { Config } from './guard/config.ts';
export type { GuardParts, LayerParts } from './assembly/parts.ts';
export { noClaims } from './guard/context.ts';
export type { Answer, Decision, Level } from './guard/decision.ts';
export { ConfigError, SallyportError } from './guard/errors.ts';
export type { FormToken, Guard, ResponseFacts } from './guard/guard.ts';
export type { Check, Context, Layer } from './guard/layer.ts';
export type { Claims, EntryClaim, EntryGrant, State, StateUsage } from './guard/state.ts';
export type { RequestView } from './guard/view.ts';
export { createMemoryState, type MemoryStateOptions } from './stores/memory/index.ts';

/**
 * The layers, in the order of admission: a request is asked the cheap and the stateless first, and nothing is used
 * up before everything has been asked. To add one, write its file and put it here.
 */
export function defaultLayers(given: LayerParts): readonly Layer[] {
  const parts = { ...NONE, ...given };
  return [
    framing, // one end, one target: what no backend may be shown in any mode
    address, // who is calling, by listed proxies; never refuses
    target, // a path that two servers could read differently
    createLists(parts.lists), // from a network that may call, and on no list
    host, // a name that we answer for
    createShield(parts.tickets, parts.clock.monotonic), // floods of forged tickets
    createDecoy(parts), // names that nobody calls
    route, // named, where routes are named
    createTestPass(parts), // or a pass of automated tests, where the configuration trusts its key
    createKey(parts.keys), // or else a key of a server or partner, which then stands in place of the page
    createBot(parts.bots), // or a bot that says who it is, to read
    createCrawler(parts.crawlers), // or a crawler that comes from where it says
    cors, // preflights, and origins that may read the answer
    carrier, // images, forms and navigations only where listed
    site, // a page of ours
    createProof(parts.tickets), // signed by a key that only the page holds
    createSealed(parts.tickets), // under its seal, where the route has its calls sealed
    createSession(parts.cookies), // which browser session, where no proof says so
    createDrift(parts.whereabouts), // from where and by what it was entered
    createSubject(parts.identity ?? NOBODY), // who
    createBanRule(parts.failed), // whoever failed too often is the next line's
    createBan(parts.bans), // not one whom somebody has banned
    authorization, // and may they: roles, scopes, policies
    createAntiForgery(parts.forms), // with a form that was given to whoever sends it
    schema, // with content that looks as it should
    allow, // with what it may choose
    createServed(parts.pageGives), // with ids that it was given
    order, // when it is its turn
    limit, // not too much
    budget, // not for more than may be spent
    createBehaviour(parts.behaviour), // as the app is used
    createChallenge(parts.challenges), // with a further step done, where one is asked for
    replay, // once
    createSolution(parts.challenges), // really done
    createCreator((parts.identity ?? NOBODY).creations), // is it theirs, as far as this gate saw it come
    createCan(parts), // may they do this to that: asked when everything else has passed
    degrade, // as it is, or cheaper, where most of the money is spent
  ];
}

/**
 * Makes the engine that adapters stand on. Checks the configuration first.
 *
 * Throws ConfigError naming field, value and rule; TypeError for a secret under 32 characters.
 */
export async function createGuard(config: Config, parts: GuardParts = {}): Promise<Guard> {
  return assemble(parseConfig(config, 'config'), { layers: defaultLayers, ...parts });
}
