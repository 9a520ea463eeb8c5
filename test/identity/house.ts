import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createRandom } from '../../src/doors/random.ts';
import { labelOf } from '../../src/guard/session-label.ts';
import type { BrowserSession, EndpointCall } from '../../src/guard/endpoint.ts';
import type { Subject } from '../../src/guard/subject.ts';
import { createDesk } from '../../src/identity/desk.ts';
import { createLoginBook } from '../../src/identity/logins.ts';
import type { Source, StoredLogin } from '../../src/identity/source.ts';
import { createVault } from '../../src/identity/vault.ts';
import { createRecords } from '../../src/stores/records/open.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';
import { sessionProof } from '../../src/wire/entry.ts';
import {
  answered,
  createDoors,
  createHandClock,
  createPage,
  ORIGIN,
  pairOf,
  ringOf,
  SECRET,
} from '../doors/support.ts';
import { viewOf } from '../support/view.ts';

export const ALICE: Subject = {
  id: 'alice',
  source: 'accounts',
  roles: [],
  scopes: [],
  acr: '',
  amr: ['pwd'],
  authTime: 1_800_000_000,
  claims: {},
};

/** A browser's session key. */
export function createKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const raw = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return { raw, privateKey };
}

export function signed(key: { raw: Buffer; privateKey: KeyObject }, page: { publicKey: string }, session = '') {
  const pageKey = Buffer.from(page.publicKey, 'base64url');
  const proof = sessionProof({ pageKey, origin: ORIGIN, client: 'default', session });
  const signature = sign('sha256', proof, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return { sessionKey: key.raw.toString('base64url'), sessionSignature: signature.toString('base64url') };
}

export async function createHouse(sources = new Map<string, Source>()) {
  const clock = createHandClock();
  const state = createMemoryState({ monotonic: null });
  const records = await createRecords('memory', { secret: SECRET.toString('hex'), clock });
  const random = createRandom();
  const vault = createVault(SECRET, random);
  const ring = ringOf({ clock });
  const hasChanged = async (ref: Parameters<typeof state.endedBy>[0]) =>
    (await state.endedBy(ref, clock.wall())) === 'login';
  const book = createLoginBook({ records, vault, clock, sources, hasChanged, onEnded: () => {} });
  const revoke = (ref: Parameters<typeof state.revoke>[0]) =>
    state.revoke(ref, clock.wall() + 7 * 24 * 3600 * 1000, 'login');
  const cookieName = () => '__Host-sallyport';
  const { desk, entry } = createDesk({ book, ring, clock, random, revoke, cookieName });
  const doors = createDoors({ clock, state, logins: entry });
  const stored = (): StoredLogin => ({
    subject: ALICE,
    created: clock.wall(),
    expires: clock.wall() + 3_600_000,
    sid: 'at-provider',
    tokens: null,
  });
  const call = (session: BrowserSession | null): EndpointCall => ({
    request: viewOf(),
    body: Buffer.alloc(0),
    decision: {} as EndpointCall['decision'],
    session,
  });
  const open = (setCookie: string) => {
    const opened = doors.sessions.open(pairOf(setCookie), clock.wall());
    assert.ok(opened);
    return opened;
  };
  const stamp = () => pairOf(doors.stamps.issue());
  /** A visitor with an anonymous session logs in: what its next entry gets. */
  async function login(key = createKey()) {
    const before = answered(await doors.enter(stamp()));
    const old = open(before.cookies[0] ?? '');
    const session = { id: old.id, label: labelOf(old.id), login: null };
    const [grant = ''] = await desk.admit(call(session), stored());
    const cookie = `${stamp()}; ${pairOf(before.cookies[0])}; ${pairOf(grant)}`;
    const page = createPage();
    const after = answered(await doors.enter(cookie, page, {}, signed(key, page)));
    return { before, after, old, key, cookie, session: open(after.cookies[0] ?? ''), grant };
  }
  return { clock, state, records, vault, book, desk, entry, doors, stamp, call, login, open, stored };
}
