import { toWrittenView } from '../adapters/node/view.ts';
import { type Eventually, whenKnown } from '../lib/eventually.ts';
import type { Config } from '../guard/config.ts';
import type { Decision } from '../guard/decision.ts';
import type { Guard } from '../guard/guard.ts';
import { PASS } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';
import type { SessionRef, State } from '../guard/state.ts';
import type { RequestView } from '../guard/view.ts';
import { createGuard, createMemoryState, defaultLayers } from '../index.ts';
import { toJudgeable } from './judgeable.ts';
import type { Exchange, Observation, Shows } from './observation.ts';

/** What a configuration would have said to one recorded request. */
export interface Judged {
  /** Name of the route it fell under. */
  readonly route: string;
  /** Whether the configuration protects it at all. */
  readonly isCovered: boolean;
  /** Layers that would have refused it, and their codes; empty where all pass. */
  readonly refusals: readonly { readonly layer: string; readonly code: string }[];
}

/** Judges recorded traffic by the real layers and the real state, at the times at which it was made. */
export interface Judge {
  /** Requests in the order of their times, each with the name of its session. */
  judge(observation: Observation, session: string): Eventually<Judged>;
  /** What the configuration asks for and such traffic cannot show. */
  readonly unjudged: readonly string[];
  /** What the traffic is taken to show. */
  readonly shows: Shows;
  close(): Promise<void>;
}

/** Layers whose questions recorded traffic answers. All others are passed: the page's script is taken to do its part. */
const JUDGED: ReadonlySet<string> = new Set([
  'address',
  'target',
  'lists',
  'route',
  'schema',
  'allow',
  'served',
  'order',
  'limit',
]);
/** Those that need header fields. */
const BY_FIELDS: ReadonlySet<string> = new Set(['carrier', 'site']);
const MOST_SESSIONS = 100_000;
/** New sessions are judged by nobody: a log does not show when pages entered. */
const ANY_NUMBER = 1e6;

/** @throws ConfigError where the configuration cannot be used */
export async function createJudge(config: Config, shows: Shows): Promise<Judge> {
  const { config: judged, unjudged } = toJudgeable(config, shows);
  const state = createMemoryState();
  const clock = { now: 0 };
  const sessions = createSessions(state, clock);
  const guard = await createGuard(judged, {
    state,
    clock: { wall: () => clock.now, monotonic: () => clock.now },
    layers: (parts) =>
      defaultLayers(parts).flatMap((layer) => {
        if (layer.name === 'proof') return [assumed(sessions)];
        return JUDGED.has(layer.name) || (shows.fields && BY_FIELDS.has(layer.name)) ? [layer] : [];
      }),
  });
  const own = ownAuthority(guard);
  return {
    unjudged,
    shows,
    judge(observation, session) {
      clock.now = Math.max(clock.now, observation.time);
      const view = viewOf(observation, own);
      sessions.begin(session, observation.prefix);
      return whenKnown(guard.decide(view), (decision) =>
        whenKnown(settle(guard, view, decision, observation), () => ({
          route: decision.route.name,
          isCovered: decision.route.level !== 'open',
          refusals: decision.trail,
        })),
      );
    },
    close: () => guard.close(),
  };
}

/** In place of the proof: the page has entered, and has signed the call with its key. */
const assumed = (sessions: Sessions): Layer => ({
  name: 'proof',
  forRoute: ({ level }) => {
    if (level === 'open' || level === 'site') return null;
    return (_request, context) => {
      context.level = level;
      context.session = sessions.current;
      return PASS;
    };
  },
});

interface Sessions {
  /** Whose request is judged next: no layer before the proof waits for anything. */
  begin(name: string, prefix: string): void;
  readonly current: SessionRef | null;
}

/** Each recorded session enters once. */
function createSessions(state: State, clock: { readonly now: number }): Sessions {
  const known = new Map<string, SessionRef>();
  let current: SessionRef | null = null;
  let last = 0;
  const enter = (prefix: string): SessionRef | null => {
    last += 1;
    const id = { newIdHigh: Math.floor(last / 0x100000000), newIdLow: last >>> 0 };
    const granted = state.enter({
      now: clock.now,
      windowIdHigh: id.newIdHigh + 1,
      windowIdLow: id.newIdLow,
      windowLife: 1000,
      client: 1,
      session: null,
      replaces: null,
      ...id,
      prefix,
      mintsPerMinute: ANY_NUMBER,
      mintsPerMinuteTotal: ANY_NUMBER,
      entriesPerMinute: ANY_NUMBER,
    });
    return granted instanceof Promise || !granted.ok ? null : granted.session;
  };
  return {
    begin(name, prefix) {
      current = known.get(name) ?? enter(prefix);
      if (current === null || known.has(name)) return;
      if (known.size >= MOST_SESSIONS) known.delete(known.keys().next().value ?? '');
      known.set(name, current);
    },
    get current() {
      return current;
    },
  };
}

/** What the backend answered: steps that are done, ids that were given. */
function settle(
  guard: Guard,
  view: RequestView,
  decision: Decision,
  { status, exchange }: Observation,
): Eventually<void> {
  const answer = status < 300 && guard.serves?.takes(decision) === true ? (exchange?.answer ?? null) : null;
  const settled = guard.settle(view, decision, { status, location: '' });
  guard.finish?.(decision);
  if (answer === null) return settled;
  return whenKnown(settled, () => guard.serves?.reader(decision).read(Buffer.from(answer)));
}

/** The name that the gate answers by: recorded requests to the app are taken to have been sent there. */
function ownAuthority({ policy }: Guard): { readonly authority: string; readonly origin: string } {
  const [authority = 'localhost'] = policy.authorities;
  const origins = [...policy.ownOrigins];
  const origin = origins.find((one) => one === `https://${authority}`) ?? origins[0] ?? `https://${authority}`;
  return { authority, origin };
}

function viewOf(observation: Observation, own: { readonly authority: string; readonly origin: string }): RequestView {
  const { method, target, agent, prefix, exchange, page } = observation;
  const [peer = ''] = prefix.split('/');
  const fields =
    exchange === null
      ? ['Host', own.authority, 'User-Agent', agent, ...(page === '' ? [] : ['Referer', own.origin + page])]
      : moved(exchange, own);
  const body = exchange?.body ?? null;
  return toWrittenView({ method, target, fields, peer, body: body === null ? null : Buffer.from(body) });
}

/** The same fields, as they would have come to the gate: its own name for the app's, and what the page's script adds. */
function moved({ fields, body }: Exchange, own: { readonly authority: string; readonly origin: string }): string[] {
  const host = fieldOf(fields, 'host');
  const out: string[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = (fields[index] ?? '').toLowerCase();
    const value = fields[index + 1] ?? '';
    if (name === 'content-length' || name === 'transfer-encoding' || name === 'cookie' || name === 'authorization')
      continue;
    if (name === 'host') out.push('Host', own.authority);
    else if ((name === 'origin' || name === 'referer') && URL.parse(value)?.host === host)
      out.push(name, own.origin + (name === 'origin' ? '' : value.slice(value.indexOf(host) + host.length)));
    else out.push(name, value);
  }
  if (body !== null) out.push('Content-Length', String(Buffer.byteLength(body)));
  if (fieldOf(fields, 'x-requested-with') === '' && /^(?:|cors|same-origin)$/.test(fieldOf(fields, 'sec-fetch-mode')))
    out.push('X-Requested-With', 'sallyport');
  return out;
}

function fieldOf(fields: readonly string[], wanted: string): string {
  for (let index = 0; index + 1 < fields.length; index += 2)
    if (fields[index]?.toLowerCase() === wanted) return fields[index + 1] ?? '';
  return '';
}
