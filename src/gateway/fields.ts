import type { Decision } from '../guard/decision.ts';
import type { Policy } from '../guard/policy.ts';
import type { RequestView } from '../guard/view.ts';
import { foldName } from '../guard/overrides.ts';
import { findKey } from '../wire/key.ts';
import { requestClass } from './names.ts';
import { withoutCookies, withoutMember, withoutProtocol } from './strip.ts';

/** What the field rules of one configuration depend on. Made at start-up and at each reload. */
export interface FieldRules {
  readonly policy: Policy;
  /** Host the backend gets; '' for the browser's own. */
  readonly upstreamHost: string;
  /** Origins under which the backend may name itself: rewritten to the gate's own in Location. */
  readonly upstreamOrigins: readonly string[];
  /** Value of Strict-Transport-Security and the authority it is for; '' for none. */
  readonly hsts: string;
  readonly hstsAuthority: string;
}

/** What of a decision shows in the fields that the backend gets. */
export type Forwarded = Pick<Decision, 'address' | 'secure' | 'authority' | 'route' | 'relay'>;

/** The field lines that the backend gets: the client's without what stops here, then ours. */
export function toBackend(rules: FieldRules, view: RequestView, decision: Forwarded): string[] {
  const { fields } = view;
  const { sessionCookie, stampCookie } = rules.policy;
  const out: string[] = [];
  const peer = plainAddress(view.peer);
  // Only where a listed proxy was asked can the address be another than the socket's.
  const proxied = decision.address !== '' && decision.address !== peer && decision.address !== view.peer;
  const reported = rules.policy.mode === 'report';
  const { signed } = decision.route;
  let host = '';
  let named: Set<string> | null = null;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const value = fields[i + 1] ?? '';
    switch (requestClass(name)) {
      case 'pass':
        if (!isAliasOf(signed, name)) out.push(name, value);
        break;
      case 'drop':
        break;
      case 'host':
        if (host === '') host = value;
        break;
      case 'connection':
        named = namedBy(value, named);
        break;
      case 'proxy':
        if (proxied) out.push(name, value);
        break;
      case 'override':
        // Report mode changes nothing that an app may live by. A route that alone reports lends nobody a way to others.
        if (reported) out.push(name, value);
        break;
      case 'authorization':
        // No backend learns what would open the gate in a partner's name.
        if (findKey(value) === '') out.push(name, value);
        break;
      case 'cookie':
        pushUnlessEmpty(out, name, withoutCookies(value, sessionCookie, stampCookie));
        break;
      case 'signature':
        pushUnlessEmpty(out, name, withoutMember(value));
        break;
      case 'protocol':
        pushUnlessEmpty(out, name, withoutProtocol(value));
        break;
    }
  }
  const kept = named === null ? out : withoutNamed(out, unsigned(named, decision));
  // The provider's token stands in place of whatever the client sent: one Authorization, and it is the relayed one.
  const shown = decision.relay === '' ? kept : withoutAuthorization(kept);
  if (decision.relay !== '') shown.push('Authorization', decision.relay);
  pushOwn(shown, rules, decision, peer, host);
  return shown;
}

/** Ours come last and by us alone: no Connection field of the client reaches them (RFC 9110 §7.6.1). */
function pushOwn(out: string[], rules: FieldRules, decision: Forwarded, peer: string, host: string): void {
  const shownHost = rules.upstreamHost === '' ? host : rules.upstreamHost;
  if (shownHost !== '') out.push('Host', shownHost);
  out.push('X-Forwarded-For', decision.address === '' ? peer : decision.address);
  out.push('X-Forwarded-Proto', decision.secure ? 'https' : 'http');
  out.push('X-Forwarded-Host', decision.authority === '' ? host : decision.authority);
}

/** `::ffff:192.0.2.1` is how a dual-stack socket prints an IPv4 address. */
function plainAddress(peer: string): string {
  return peer.startsWith('::ffff:') ? peer.slice(7) : peer;
}

/** Whether a name is another spelling of one that proofs cover: whoever folds both would read what nobody signed. */
function isAliasOf(signed: readonly string[], name: string): boolean {
  return (
    signed.length > 0 && !signed.includes(name.toLowerCase()) && signed.some((one) => foldName(one) === foldName(name))
  );
}

/** Fields that Connection may name without taking them away: routing and framing are not the client's to drop. */
const KEPT: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'content-digest',
  'cookie',
  'authorization',
  'close',
  'keep-alive',
  'upgrade',
]);

/** Names in a Connection value that are to go, added to those of earlier lines; null for none. */
export function namedBy(value: string, earlier: Set<string> | null): Set<string> | null {
  let named = earlier;
  if (value === 'keep-alive' || value === 'close') return named;
  for (const part of value.split(',')) {
    const name = part.trim().toLowerCase();
    if (name === '' || KEPT.has(name)) continue;
    named ??= new Set();
    named.add(name);
  }
  return named;
}

/** What the proof covers arrives as it was signed, whatever Connection says, which no proof covers. */
function unsigned(named: Set<string>, decision: Forwarded): Set<string> {
  for (const name of decision.route.signed) named.delete(name);
  return named;
}

/** In every spelling that a backend may fold to it. */
function withoutAuthorization(fields: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (foldName(name) !== 'authorization') out.push(name, fields[i + 1] ?? '');
  }
  return out;
}

/** A flat list of fields without those of these lower-case names. */
export function withoutNamed(fields: readonly string[], named: ReadonlySet<string>): string[] {
  const out: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!named.has(name.toLowerCase())) out.push(name, fields[i + 1] ?? '');
  }
  return out;
}

/** A Vary value with these names, in the order given, where they are not in it yet (RFC 9110 §12.5.5). */
export function withVary(present: string, added: string): string {
  if (present === '') return added;
  if (present.trim() === '*') return present;
  const known = new Set(
    present
      .toLowerCase()
      .split(',')
      .map((part) => part.trim()),
  );
  const missing = added
    .split(',')
    .map((part) => part.trim())
    .filter((part) => !known.has(part.toLowerCase()));
  if (missing.length === 0) return present;
  return `${present}, ${missing.join(', ')}`;
}

function pushUnlessEmpty(out: string[], name: string, value: string): void {
  if (value !== '') out.push(name, value);
}
