import { createGuard, type Decision, type Guard, type RequestView } from 'sallyport';
import { viewOf } from '../lib/in-process.ts';

const { rounds } = JSON.parse(process.argv.at(-1) ?? '{}');
const CALLS = 2000;
/** Calls in a batch: enough for the clock, few enough that some batch is undisturbed. */
const BATCH = 100;
const AUTHORITY = '127.0.0.1:4000';

/** Three policies of a usual kind, one of which fits. */
const POLICIES = `
permit(principal, action == Action::"readPost", resource);
permit(principal in Role::"editor", action == Action::"deletePost", resource is Post);
forbid(principal, action, resource == Post::"1");
`;

type Config = Parameters<typeof createGuard>[0];
type Route = NonNullable<Config['routes']>[number];

/** The same call for the same person, who is known by the app's own code; only what is asked of them differs. */
function guardOf(ask: Partial<Route>, more: Partial<Config> = {}): Promise<Guard> {
  return createGuard({
    mode: 'enforce',
    listen: AUTHORITY,
    login: { identify: () => ({ id: 'ann', roles: ['editor', 'reader'], scopes: ['posts:write'] }) },
    routes: [{ match: 'POST /api/posts/:id', level: 'site', ...ask }],
    ...more,
  });
}

const cedar = { action: 'deletePost', resource: 'Post::":id"' };
const guards = {
  user: await guardOf({ user: true }),
  roles: await guardOf({ roles: ['admin', 'editor'], scopes: ['posts:write'] }),
  cedar: await guardOf({ cedar }, { authorization: { cedar: { policies: POLICIES } } }),
  token: await guardOf({ user: true, antiForgery: 'require' }),
};
const figures: Record<string, number[]> = {};

for (let round = -2; round < rounds; round += 1) {
  const user = await fastest(guards.user, []);
  const roles = await fastest(guards.roles, []);
  const policies = await fastest(guards.cedar, []);
  const token = await fastest(guards.token, await tokenFields(guards.token));
  if (round < 0) continue;
  note('roles', roles - user);
  note('cedar', policies - user);
  note('token', token - user);
}
process.stdout.write(`${JSON.stringify(figures)}\n`);

function callOf(fields: readonly string[]): RequestView {
  const common = [
    'Host',
    AUTHORITY,
    'Sec-Fetch-Site',
    'same-origin',
    'Sec-Fetch-Mode',
    'cors',
    'X-Requested-With',
    'x',
  ];
  return viewOf({ method: 'POST', path: '/api/posts/7', fields: [...common, ...fields], body: '' });
}

/** A token of this person in this browser, as the page's own code would send it. */
async function tokenFields(guard: Guard): Promise<readonly string[]> {
  const decision: Decision = await guard.decide(callOf([]));
  const made = guard.formToken?.(callOf([]), decision);
  const cookie = made?.cookies[0]?.split(';')[0];
  if (made === undefined || made === null || cookie === undefined) throw new Error('no token was given');
  return ['Cookie', cookie, 'X-XSRF-Token', made.token];
}

/** Microseconds of one decision in the fastest of the batches. */
async function fastest(guard: Guard, fields: readonly string[]): Promise<number> {
  const views = Array.from({ length: CALLS }, () => callOf(fields));
  globalThis.gc?.();
  let best = Number.POSITIVE_INFINITY;
  for (let at = 0; at + BATCH <= views.length; at += BATCH) {
    const batch = views.slice(at, at + BATCH);
    const before = performance.now();
    for (const view of batch) {
      const { outcome, code } = await guard.decide(view);
      if (outcome !== 'admit') throw new Error(`a call that is allowed was refused: ${code}`);
    }
    best = Math.min(best, ((performance.now() - before) * 1000) / BATCH);
  }
  return best;
}

function note(name: string, value: number): void {
  figures[name] = [...(figures[name] ?? []), value];
}
