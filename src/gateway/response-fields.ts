import { httpDate, names } from '../adapters/node/send.ts';
import type { Decision } from '../guard/decision.ts';
import type { Policy } from '../guard/policy.ts';
import type { RequestView } from '../guard/view.ts';
import { OWN_COOKIES } from '../wire/constants.ts';
import { toPrivate } from './cache-control.ts';
import { namedBy, withoutNamed, withVary } from './fields.ts';
import type { FieldRules } from './fields.ts';
import { responseClass } from './names.ts';

/** An answer's head on its way to the client. */
export interface ResponseHead {
  readonly fields: string[];
  /** As the browser will read it; '' without one. */
  readonly location: string;
}

/** Spelled as it goes out; `HEADER_DECISION` is its lower-case form. */
const DECISION_FIELD = 'Sallyport-Decision';

/** What the backend's own fields said; the gate decides what becomes of it once all are read. */
interface Found {
  vary: string;
  cache: string;
  location: string;
  contentType: string;
  hasDate: boolean;
  hasNosniff: boolean;
  hasResourcePolicy: boolean;
  named: Set<string> | null;
}

/** The field lines that the client gets: the backend's without what stops here, then ours. */
export function toClient(
  rules: FieldRules,
  view: RequestView,
  decision: Decision,
  status: number,
  raw: readonly string[],
): ResponseHead {
  const covered = decision.route.level !== 'open';
  const replaced = namesOf(decision.responseFields);
  const found: Found = {
    vary: '',
    cache: '',
    location: '',
    contentType: '',
    hasDate: false,
    hasNosniff: false,
    hasResourcePolicy: replaced?.has('cross-origin-resource-policy') === true,
    named: null,
  };
  const fields: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (replaced?.has(name.toLowerCase()) === true) continue;
    const value = taken(rules, view, decision, status, covered, found, name, raw[i + 1] ?? '');
    if (value !== null) fields.push(name, value);
  }
  const kept = found.named === null ? fields : withoutNamed(fields, found.named);
  pushOwn(kept, rules, view, decision, found);
  return { fields: kept, location: found.location };
}

/** The value with which this field crosses; null where it stops here or is written later. */
function taken(
  rules: FieldRules,
  view: RequestView,
  decision: Decision,
  status: number,
  covered: boolean,
  found: Found,
  name: string,
  value: string,
): string | null {
  switch (responseClass(name)) {
    case 'pass':
      return value;
    case 'drop':
      return null;
    case 'connection':
      found.named = namedBy(value, found.named);
      return null;
    case 'cors':
      // On covered routes CORS is the gate's alone (docs/protocol.md §5), but report mode takes nothing away that a
      // frontend of an origin which nobody has listed yet may live by.
      return covered && !(rules.policy.mode === 'report' && decision.responseFields.length === 0) ? null : value;
    case 'vary':
      found.vary = found.vary === '' ? value : `${found.vary}, ${value}`;
      return null;
    case 'shared-cache':
      return asksForPerson(decision) ? null : value;
    case 'cache':
      found.cache = found.cache === '' ? value : `${found.cache}, ${value}`;
      return null;
    case 'cookie':
      return setsOurs(value, rules.policy) ? null : value;
    case 'location': {
      const shown = rewritten(rules, view, decision, value);
      if (name.length === 'location'.length) found.location = shown;
      return shown;
    }
    case 'length':
      // RFC 9110 §8.6: none on 204.
      return status === 204 ? null : value;
    case 'type':
      found.contentType = value;
      return value;
    case 'date':
      found.hasDate = true;
      return value;
    case 'nosniff':
      found.hasNosniff = true;
      return value;
    case 'corp':
      found.hasResourcePolicy = true;
      return value;
  }
}

function pushOwn(out: string[], rules: FieldRules, view: RequestView, decision: Decision, found: Found): void {
  const { route } = decision;
  // Report mode adds nothing but the decision's id: the app behind it is to behave as without a gate.
  const guarded = route.level !== 'open' && (decision.enforced ?? route.mode === 'enforce');
  const stream = guarded && found.contentType.toLowerCase().startsWith('text/event-stream');
  const told = asksForPerson(decision) && !stream ? toPrivate(found.cache) : found.cache;
  const cache = stream ? withDirectives(told, ['no-cache', 'no-transform']) : told;
  if (cache !== '') out.push('Cache-Control', cache);
  if (stream) out.push('X-Accel-Buffering', 'no');
  if (guarded && !found.hasNosniff) out.push('X-Content-Type-Options', 'nosniff');
  if (guarded && !found.hasResourcePolicy) out.push('Cross-Origin-Resource-Policy', 'same-origin');
  pushDecided(out, decision, guarded ? withVary(found.vary, 'Origin, Sec-Fetch-Site') : found.vary);
  pushAlways(out, rules, view, decision, found.hasDate);
}

/** Where a shared cache would answer in the gate's place whoever asks next, with neither proof nor session. */
function asksForPerson({ route }: Decision): boolean {
  const { mode, level, user, also } = route;
  if (mode !== 'enforce') return false;
  return level === 'proof' || level === 'session' || user !== null || also.some((other) => other.user !== null);
}

/** Field lines of an answer that the gate makes itself for an admitted request: a file of the frontend. */
export function toOwnAnswer(
  rules: FieldRules,
  view: RequestView,
  decision: Decision,
  fields: readonly string[],
): string[] {
  const out = [...fields];
  pushAlways(out, rules, view, decision, names(fields, 'date'));
  return out;
}

function pushAlways(out: string[], rules: FieldRules, view: RequestView, decision: Decision, dated: boolean): void {
  if (decision.route.level !== 'open' || decision.trail.length > 0) out.push(DECISION_FIELD, decision.id);
  if (rules.hsts !== '' && view.authority === rules.hstsAuthority) out.push('Strict-Transport-Security', rules.hsts);
  if (!dated) out.push('Date', httpDate());
}

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

const namesByList = new WeakMap<readonly string[], ReadonlySet<string> | null>();

/** Lower-case names of a decision's fields. Layers mostly hand out constant lists, so this is mostly looked up. */
function namesOf(fields: readonly string[]): ReadonlySet<string> | null {
  if (fields.length === 0) return null;
  const known = namesByList.get(fields);
  if (known !== undefined) return known;
  const made = new Set<string>();
  for (let i = 0; i < fields.length; i += 2) made.add((fields[i] ?? '').toLowerCase());
  // These two are added: to replace the backend's would break its caching, or log people out of the app.
  made.delete('vary');
  made.delete('set-cookie');
  const result = made.size === 0 ? null : made;
  namesByList.set(fields, result);
  return result;
}

function withDirectives(present: string, added: readonly string[]): string {
  const known = new Set(
    present
      .toLowerCase()
      .split(',')
      .map((part) => part.trim()),
  );
  const missing = added.filter((directive) => !known.has(directive));
  return [present, ...missing].filter((part) => part !== '').join(', ');
}

/** A backend that sets our cookies would end or forge sessions; nobody but the guard does. */
function setsOurs(value: string, policy: Policy): boolean {
  const equals = value.indexOf('=');
  const name = (equals === -1 ? value : value.slice(0, equals)).trim();
  return name === policy.sessionCookie || name === policy.stampCookie || name.startsWith(OWN_COOKIES);
}

/** A Location that names the backend would lead around the gate. */
function rewritten(rules: FieldRules, view: RequestView, decision: Decision, location: string): string {
  const lower = location.toLowerCase();
  for (const origin of rules.upstreamOrigins) {
    if (!lower.startsWith(origin)) continue;
    const next = location[origin.length];
    if (next !== undefined && next !== '/' && next !== '?' && next !== '#') continue;
    const authority = decision.authority === '' ? view.authority : decision.authority;
    return `${decision.secure ? 'https' : 'http'}://${authority}${location.slice(origin.length)}`;
  }
  return location;
}
