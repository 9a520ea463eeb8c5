import type { Policy, RouteRule } from '../guard/policy.ts';
import { SallyportError } from '../guard/errors.ts';
import type { KeyDesk, KeyOrder } from '../guard/key-desk.ts';
import type { Records } from '../guard/records.ts';
import type { KeyAccount, KeyRow, KeyUsage } from '../guard/records-keys.ts';
import { AdminRefusal, type AdminRoute, type AdminSwitch } from './admin-route.ts';

/** A key as administration shows it: nothing of it opens anything. */
export type ShownKey = Omit<KeyRow, 'material'> & { readonly kind: KeyRow['material']['kind'] };

/** What `GET /keys` answers. */
export interface KeyPage {
  readonly kind: Records['kind'];
  /** Youngest first. */
  readonly keys: readonly ShownKey[];
  readonly accounts: readonly KeyAccount[];
  /** Milliseconds since 1970, by which it is told what has ended. */
  readonly now: number;
}

/** What `POST /keys` and `POST /keys/rotate` answer. */
export interface KeyIssued {
  readonly key: ShownKey;
  /** Shown this once. '' where the partner brought the public half. */
  readonly secret: string;
  /** A request that this key may make: `GET http://…/api/posts`; '' where no route takes it. */
  readonly example: string;
}

/** What `GET /keys/usage` answers. */
export interface UsagePage {
  readonly usage: readonly (KeyUsage & { readonly account: string })[];
}

export interface KeysAdminParts {
  /** Null where no route takes keys. */
  readonly desk: () => KeyDesk | null;
  readonly policy: () => Policy;
  /** Where people reach the gate. */
  readonly url: () => string;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
const NO_KEYS = 'no route takes keys; write keys: ["SCOPE"] at a route in the configuration';

/** Administration of API keys. */
export function keysRoutes(parts: KeysAdminParts): AdminRoute[] {
  const { policy, now } = parts;
  const open = (): KeyDesk => {
    const desk = parts.desk();
    if (desk === null) throw new AdminRefusal(NO_KEYS);
    return desk;
  };
  const issued = (row: KeyRow, secret: string): KeyIssued => ({
    key: shownKey(row),
    secret,
    example: example(parts, row),
  });
  return [
    {
      method: 'GET',
      path: '/keys',
      async look(): Promise<KeyPage> {
        const desk = open();
        const [keys, accounts] = await Promise.all([desk.list(), desk.accounts()]);
        return { kind: desk.kind, keys: keys.map(shownKey), accounts, now: now() };
      },
    },
    {
      method: 'GET',
      path: '/keys/usage',
      async look({ query }): Promise<UsagePage> {
        const desk = open();
        const today = new Date(now()).toISOString().slice(0, 10);
        const from = query.get('from') ?? new Date(now() - 30 * DAY_MS).toISOString().slice(0, 10);
        const usage = await refusing(() => desk.usage(from, query.get('to') ?? today));
        const accounts = new Map((await desk.list()).map(({ id, account }) => [id, account]));
        return { usage: usage.map((row) => ({ ...row, account: accounts.get(row.key) ?? '' })) };
      },
    },
    {
      method: 'POST',
      path: '/keys',
      action: 'key.issue',
      async act({ body, about }) {
        const order = toOrder(body, policy());
        about(order.account, `${order.kind} ${order.scopes.join(' ')}`.trim());
        const desk = open();
        const { row, secret } = await refusing(() => desk.issue(order));
        about(row.id, `for ${order.account}, ${order.kind}, ${order.scopes.join(' ') || 'no scopes'}`);
        return issued(row, secret);
      },
    },
    {
      method: 'POST',
      path: '/keys/revoke',
      action: 'key.revoke',
      async act(call) {
        const id = idOf(call);
        const desk = open();
        return shownKey(await refusing(() => desk.revoke(id)));
      },
    },
    {
      method: 'POST',
      path: '/keys/rotate',
      action: 'key.rotate',
      async act(call) {
        const id = idOf(call);
        const { overlap = 86_400, publicKey = '' } = call.body;
        if (!isWhole(overlap) || typeof publicKey !== 'string') throw new AdminRefusal('overlap must be seconds');
        const desk = open();
        const { row, secret } = await refusing(() => desk.rotate(id, overlap * 1000, publicKey));
        call.about(id, `replaced by ${row.id}`);
        return issued(row, secret);
      },
    },
  ];
}

export function shownKey({ material, ...row }: KeyRow): ShownKey {
  return { ...row, kind: material.kind };
}

/** What the desk says is wrong is for the person who asked. */
async function refusing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'keys') throw new AdminRefusal(error.message);
    throw error;
  }
}

function idOf({ body: { id }, about }: AdminSwitch): string {
  if (typeof id !== 'string' || !/^(?:sp[ksh]_)?[0-9A-Za-z]{11}$/.test(id)) {
    throw new AdminRefusal('name a key by its id, 11 letters and digits; `sallyport keys` lists them');
  }
  about(id.slice(-11), '');
  return id.slice(-11);
}

function toOrder(body: Readonly<Record<string, unknown>>, policy: Policy): KeyOrder {
  const { account, kind = 'bearer', publicKey = '', life = 0, notBefore = 0, quota = null, note = '' } = body;
  const known = scopesOf(policy);
  if (known === null) {
    throw new AdminRefusal(NO_KEYS);
  }
  if (typeof account !== 'string' || typeof publicKey !== 'string' || typeof note !== 'string') throw malformed();
  if (kind !== 'bearer' && kind !== 'ed25519' && kind !== 'hmac') throw malformed();
  if (!isWhole(life) || !isWhole(notBefore)) throw malformed();
  const given = texts(body['scopes']);
  if (given.length === 0 && known.length > 0 && (life === 0 || life > DAY_MS)) {
    throw new AdminRefusal(`name what the key may do with --scope; routes know ${known.join(', ')}`);
  }
  const unknown = given.find((scope) => !known.includes(scope));
  if (unknown !== undefined) {
    throw new AdminRefusal(`no route asks for the scope ${unknown}; routes know ${known.join(', ') || 'none'}`);
  }
  // For an hour of somebody's own trying, everything; whoever keeps a key says what it is for.
  const scopes = given.length === 0 ? known : given;
  const networks = texts(body['networks']);
  const { thumbprint = '' } = body;
  if (typeof thumbprint !== 'string') throw malformed();
  return { account, kind, publicKey, scopes, life, notBefore, quota: toQuota(quota), networks, thumbprint, note };
}

/** All scopes that routes ask for; null where no route takes keys. */
function scopesOf({ routes }: Policy): readonly string[] | null {
  const taking = routes.filter((rule) => rule.keys !== null);
  return taking.length === 0 ? null : [...new Set(taking.flatMap((rule) => rule.keys ?? []))];
}

function toQuota(value: unknown): KeyOrder['quota'] {
  if (value === null) return null;
  if (typeof value !== 'object' || !('count' in value) || !('per' in value)) throw malformed();
  const { count, per } = value;
  if (!isWhole(count) || !isWhole(per)) throw malformed();
  return { count, per };
}

const isWhole = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function texts(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw malformed();
  return value;
}

const malformed = (): AdminRefusal => new AdminRefusal('the order of a key is malformed');

/** One request that the key may make. */
function example({ policy, url }: KeysAdminParts, { scopes }: KeyRow): string {
  const opens = ({ keys }: RouteRule): boolean => keys?.every((scope) => scopes.includes(scope)) === true;
  const fitting = policy().routes.filter(opens);
  const rule = fitting.find(({ method }) => method === 'GET' || method === '') ?? fitting[0];
  if (rule === undefined) return '';
  const path = rule.pattern.replace(/\/\*\*$/, '').replace(/:\w+|\*/g, '1') || '/';
  return `${rule.method || 'GET'} ${url()}${path}`;
}
