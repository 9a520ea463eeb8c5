import { type Eventually, whenKnown } from '../lib/eventually.ts';
import { PASS, type Refusal, refusal, type Verdict } from './decision.ts';
import type { Context, Grounds, Layer } from './layer.ts';
import { enforcementOf, type RestoredLayers } from './pipeline.ts';
import type { Policy } from './policy.ts';
import { EVERYBODY, isPartial } from './rollout.ts';
import { type SessionRef, sessionRef, type State } from './state.ts';
import type { RequestView } from './view.ts';

const CHANGED = refusal('login-changed', 'a session in which nobody has logged in or out since');
const ENDED = refusal('stale', 'a session that has not been ended since');
const TOO_LONG = refusal('entry-required', 'a new request: nothing stays open for longer than a session may last');

export interface StandingParts {
  readonly layers: readonly Layer[];
  readonly state: Pick<State, 'endedBy'>;
  readonly policy: () => Policy;
  /** Layers of it that go on as before. */
  readonly restored: () => RestoredLayers;
  /** See {@link import('./run-parts.ts').RunnerParts.bucketOf}. */
  readonly bucketOf?: (request: RequestView, context: Context) => number;
}

/** Why what was admitted must not go on, and which layer says so. */
export interface Fallen {
  readonly layer: string;
  readonly refused: Refusal;
}

/**
 * Asks again what a request stood on. A session that merely idled or was forgotten is not one that was ended: what is
 * open is its use. Null while everything holds; rejects where that cannot be known.
 *
 * @param since when it was admitted, milliseconds since 1970
 */
export type Standing = (grounds: Grounds, since: number, now: number) => Eventually<Fallen | null>;

export function createStanding({ layers, state, policy, restored, bucketOf }: StandingParts): Standing {
  const asking = layers.filter((layer) => layer.stands !== undefined);
  const replay = layers.find(({ name }) => name === 'replay');
  const session = layers.find(({ name }) => name === 'session');

  /** By the policy of now: a gate that was switched since ends what it would refuse, and nothing else. */
  function isEnforced(layer: Layer | undefined, { request, context }: Grounds): boolean {
    const now = policy();
    const { method, path, folded } = request;
    const route = context.policy === now ? context.route : now.match(method, path, folded);
    if (layer === undefined) return false;
    const { share, spares } = enforcementOf(now, route, layer, restored());
    if (spares > 0 && beganOf(context) < spares) return false;
    return isPartial(share) ? (bucketOf?.(request, context) ?? 0) < share : share === EVERYBODY;
  }

  function bySession(grounds: Grounds, since: number, now: number): Eventually<Fallen | null> {
    const ref = refOf(grounds.context);
    if (ref === null || !isEnforced(grounds.context.ticket === null ? session : replay, grounds)) return null;
    if (now - since > policy().session.max * 1000) return { layer: 'session', refused: TOO_LONG };
    return whenKnown(state.endedBy(ref, now), (reason) =>
      reason === '' ? null : { layer: 'session', refused: reason === 'login' ? CHANGED : ENDED },
    );
  }

  function byLayers(grounds: Grounds, index: number): Eventually<Fallen | null> {
    for (let i = index; i < asking.length; i++) {
      const layer = asking[i] as Layer;
      if (!isEnforced(layer, grounds)) continue;
      const verdict = layer.stands?.(grounds.request, grounds.context) ?? PASS;
      if (verdict === PASS) continue;
      if (verdict instanceof Promise) return verdict.then((found) => fallen(layer, found) ?? byLayers(grounds, i + 1));
      return fallen(layer, verdict);
    }
    return null;
  }

  return (grounds, since, now) => {
    grounds.context.now = now;
    return whenKnown(bySession(grounds, since, now), (found) => found ?? byLayers(grounds, 0));
  };
}

const fallen = ({ name }: Layer, verdict: Verdict): Fallen | null =>
  verdict.kind === 'pass' ? null : { layer: name, refused: verdict };

/** When the session of a request began, milliseconds since 1970: what it showed of that may be out of time by now. */
const beganOf = ({ ticket, cookieCreated }: Context): number =>
  (cookieCreated || (ticket?.sessionCreated ?? Infinity)) * 1000;

function refOf({ ticket, cookieSession }: Context): SessionRef | null {
  if (ticket !== null) return { place: ticket.sessionPlace, idHigh: ticket.sessionIdHigh, idLow: ticket.sessionIdLow };
  return cookieSession === '' ? null : sessionRef(cookieSession);
}
