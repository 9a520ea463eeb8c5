import { httpDate } from '../adapters/node/send.ts';
import type { Decision } from '../guard/decision.ts';
import type { Policy } from '../guard/policy.ts';
import type { RequestView } from '../guard/view.ts';
import { HEADER_DECISION } from '../wire/constants.ts';
import { requestClass, responseClass } from './names.ts';
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

/** Fields that Connection may name without taking them away: routing and framing are not the client's to drop. */
const KEPT = new Set(['host', 'content-length', 'content-type', 'cookie', 'authorization', 'close', 'keep-alive', 'upgrade']);

/** The field lines that the backend gets: the client's without what stops here, then ours. */
export function toBackend(rules: FieldRules, view: RequestView, decision: Decision): string[] {
  const { fields } = view;
  const out: string[] = [];
  const peer = plainAddress(view.peer);
  // Only where a listed proxy was asked can the address be another than the socket's.
  const proxied = decision.address !== '' && decision.address !== peer && decision.address !== view.peer;
  const enforced = decision.route.mode === 'enforce';
  let host = '';
  let named: Set<string> | null = null;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const value = fields[i + 1] ?? '';
    switch (requestClass(name)) {
      case 'pass':
        out.push(name, value);
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
        if (!enforced) out.push(name, value);
        break;
      case 'cookie':
        pushUnlessEmpty(out, name, withoutCookies(value, rules.policy.sessionCookie, rules.policy.stampCookie));
        break;
      case 'signature':
        pushUnlessEmpty(out, name, withoutMember(value));
        break;
      case 'protocol':
        pushUnlessEmpty(out, name, withoutProtocol(value));
        break;
    }
  }
  const kept = named === null ? out : withoutNamed(out, named);
  pushOwn(kept, rules, decision, peer, host);
  return kept;
}

/** Ours come last and by us alone: no Connection field of the client reaches them (RFC 9110 §7.6.1). */
function pushOwn(out: string[], rules: FieldRules, decision: Decision, peer: string, host: string): void {
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

/** What {@link toClient} learns on its way through the backend's fields. */
export interface ResponseHead {
  readonly fields: string[];
  /** As the browser will read it; '' without one. */
  readonly location: string;
  /** -1 where the backend declared none. */
  readonly length: number;
  readonly contentType: string;
  readonly hasDate: boolean;
}

/** The field lines that the client gets: the backend's without what stops here, then ours. */
export function toClient(
  rules: FieldRules,
  view: RequestView,
  decision: Decision,
  status: number,
  raw: readonly string[],
): ResponseHead {
  const fields: string[] = [];
  const covered = decision.route.level !== 'open';
  const guarded = covered && decision.route.mode === 'enforce';
  const replaced = namesOf(decision.responseFields);
  let named: Set<string> | null = null;
  let vary = '';
  let cache = '';
  let location = '';
  let length = -1;
  let contentType = '';
  let hasDate = false;
  let nosniff = false;
  let corp = false;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const kind = responseClass(name);
    if (kind === 'drop') continue;
    if (kind === 'connection') {
      named = namedBy(value, named);
      continue;
    }
    if (kind === 'vary') {
      vary = vary === '' ? value : `${vary}, ${value}`;
      continue;
    }
    if (kind === 'cors' && covered) continue;
    if (replaced !== null && replaced.has(name.toLowerCase())) continue;
    if (kind === 'pass' || kind === 'cors') {
      fields.push(name, value);
      continue;
    }
    if (kind === 'cookie') {
      if (!setsOurs(value, rules.policy)) fields.push(name, value);
      continue;
    }
    if (kind === 'cache') {
      cache = cache === '' ? value : `${cache}, ${value}`;
      continue;
    }
    if (kind === 'location') {
      const shown = rewritten(rules, decision, view, value);
      if (name.toLowerCase() === 'location') location = shown;
      fields.push(name, shown);
      continue;
    }
    if (kind === 'length') {
      if (status === 204) continue;
      length = Number(value);
    }
    if (kind === 'type') contentType = value;
    if (kind === 'date') hasDate = true;
    if (kind === 'nosniff') nosniff = true;
    if (kind === 'corp') corp = true;
    fields.push(name, value);
  }
  const kept = named === null ? fields : withoutNamed(fields, named);
  const stream = guarded && contentType.toLowerCase().startsWith('text/event-stream');
  if (stream) cache = withDirectives(cache, ['no-cache', 'no-transform']);
  if (cache !== '') kept.push('Cache-Control', cache);
  if (stream) kept.push('X-Accel-Buffering', 'no');
  if (guarded && !nosniff) kept.push('X-Content-Type-Options', 'nosniff');
  if (guarded && !corp && !replaced?.has('cross-origin-resource-policy')) {
    kept.push('Cross-Origin-Resource-Policy', 'same-origin');
  }
  pushDecided(kept, decision, guarded ? withVary(vary, 'Origin, Sec-Fetch-Site') : vary);
  if (covered || decision.trail.length > 0) kept.push(HEADER_DECISION_NAME, decision.id);
  if (rules.hsts !== '' && view.authority === rules.hstsAuthority) kept.push('Strict-Transport-Security', rules.hsts);
  return { fields: kept, location, length, contentType, hasDate };
}

/** Field lines of an answer that the gate makes itself for an admitted request: a file of the frontend. */
export function toOwnAnswer(rules: FieldRules, view: RequestView, decision: Decision, fields: readonly string[]): string[] {
  const out = [...fields];
  if (!fields.some((field, index) => index % 2 === 0 && field.toLowerCase() === 'date')) out.push('Date', httpDate());
  if (decision.route.level !== 'open' || decision.trail.length > 0) out.push(HEADER_DECISION_NAME, decision.id);
  if (rules.hsts !== '' && view.authority === rules.hstsAuthority) out.push('Strict-Transport-Security', rules.hsts);
  return out;
}

/** Canonical spelling of {@link HEADER_DECISION}. */
const HEADER_DECISION_NAME = HEADER_DECISION.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());

/** The guard's own fields. Vary alone is merged: to replace the backend's would break its caching. */
function pushDecided(out: string[], decision: Decision, vary: string): void {
  const { responseFields } = decision;
  let merged = vary;
  for (let i = 0; i + 1 < responseFields.length; i += 2) {
    const name = responseFields[i] ?? '';
    const value = responseFields[i + 1] ?? '';
    if (name.toLowerCase() === 'vary') merged = withVary(merged, value);
    else out.push(name, value);
  }
  if (merged !== '') out.push('Vary', merged);
}

const namesByList = new WeakMap<readonly string[], Set<string> | null>();

/** Lower-case names of a decision's fields; layers hand out few constant lists, so this is looked up, not made. */
function namesOf(fields: readonly string[]): Set<string> | null {
  if (fields.length === 0) return null;
  const known = namesByList.get(fields);
  if (known !== undefined) return known;
  const made = new Set<string>();
  for (let i = 0; i < fields.length; i += 2) made.add((fields[i] ?? '').toLowerCase());
  made.delete('vary');
  const result = made.size === 0 ? null : made;
  namesByList.set(fields, result);
  return result;
}

export function withVary(present: string, added: string): string {
  if (present.trim() === '*') return present;
  const known = new Set(present.toLowerCase().split(',').map((part) => part.trim()));
  const missing = added.split(',').map((part) => part.trim()).filter((part) => !known.has(part.toLowerCase()));
  if (missing.length === 0) return present;
  return present === '' ? missing.join(', ') : `${present}, ${missing.join(', ')}`;
}

function withDirectives(present: string, added: readonly string[]): string {
  const known = new Set(present.toLowerCase().split(',').map((part) => part.trim()));
  const missing = added.filter((directive) => !known.has(directive));
  return [present, ...missing].filter((part) => part !== '').join(', ');
}

/** A backend that sets our cookies would end or forge sessions; nobody but the guard does. */
function setsOurs(value: string, policy: Policy): boolean {
  const equals = value.indexOf('=');
  const name = (equals === -1 ? value : value.slice(0, equals)).trim();
  return name === policy.sessionCookie || name === policy.stampCookie;
}

/** A Location that names the backend would lead around the gate. */
function rewritten(rules: FieldRules, decision: Decision, view: RequestView, location: string): string {
  const lower = location.toLowerCase();
  for (const origin of rules.upstreamOrigins) {
    if (!lower.startsWith(origin)) continue;
    const next = location[origin.length];
    if (next === undefined || next === '/' || next === '?' || next === '#') {
      const authority = decision.authority === '' ? view.authority : decision.authority;
      return `${decision.secure ? 'https' : 'http'}://${authority}${location.slice(origin.length)}`;
    }
  }
  return location;
}

function namedBy(value: string, earlier: Set<string> | null): Set<string> | null {
  let named = earlier;
  for (const part of value.split(',')) {
    const name = part.trim().toLowerCase();
    if (name === '' || KEPT.has(name)) continue;
    named ??= new Set();
    named.add(name);
  }
  return named;
}

function withoutNamed(fields: readonly string[], named: ReadonlySet<string>): string[] {
  const out: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!named.has(name.toLowerCase())) out.push(name, fields[i + 1] ?? '');
  }
  return out;
}

function pushUnlessEmpty(out: string[], name: string, value: string): void {
  if (value !== '') out.push(name, value);
}
