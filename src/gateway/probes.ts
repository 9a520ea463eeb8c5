import type { Decision } from '../guard/decision.ts';
import type { RequestView } from '../guard/view.ts';

/** Query parameter by which `doctor` finds its own request again. */
export const PROBE_PARAMETER = 'sallyport-doctor';

/** How one of `doctor`'s requests arrived. */
export interface Probe {
  readonly nonce: string;
  /** Address of the socket's other end. */
  readonly peer: string;
  /** Address that the gate went by. */
  readonly address: string;
  /** Whether the gate took the connection for TLS. */
  readonly secure: boolean;
  /** Host the gate went by, and the one in the request itself. */
  readonly authority: string;
  readonly host: string;
  /** Forwarding fields as they came; '' where they did not. */
  readonly xForwardedFor: string;
  readonly xForwardedProto: string;
  readonly xForwardedHost: string;
  readonly forwarded: string;
  /** Code of the decision, or of what report mode would have refused; ''. */
  readonly code: string;
}

export interface Probes {
  /** For `Guard.onDecision`. */
  add(decision: Decision, view: RequestView): void;
  list(): readonly Probe[];
}

const KEPT = 32;
const MAX_TEXT = 512;

export function createProbes(): Probes {
  const probes: Probe[] = [];
  return {
    add(decision, view) {
      if (!view.query.includes(PROBE_PARAMETER)) return;
      const nonce = new URLSearchParams(view.query).get(PROBE_PARAMETER) ?? '';
      if (!/^[A-Za-z0-9_-]{16,32}$/.test(nonce)) return;
      if (probes.push(toProbe(nonce, decision, view)) > KEPT) probes.shift();
    },
    list: () => probes,
  };
}

function toProbe(nonce: string, decision: Decision, view: RequestView): Probe {
  const { headers } = view;
  return {
    nonce,
    peer: view.peer,
    address: decision.address,
    secure: decision.secure,
    authority: decision.authority,
    host: headers.host.slice(0, MAX_TEXT),
    xForwardedFor: headers.xForwardedFor.slice(0, MAX_TEXT),
    xForwardedProto: headers.xForwardedProto.slice(0, MAX_TEXT),
    xForwardedHost: headers.xForwardedHost.slice(0, MAX_TEXT),
    forwarded: headers.forwarded.slice(0, MAX_TEXT),
    code: decision.code === '' ? (decision.trail[0]?.code ?? '') : decision.code,
  };
}
