import type { Duplex } from 'node:stream';
import type { Decision } from '../guard/decision.ts';
import type { Asserted } from './assertion.ts';
import type { Guard } from '../guard/guard.ts';
import type { RequestView } from '../guard/view.ts';
import type { FieldRules } from './fields.ts';
import type { Observing } from './observing.ts';
import type { Pages } from './page.ts';
import type { Unattended } from './unattended.ts';
import type { Upstream } from './upstream.ts';

export interface Assertions {
  /** Value of Sallyport-Assertion for an admitted request; '' for none. */
  fieldFor(decision: Asserted): string | Promise<string>;
}

/** What one configuration's requests are forwarded with. */
export interface Route {
  readonly guard: Guard;
  readonly rules: FieldRules;
  readonly upstream: Upstream;
  readonly unattended: Unattended;
  readonly pages: Pages | null;
  readonly assertions: Assertions | null;
  /** True from the moment the gate is asked to stop: answers then close their connections. */
  draining(): boolean;
  /** Told of decisions that fell while forwarding: digest, too-large, upstream. */
  onFault(decision: Decision, view: RequestView): void;
  /** Hears of answers while somebody watches. */
  readonly observing: Observing | null;
  readonly onSettled: ((decision: Decision, view: RequestView, status: number) => void) | null;
}

/** Called when the backend has switched protocols: its field lines and its end of the tunnel. */
export type Upgraded = (status: number, fields: string[], socket: Duplex) => void;
