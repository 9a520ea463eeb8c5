import type { AuditFilter, AuditReport, AuditRow } from '../guard/records-audit.ts';
import type { Ban, BanKind, Records } from '../guard/records.ts';
import { prefixOf } from '../lib/address.ts';
import { DEFAULT_IPV6_PREFIX } from '../guard/config-addresses.ts';
import { AdminRefusal, type AdminRoute } from './admin-route.ts';

/** What `GET /audit` answers. */
export interface AuditPage {
  /** Where records are: those in memory are gone with the gate. */
  readonly kind: Records['kind'];
  /** Latest first. */
  readonly rows: readonly AuditRow[];
}

/** What `GET /audit/verify` answers. */
export type AuditVerified = AuditReport & { readonly kind: Records['kind'] };

/** What `GET /bans` answers. */
export interface BanPage {
  readonly kind: Records['kind'];
  /** Latest first. */
  readonly bans: readonly (Ban & { readonly active: boolean })[];
}

/** Who is behind the socket: the gate's own user, whoever that is at the keyboard. */
export const ADMIN = 'admin';

/**
 * Administration of bans and of the audit log.
 *
 * @param open the gate's records, opened by the first who asks
 * @param ipv6Bits by how many bits one subscriber is known now
 */
export function recordsRoutes(
  open: () => Promise<Records>,
  now: () => number,
  ipv6Bits: () => number = () => DEFAULT_IPV6_PREFIX,
): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/audit',
      async look({ query }): Promise<AuditPage> {
        const { kind, audit } = await open();
        return { kind, rows: await audit.list(toFilter(query)) };
      },
    },
    {
      method: 'GET',
      path: '/audit/verify',
      async look({ query }): Promise<AuditVerified> {
        const { kind, audit } = await open();
        return { kind, ...(await audit.verify(query.getAll('head').map(toHead))) };
      },
    },
    {
      method: 'GET',
      path: '/bans',
      async look(): Promise<BanPage> {
        const { kind, bans } = await open();
        const active = new Set((await bans.active()).map(({ id }) => id));
        return { kind, bans: (await bans.list()).map((ban) => ({ ...ban, active: active.has(ban.id) })) };
      },
    },
    {
      method: 'POST',
      path: '/bans',
      action: 'ban.add',
      async act({ body, about }) {
        const ban = toBan(body, now(), ipv6Bits());
        about(`${ban.kind}:${ban.value}`, ban.reason);
        return (await open()).bans.add(ban);
      },
    },
    {
      method: 'POST',
      path: '/bans/lift',
      action: 'ban.lift',
      async act({ body: { id }, about }) {
        if (typeof id !== 'string') throw new AdminRefusal('id must be the id of a ban');
        about(id, '');
        const lifted = await (await open()).bans.lift(id, ADMIN);
        if (lifted === null) throw new AdminRefusal('no ban of this id holds; `sallyport bans` lists them');
        return lifted;
      },
    },
  ];
}

const OUTCOMES = ['done', 'refused', 'failed'] as const;

function toFilter(query: URLSearchParams): AuditFilter {
  const number = (name: string) => {
    const text = query.get(name);
    if (text === null) return {};
    if (!/^\d{1,15}$/.test(text)) throw new AdminRefusal(`${name} must be a whole number`);
    return { [name]: Number(text) };
  };
  const text = (name: 'actor' | 'action' | 'target') => {
    const value = query.get(name);
    return value === null ? {} : { [name]: value };
  };
  const outcome = OUTCOMES.find((each) => each === query.get('outcome'));
  return {
    ...number('since'),
    ...number('until'),
    ...number('limit'),
    ...text('actor'),
    ...text('action'),
    ...text('target'),
    ...(outcome === undefined ? {} : { outcome }),
  };
}

function toHead(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text;
  throw new AdminRefusal('a head has 64 hexadecimal digits, as the log and the metrics show it');
}

const RULES: Readonly<Record<BanKind, RegExp>> = {
  session: /^[A-Za-z0-9_-]{11}$/,
  key: /^[A-Za-z0-9_.:-]{1,128}$/,
  subject: /^[^:]{1,64}:.{1,255}$/su,
  prefix: /^[0-9a-fA-F.:]+(?:\/\d{1,3})?$/,
};
const SAID: Readonly<Record<BanKind, string>> = {
  session: 'name a session by the 11 characters that `sallyport why` and the log show',
  key: 'name a key by its public id',
  subject: 'name a user as SOURCE:ID, as in accounts:ada',
  prefix:
    'name an address, as in 192.0.2.1 or 2001:db8::1; of IPv6 its /56 is meant, or what `addresses.ipv6Prefix` says',
};

function toBan(
  body: Readonly<Record<string, unknown>>,
  now: number,
  ipv6Bits: number,
): Omit<Ban, 'id' | 'created' | 'lifted' | 'liftedBy'> {
  const { value, reason = '', seconds = 0 } = body;
  const kind = (['session', 'key', 'subject', 'prefix'] as const).find((each) => each === body['kind']);
  if (kind === undefined) throw new AdminRefusal('kind must be session, key, subject or prefix');
  if (typeof value !== 'string' || !RULES[kind].test(value)) throw new AdminRefusal(SAID[kind]);
  if (typeof reason !== 'string' || reason.length > 500) throw new AdminRefusal('a reason has at most 500 characters');
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds) || seconds < 0) {
    throw new AdminRefusal('seconds must be a whole number, 0 for no end');
  }
  const named = kind === 'prefix' ? toPrefix(value, ipv6Bits) : value;
  return { kind, value: named, reason, by: ADMIN, until: seconds === 0 ? 0 : now + seconds * 1000 };
}

/** As budgets count: an IPv4 address, or the network of an IPv6 one that one subscriber has. */
function toPrefix(value: string, ipv6Bits: number): string {
  const slash = value.indexOf('/');
  const prefix = prefixOf(slash < 0 ? value : value.slice(0, slash), ipv6Bits);
  const bits = slash < 0 ? '' : value.slice(slash + 1);
  const fits = bits === '' || (prefix.includes('/') ? bits === String(ipv6Bits) : bits === '32');
  if (prefix === '' || !fits) throw new AdminRefusal(SAID.prefix);
  return prefix;
}
