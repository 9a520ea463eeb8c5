import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { exportSPKI, generateKeyPair, importJWK, jwtVerify, SignJWT } from 'jose';
import { createGuard, type RequestView } from 'sallyport';
import { type Door, signedShot } from '../lib/client.ts';
import { createDpopCheck, DPOP } from '../lib/dpop.ts';
import { createDpopClient } from '../lib/dpop-client.ts';
import { openDoorsInProcess, viewOf } from '../lib/in-process.ts';
import type { Shot } from '../lib/shot.ts';

const { rounds } = JSON.parse(process.argv.at(-1) ?? '{}');
const FRESH = 2000;
const CACHED = 10_000;
const CHECKS = 400;
/** Calls in a batch: enough for the clock, few enough that some batch is undisturbed. */
const FAST = 200;
const SLOW = 25;
const AUTHORITY = '127.0.0.1:4000';
const PATH = '/api/posts/7';

const guard = await createGuard({
  mode: 'enforce',
  listen: AUTHORITY,
  clients: { default: { stamp: 'waive' } },
  mint: { perPrefix: 1_000_000, total: 1_000_000 },
});
const client = await createDpopClient();
const es256 = await generateKeyPair('ES256');
const dpopKey = await importJWK(client.issuerKey, 'ES256');
if (dpopKey instanceof Uint8Array) throw new TypeError('the issuer has a public key');
const check = createDpopCheck(dpopKey, DPOP);
const token = await new SignJWT({ scope: 'all' })
  .setProtectedHeader({ alg: 'ES256' })
  .setIssuer(DPOP.issuer)
  .setAudience(DPOP.audience)
  .setExpirationTime('1h')
  .sign(es256.privateKey);

// The same with a token of the app's, of a common size: one for each session, because it belongs to one.
const tokens = { issuer: DPOP.issuer, audience: DPOP.audience, publicKey: await exportSPKI(es256.publicKey) };
const tokenGuard = await createGuard({
  mode: 'enforce',
  listen: AUTHORITY,
  clients: { default: { stamp: 'waive' } },
  mint: { perPrefix: 1_000_000, total: 1_000_000 },
  routes: [{ match: '/api/**', user: true }],
  login: { jwt: { ...tokens, roles: 'roles' } },
});
const people = await openDoorsInProcess(tokenGuard, AUTHORITY, 64);
const authorizations = await Promise.all(people.map((_, at) => authorizationOf(at)));

const hmacKey = createSecretKey(randomBytes(32));
const hmacText = randomBytes(300);
const figures: Record<string, number[]> = {};
const regulars = await openDoorsInProcess(guard, AUTHORITY, 64);

for (let round = -2; round < rounds; round += 1) {
  const strangers = await openDoorsInProcess(guard, AUTHORITY, FRESH);
  const freshViews = strangers.map((door) => viewOf(signedShot(door, 'GET', PATH)));
  const cachedShots = Array.from({ length: CACHED }, (_, at) => signedShot(doorAt(at), 'GET', PATH));
  const proofs = await Promise.all(
    Array.from({ length: CHECKS }, () => client.prove('GET', `http://${AUTHORITY}${PATH}`)),
  );
  const cachedViews: RequestView[] = [];
  const subjectViews: RequestView[] = [];
  for (const at of people.keys()) await tokenGuard.decide(viewOf(subjectShot(at)));
  for (let at = 0; at < CACHED; at += 1) subjectViews.push(viewOf(subjectShot(at)));
  const coveredViews = Array.from({ length: CACHED }, (_, at) =>
    viewOf(signedShot(doorAt(at), 'GET', PATH, '', authorizations[at % people.length])),
  );

  const view = await fastest(cachedShots, FAST, (shot) => void cachedViews.push(viewOf(shot)));
  const fresh = await fastest(freshViews, FAST, judge);
  const dpop = await fastest(proofs, SLOW, async (proof) => {
    if (!(await check('GET', `http://${AUTHORITY}${PATH}`, `DPoP ${client.token}`, proof)))
      throw new Error('DPoP refused');
  });
  const cached = await fastest(cachedViews, FAST, judge);
  const covered = await fastest(coveredViews, FAST, judge);
  const subject = await fastest(subjectViews, FAST, judgeSubject);
  const es = await fastest(proofs, SLOW, () => jwtVerify(token, es256.publicKey, DPOP));
  const hmac = await fastest(cachedViews, FAST, () => void createHmac('sha256', hmacKey).update(hmacText).digest());
  assertReplayed(cachedViews);
  if (round < 0) continue;
  note('view', view);
  note('fresh', fresh);
  note('cached', cached);
  note('coveredMore', covered - cached);
  note('subjectMore', subject - covered);
  note('subjectToCovered', subject / covered);
  note('dpop', dpop);
  note('es256', es);
  note('hmac', hmac);
  note('cachedToHmac', cached / hmac);
  note('freshToHmac', fresh / hmac);
  note('freshToDpop', fresh / dpop);
  note('freshToEs256', fresh / es);
}
process.stdout.write(`${JSON.stringify(figures)}\n`);

function doorAt(at: number): Door {
  const door = regulars[at % regulars.length];
  if (door === undefined) throw new RangeError('no doors are open');
  return door;
}

function authorizationOf(at: number): Promise<string> {
  const claims = {
    sub: `person-${at}`,
    roles: ['editor', 'reader'],
    scope: 'posts:read posts:write',
    name: 'A Person',
  };
  return new SignJWT({ ...claims, email: 'person@example.org', sid: 'b'.repeat(36), azp: 'frontend' })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'a'.repeat(43) })
    .setIssuer(DPOP.issuer)
    .setAudience(DPOP.audience)
    .setIssuedAt()
    .setJti(`${at}`.padStart(36, '0'))
    .setExpirationTime('1h')
    .sign(es256.privateKey)
    .then((text) => `Bearer ${text}`);
}

function subjectShot(at: number): Shot {
  const door = people[at % people.length];
  if (door === undefined) throw new RangeError('no doors are open');
  return signedShot(door, 'GET', PATH, '', authorizations[at % people.length]);
}

function judgeSubject(view: RequestView): void {
  const decision = tokenGuard.decide(view);
  if (decision instanceof Promise || decision.subject === null || decision.outcome !== 'admit')
    throw new Error('a good token was not admitted at once');
}

function judge(view: RequestView): void {
  const decision = guard.decide(view);
  if (decision instanceof Promise || decision.outcome !== 'admit') throw new Error('a good proof was not admitted');
}

function assertReplayed(views: readonly RequestView[]): void {
  const decision = views[0] === undefined ? null : guard.decide(views[0]);
  if (decision === null || decision instanceof Promise || decision.outcome !== 'refuse')
    throw new Error('a replay was admitted');
}

/**
 * Microseconds of one call in the fastest of the batches. The kernel counts CPU time in ticks that are longer than a
 * batch; nobody interrupted the fastest one, so its time is the CPU's, and what others do on the machine stays out.
 */
async function fastest<T>(inputs: readonly T[], size: number, work: (input: T) => unknown): Promise<number> {
  globalThis.gc?.();
  let best = Number.POSITIVE_INFINITY;
  for (let at = 0; at + size <= inputs.length; at += size) {
    const batch = inputs.slice(at, at + size);
    const before = performance.now();
    for (const input of batch) {
      const made = work(input);
      if (made instanceof Promise) await made;
    }
    best = Math.min(best, ((performance.now() - before) * 1000) / size);
  }
  return best;
}

function note(name: string, value: number): void {
  figures[name] = [...(figures[name] ?? []), value];
}
