import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createBuckets } from '../../src/doors/buckets.ts';
import { createFormTokens } from '../../src/doors/anti-forgery.ts';
import { createRandom } from '../../src/doors/random.ts';
import { createKeyRing } from '../../src/doors/seal.ts';
import { createChallenges } from '../../src/challenges/create.ts';
import { createSessionCookies, type SessionCookies } from '../../src/doors/session-cookie.ts';
import { createTickets, type Tickets } from '../../src/doors/ticket.ts';
import { createWhereabouts, type WhereaboutsReader } from '../../src/doors/whereabouts.ts';
import type { BehaviourRisk } from '../../src/guard/behaviour.ts';
import { createBanBook } from '../../src/guard/ban-book.ts';
import { watchFailures, type NewBan } from '../../src/guard/ban-rule.ts';
import { clientBit } from '../../src/guard/client-bits.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import type { KeyAlarm } from '../../src/guard/keys.ts';
import type { Context } from '../../src/guard/layer.ts';
import { createRunner } from '../../src/guard/runner.ts';
import { createEmergency } from '../../src/guard/unsure.ts';
import { createWaitingRoom } from '../../src/guard/waiting-room.ts';
import { redirectGrant, settle } from '../../src/guard/settle.ts';
import type { State } from '../../src/guard/state.ts';
import type { RequestView } from '../../src/guard/view.ts';
import { defaultLayers } from '../../src/index.ts';
import { prefixOf } from '../../src/lib/address.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { createMemoryLedger } from '../../src/stores/memory/ledger.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';
import { TAG, type Tag } from '../../src/wire/constants.ts';
import { formatContentDigest } from '../../src/wire/digest.ts';
import { expandInput } from '../../src/wire/entry.ts';
import {
  formatCompactProof,
  formatSignature,
  formatSignatureInput,
  formatSignatureParams,
  requiredComponents,
  signatureBase,
} from '../../src/wire/signature.ts';
import { type Sketch, viewOf } from './view.ts';

const ORIGIN = 'http://localhost:4000';
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };

/** A guard without a server: the default layers over memory, with a clock that tests move. */
export interface Doors {
  readonly clock: { now: number };
  /** What becomes of commits instead, where there is anything. */
  readonly outage: { error: Error | null };
  readonly tickets: Tickets;
  readonly cookies: SessionCookies;
  readonly whereabouts: WhereaboutsReader;
  readonly state: State;
  /** How state knows a client. */
  clientBit(name: string): number;
  /** What rules have banned. */
  readonly banned: readonly NewBan[];
  readonly alarms: readonly KeyAlarm[];
  /** How busy the gate is, 0 to 1. */
  readonly load: { now: number };
  /** Takes what `auto` asked for to the gate’s own address, signed: the status and code of its answer. */
  redeem(sketch: Sketch): Promise<string>;
  decide(sketch: Sketch): Promise<Decision>;
  /** The backend answered this request so, and the answer has ended. */
  answered(sketch: Sketch, decision: Decision, status: number): Promise<void>;
  /** The backend answered this request with a redirect. */
  redirect(sketch: Sketch, decision: Decision, status: number, location: string): void;
  enter(options?: EnterOptions): Page;
}

export interface EnterOptions {
  readonly origin?: string;
  readonly authority?: string;
  readonly client?: string;
  /** `Cookie` of the session that it enters into; a new one without. */
  readonly cookie?: string;
  /** From where and by what it enters. */
  readonly from?: Sketch;
  /** Names the login of its session. Default 0: nobody’s. */
  readonly login?: number;
}

/** What a page holds after it entered. */
export interface Page {
  readonly ticket: string;
  /** `Cookie` of its session. */
  readonly cookie: string;
  /** The request with its proof. */
  sign(sketch: Sketch, options?: SignOptions): Sketch;
  /** The compact proof for a GET of this target. */
  compact(target: string, options?: SignOptions): string;
}

export interface SignOptions {
  readonly nonce?: number;
  /** Seconds. */
  readonly created?: number;
  readonly tag?: Tag;
  readonly components?: readonly string[];
  readonly signed?: readonly string[];
}

/**
 * @param secret what its seals and buckets are made of; without it a new one
 * @param risk what is known of sessions; nothing by default
 */
export function createTestDoors(config: Config, secret = randomBytes(32), risk: BehaviourRisk | null = null): Doors {
  const now = { now: 1_750_000_000_000 };
  const clock: Clock = { wall: () => now.now, monotonic: () => now.now };
  const ring = createKeyRing({ secret, clock });
  const policy = compilePolicy({ mode: 'enforce', ...config });
  const tickets = createTickets({ ring, clock, clients: () => policy.clients.keys() });
  const cookies = createSessionCookies({
    ring,
    clock,
    cookieName: () => policy.sessionCookie,
    times: () => policy.session,
  });
  const whereabouts = createWhereabouts(randomBytes(32));
  const forms = createFormTokens({ ring, random: createRandom(), wall: clock.wall, sessions: cookies });
  const outage: { error: Error | null } = { error: null };
  const state = failing(createMemoryState({ monotonic: null }), outage);
  let ids = 0;
  const alarms: KeyAlarm[] = [];
  const banned: NewBan[] = [];
  const bans = createBanBook(null, async () => false, clock.wall);
  const rule = watchFailures({
    rule: () => policy.bans,
    wall: clock.wall,
    monotonic: clock.monotonic,
    ban(ban) {
      banned.push(ban);
      bans.add(ban);
    },
  });
  const alarm = (raised: KeyAlarm) => void alarms.push(raised);
  const load = { now: 0 };
  const challenges = createChallenges({
    ring,
    random: createRandom(),
    clock,
    state,
    config: policy.config,
    policy: () => policy,
    fetch,
    load: () => load.now,
  });
  const layerParts = {
    challenges,
    behaviour: risk && { risk, desk: challenges.desk },
    tickets,
    cookies,
    clock,
    whereabouts,
    identity: null,
    keys: null,
    forms,
    bans,
    failed: rule.failed,
    alarm,
  };
  const buckets = createBuckets({ secret, cookies, tickets });
  const parts = {
    layers: defaultLayers(layerParts),
    state,
    room: createWaitingRoom(),
    emergency: createEmergency(clock.monotonic),
    ledger: createMemoryLedger(null),
    wall: clock.wall,
    nextId: () => `id${++ids}`,
    bucketOf: (request: RequestView, { prefix, now: at }: Context) => buckets.of(request, prefix, at),
  };
  const runner = createRunner(policy, parts);
  const doors = {
    clock: now,
    outage,
    tickets,
    cookies,
    whereabouts,
    state,
    clientBit: (name: string) => clientBit(policy, name),
  };
  return {
    ...doors,
    banned,
    alarms,
    load,
    async redeem(sketch) {
      const request = viewOf(sketch);
      const decision = await runner.decide(request, policy.ownRoute);
      if (decision.outcome !== 'admit') return decision.code;
      const body = new Uint8Array(0);
      const { status, refused } = await challenges.endpoint.answer({ request, body, decision, session: null });
      return refused === undefined ? String(status) : refused.code;
    },
    decide: async (sketch) => runner.decide(viewOf(sketch)),
    async answered(sketch, decision, status) {
      await settle(state, viewOf(sketch), decision, { status, location: '' }, now.now);
      for (const hold of decision.holds ?? []) await state.release(hold);
    },
    redirect(sketch, decision, status, location) {
      const grant = redirectGrant(viewOf(sketch), decision, { status, location }, now.now);
      if (grant !== null) void state.grantRedirect(grant);
    },
    enter: (options = {}) => enter(doors, options),
  };
}

function failing(state: State, outage: { readonly error: Error | null }): State {
  const commit = state.commit.bind(state);
  state.commit = (claims) => {
    if (outage.error !== null) throw outage.error;
    return commit(claims);
  };
  return state;
}

function enter(
  doors: Omit<Doors, 'decide' | 'answered' | 'redirect' | 'enter' | 'banned' | 'alarms' | 'load' | 'redeem'>,
  options: EnterOptions,
): Page {
  const { origin = ORIGIN, authority = 'localhost:4000', client = 'default', login = 0 } = options;
  const known = doors.cookies.open(options.cookie ?? '', doors.clock.now);
  const [id, secret] = [randomBytes(16), randomBytes(32)];
  const session = known === null ? randomBytes(16) : Buffer.from(known.id, 'base64url');
  const issued = Math.floor(doors.clock.now / 1000);
  const created = known?.created ?? issued;
  const grant = doors.state.enter({
    now: doors.clock.now,
    windowIdHigh: id.readUInt32BE(0),
    windowIdLow: id.readUInt32BE(4),
    windowLife: 600_000,
    client: doors.clientBit(client),
    session: known,
    newIdHigh: session.readUInt32BE(0),
    replaces: null,
    newIdLow: session.readUInt32BE(4),
    prefix: '127.0.0.1',
    mintsPerMinute: 1000,
    mintsPerMinuteTotal: 1000,
    entriesPerMinute: 60,
  });
  if (grant instanceof Promise || !grant.ok) throw new Error('memory answers at once, and has room');
  const places = { windowPlace: grant.windowPlace, sessionPlace: grant.session.place };
  const names = {
    client,
    authority,
    origin,
    loginEpoch: login,
    sessionCreated: created,
    issued,
    expires: issued + 600,
  };
  const { peer, headers } = viewOf(options.from);
  const from = doors.whereabouts.here(prefixOf(peer), headers);
  const ticket = doors.tickets.issueTicket({ id, session, secret, from, ...places, ...names });
  const content = { id: session.toString('base64url'), place: grant.session.place, created, key: '', login, from };
  const cookie = doors.cookies.issue(content, doors.clock.now).split(';')[0] ?? '';
  return { ticket, cookie, ...signer(doors.clock, ticket, authority, secret) };
}

function signer(
  clock: { now: number },
  ticket: string,
  authority: string,
  secret: Buffer,
): Pick<Page, 'sign' | 'compact'> {
  let counter = 0;
  const keyFor = (tag: Tag): Buffer =>
    createHmac('sha256', secret)
      .update(expandInput(tag === TAG ? 'proof' : 'sync'))
      .digest();
  const proofOf = (components: readonly string[], options: SignOptions) => ({
    components: options.components ?? components,
    created: options.created ?? Math.floor(clock.now / 1000),
    nonce: options.nonce ?? ++counter,
    keyid: ticket,
    tag: options.tag ?? TAG,
  });
  return {
    sign(sketch, options = {}) {
      const body = sketch.body === undefined || sketch.body === '' ? undefined : sketch.body;
      const digest = body === undefined ? '' : formatContentDigest(createHash('sha256').update(body).digest('base64'));
      const headers: Record<string, string> = { ...SAME_ORIGIN, ...sketch.headers };
      if (digest !== '') headers['content-digest'] = digest;
      const facts = {
        contentType: 'content-type' in headers,
        digest: digest === '' ? ('' as const) : ('content-digest' as const),
        authorization: 'authorization' in headers,
        signed: options.signed ?? [],
      };
      const proof = proofOf(requiredComponents(facts), options);
      const { method, path, query } = viewOf(sketch);
      const message = {
        method,
        path,
        query,
        authority,
        contentType: headers['content-type'] ?? '',
        contentDigest: digest,
        sallyportDigest: '',
        authorization: headers['authorization'] ?? '',
        field: (name: string) => headers[name] ?? null,
      };
      const base = signatureBase(message, proof.components, formatSignatureParams(proof)) ?? '';
      headers['signature-input'] = formatSignatureInput(proof);
      headers['signature'] = formatSignature(createHmac('sha256', keyFor(proof.tag)).update(base).digest('base64'));
      return { ...sketch, headers };
    },
    compact(target, options = {}) {
      const proof = proofOf(['@method', '@authority', '@path', '@query'], options);
      const { path, query } = viewOf({ target });
      const message = {
        method: 'GET',
        path,
        query,
        authority,
        contentType: '',
        contentDigest: '',
        sallyportDigest: '',
        authorization: '',
        field: () => null,
      };
      const base = signatureBase(message, proof.components, formatSignatureParams(proof)) ?? '';
      return formatCompactProof(proof, createHmac('sha256', keyFor(proof.tag)).update(base).digest('base64'));
    },
  };
}
