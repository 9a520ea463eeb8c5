import { type Challenges, createChallenges } from '../challenges/create.ts';
import { createSessionBook, type SessionBook } from '../doors/session-book.ts';
import type { NewBan } from '../guard/ban-rule.ts';
import type { Config } from '../guard/config.ts';
import { createExchangeable, type Exchangeable } from '../guard/exchangeable.ts';
import type { KeyAlarm } from '../guard/keys.ts';
import { createRepeats, type Repeats } from '../guard/repeats.ts';
import type { Siblings } from '../guard/siblings.ts';
import { createEmergency } from '../guard/unsure.ts';
import type { ChallengeParts } from '../layers/challenge.ts';
import type { ChallengeKind } from '../wire/challenge.ts';
import { type Behaviour, openBehaviour } from './behaviour.ts';
import type { Builds } from '../builds/open.ts';
import { type Banning, createBanning } from './banning.ts';
import { openBuildsFor } from './builds.ts';
import { createDoors, type Doors } from './doors.ts';
import { type Ground, layGround } from './ground.ts';
import { type Kept, openKept } from './kept.ts';
import { createListeners, type Listeners } from './listeners.ts';
import { createPages, type Pages } from './pages.ts';
import type { GuardParts } from './parts.ts';
import { openStrangers, type Strangers } from './strangers.ts';

/** The parts of a guard, before anything is in force. */
export interface Made {
  readonly ground: Ground;
  readonly doors: Doors;
  /** Guards in other threads; null where there are none. */
  readonly siblings: Siblings | null;
  readonly banning: Banning;
  readonly kept: Kept;
  /** Calls the functions of the configuration in force, whichever it was made of. */
  readonly login: Exchangeable<Config['login']>;
  readonly strangers: Strangers;
  readonly sessions: SessionBook;
  readonly pages: Pages;
  /** Builds of the page's script; null where there is one, in the protocol's own names. */
  readonly builds: Builds | null;
  /** How the app is used; null where nothing is learned. */
  readonly behaviour: Behaviour | null;
  readonly challenges: Challenges & Required<ChallengeParts>;
  /** Answers that were lost on the way. */
  readonly repeats: Repeats;
  /** Keys and passes that are shown where they should not be. */
  readonly alarms: Listeners<[KeyAlarm]>;
  /** What the owner of an account at a provider of challenges has to mend. */
  readonly faults: Listeners<[ChallengeKind, string]>;
}

/** Each part is made in a file of its own. They ask for the policy when they need it: there is none yet. */
export async function makeParts(config: Config, given: GuardParts, opened: AsyncDisposableStack): Promise<Made> {
  const { siblings = null } = given;
  const ground = await layGround(config, given, opened);
  const doors = createDoors(ground);
  // Records come later: a ban waits for nobody.
  const keep = (ban: NewBan): Promise<boolean> => (given.keepBan ?? keptIn(kept))(ban);
  const banning = createBanning(ground, { known: given.bans ?? null, siblings, keep });
  const login = createExchangeable(config.login);
  const lasting = login.value === undefined ? config : { ...config, login: login.value };
  const kept = await openKept({ ...ground, config: lasting, bans: banning.bans }, given.records, opened);
  const strangers = await openStrangers(ground, given.resolver, opened);
  const sessions = sessionsOf(ground, kept);
  const pages = createPages(ground.inForce, doors.stamps, siblings);
  const builds = await openBuildsFor(ground, given.makeBuild, opened);
  const behaviour = await openBehaviour(ground, siblings, opened);
  hear(siblings, { sessions, banning, pages, behaviour });
  const alarms = createListeners<[KeyAlarm]>();
  kept.keys?.keys.onAlarm(alarms.tell);
  const faults = createListeners<[ChallengeKind, string]>();
  const load = given.load === undefined ? {} : { load: given.load };
  const emergency = createEmergency(ground.clock.monotonic);
  const challenges = { ...createChallenges({ ...ground, ...load, onFault: faults.tell }), emergency };
  return {
    ground,
    doors,
    siblings,
    banning,
    kept,
    login,
    strangers,
    sessions,
    pages,
    behaviour,
    builds,
    challenges,
    repeats: createRepeats(ground.clock),
    alarms,
    faults,
  };
}

const keptIn =
  ({ records }: Kept) =>
  async (ban: NewBan): Promise<boolean> =>
    records !== null && (await records.bans.add(ban)) !== null;

const sessionsOf = ({ state, clock, policy }: Ground, { records }: Kept): SessionBook =>
  createSessionBook({
    state,
    removeLogin: async (hash) => records?.logins.remove(hash),
    wall: clock.wall,
    life: () => policy().session.max * 1000,
  });

/** What guards in other threads have learned counts here as well. */
function hear(siblings: Siblings | null, parts: Pick<Made, 'sessions' | 'banning' | 'pages' | 'behaviour'>): void {
  siblings?.onNews((news) => {
    if (news.kind === 'entered') {
      parts.sessions.entered(news.session);
      parts.behaviour?.entered(news.session);
    } else if (news.kind === 'unusual') parts.behaviour?.learn(news.session, news.odds);
    else if (news.kind === 'failed') parts.banning.learn(news.failure);
    else parts.pages.learn(news);
  });
}
