import assert from 'node:assert/strict';
import { createECDH, createHash } from 'node:crypto';
import { createChallenges } from '../../src/challenges/create.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config } from '../../src/guard/config.ts';
import type { State } from '../../src/guard/state.ts';
import type { EntryLogins } from '../../src/doors/entry-logins.ts';
import { createEntry, type EntryResult } from '../../src/doors/entry.ts';
import { createKeyAgreement } from '../../src/doors/key-agreement.ts';
import { createRandom } from '../../src/doors/random.ts';
import { createKeyRing, type KeyRingOptions } from '../../src/doors/seal.ts';
import { createSessionCookies } from '../../src/doors/session-cookie.ts';
import { createStamps } from '../../src/doors/stamp.ts';
import { createTickets } from '../../src/doors/ticket.ts';
import { createWhereabouts } from '../../src/doors/whereabouts.ts';
import fc from 'fast-check';
import type { Clock } from '../../src/lib/clock.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';
import { formatEntryRequest, parseEntryAnswer } from '../../src/wire/entry.ts';
import { viewOf } from '../support/view.ts';

export const START = 1_800_000_000_000;
export const SECRET = Buffer.alloc(32, 7);

/** A clock that tests move. */
export interface HandClock extends Clock {
  advance(seconds: number): void;
}

export function createHandClock(): HandClock {
  let now = START;
  return {
    wall: () => now,
    monotonic: () => now - START,
    advance(seconds) {
      now += seconds * 1000;
    },
  };
}

/** Bytes that look random and are the same every time. */
export function createSeededRandom(seed: string) {
  let count = 0;
  return createRandom((bytes) => {
    for (let at = 0; at < bytes.length; at += 32) {
      createHash('sha256').update(`${seed} ${count++}`).digest().copy(bytes, at);
    }
  });
}

export function ringOf(options: Partial<KeyRingOptions> = {}) {
  return createKeyRing({ secret: SECRET, clock: createHandClock(), instanceName: 'one', ...options });
}

export interface DoorsOptions {
  readonly config?: Config;
  readonly clock?: HandClock;
  readonly state?: State;
  readonly instanceName?: string;
  readonly logins?: EntryLogins;
  /** How busy the gate is, 0 to 1. */
  readonly load?: () => number;
  /** Prefixes from which nobody may open a new session. */
  readonly closed?: ReadonlySet<string>;
}

const bits = (count: number) => fc.integer({ min: 0, max: 2 ** count - 1 });
/** Any from where an entry may come. */
export const whereabouts = fc.record(
  {
    v4: bits(24),
    v6: bits(24),
    agent: bits(16),
    brands: bits(16),
    language: bits(16),
  },
  { noNullPrototype: true },
);

export const ORIGIN = 'http://localhost:4000';
export const AUTHORITY = 'localhost:4000';

/** Both doors over memory state, and a browser's side of them. */
export function createDoors(options: DoorsOptions = {}) {
  const { clock = createHandClock(), instanceName = 'one' } = options;
  const policy = compilePolicy({ to: 'http://localhost:3000', ...options.config });
  const state = options.state ?? createMemoryState({ monotonic: null });
  const ring = ringOf({ clock, instanceName });
  const tickets = createTickets({ ring, clock, clients: () => policy.clients.keys() });
  const stamps = createStamps({ ring, clock, cookieName: () => policy.stampCookie });
  const sessions = createSessionCookies({
    ring,
    clock,
    cookieName: () => policy.sessionCookie,
    times: () => policy.session,
  });
  const keys = createKeyAgreement(clock);
  const enter = createEntry({
    tickets,
    stamps,
    sessions,
    keys,
    state,
    policy: () => policy,
    clock,
    logins: options.logins ?? null,
    challenges: createChallenges({
      ring,
      random: createRandom(),
      clock,
      state,
      config: policy.config,
      policy: () => policy,
      fetch,
      load: options.load ?? (() => 0),
    }),
    isClosed: (prefix) => options.closed?.has(prefix) === true,
    random: createRandom(),
    whereabouts: createWhereabouts(SECRET),
  });
  return {
    clock,
    policy,
    state,
    ring,
    tickets,
    stamps,
    sessions,
    /** Enters as a page would; `cookie` is the Cookie field. */
    async enter(
      cookie: string,
      page = createPage(),
      from: { origin?: string; client?: string; prefix?: string; headers?: Record<string, string> } = {},
      more: object = {},
    ) {
      const { origin = ORIGIN, client = 'default', prefix = '192.0.2.1' } = from;
      const body = Buffer.from(formatEntryRequest(client, page.publicKey, more));
      const view = viewOf({
        method: 'POST',
        target: '/_sallyport/enter',
        headers: { ...from.headers, cookie, origin },
      });
      return await enter(view, body, { origin, authority: AUTHORITY, prefix });
    },
  };
}

/** A page's key pair. */
export function createPage() {
  const ecdh = createECDH('prime256v1');
  return { ecdh, publicKey: ecdh.generateKeys('base64url') };
}

/** `name=value` of a Set-Cookie field. */
export function pairOf(setCookie: string | undefined): string {
  return setCookie?.split(';')[0] ?? '';
}

export function answered(result: EntryResult) {
  assert.equal(result.kind, 'answer', JSON.stringify(result));
  assert.ok(result.kind === 'answer');
  const { fields, body } = result.answer;
  const cookies = fields.filter((_, index) => fields[index - 1] === 'set-cookie' && index % 2 === 1);
  const message = parseEntryAnswer(JSON.parse(`${body}`)) ?? assert.fail('not an entry answer');
  return { message, cookies, fields };
}
