import { randomFillSync } from 'node:crypto';
import { createRandom, type Random } from '../doors/random.ts';
import { toKey } from '../doors/secret.ts';
import { createKeyRing, type KeyRing } from '../doors/seal.ts';
import type { Config } from '../guard/config.ts';
import type { Ledger } from '../guard/ledger.ts';
import type { Policy } from '../guard/policy.ts';
import type { Records } from '../guard/records.ts';
import type { State } from '../guard/state.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { openShared } from '../shared.ts';
import { createMemoryState } from '../stores/memory/index.ts';
import { createMemoryLedger } from '../stores/memory/ledger.ts';
import { createInForce, type InForce } from './in-force.ts';
import type { GuardParts } from './parts.ts';

/** What all parts of a guard stand on. */
export interface Ground {
  /** As of the start. */
  readonly config: Config;
  readonly clock: Clock;
  /** Fills a buffer with random bytes. */
  readonly fill: (bytes: Buffer) => void;
  readonly random: Random;
  /** 32 bytes. */
  readonly secret: Buffer;
  readonly ring: KeyRing;
  readonly state: State;
  readonly ledger: Ledger;
  readonly fetch: typeof fetch;
  readonly inForce: InForce;
  /** Of now. */
  readonly policy: () => Policy;
  /** The element that loads the page's script. */
  readonly scriptTag: () => string;
}

/**
 * @param opened closes whatever is opened here; what was given is closed by whoever has it
 *
 * Throws ConfigError, TypeError for a secret under 32 characters, SallyportError `state` where no server answers.
 */
export async function layGround(config: Config, parts: GuardParts, opened: AsyncDisposableStack): Promise<Ground> {
  const { clock = systemClock, random: fill = randomFillSync } = parts;
  const given = parts.secret ?? process.env['SALLYPORT_SECRET'] ?? '';
  const secret = toKey(given);
  const random = createRandom(fill);
  const shared = parts.state === undefined ? await openShared({ config, secret: given }) : null;
  const state = parts.state ?? shared?.state ?? createMemoryState({ monotonic: clock.monotonic });
  if (parts.state === undefined) opened.defer(() => state.close());
  opened.defer(() => shared?.ledger?.close());
  const inForce = createInForce();
  return {
    config,
    clock,
    fill,
    random,
    secret,
    ring: createKeyRing({ secret, clock, random, scope: state.scope ?? '' }),
    state,
    ledger: parts.ledger ?? shared?.ledger ?? ledgerOf(parts.records, clock),
    fetch: parts.fetch ?? fetch,
    inForce,
    policy: inForce.policy,
    scriptTag: () => inForce.script().tag(''),
  };
}

/** Records that are gone with the process are no better than memory, and slower. */
const ledgerOf = (records: Records | undefined, { monotonic }: Clock): Ledger =>
  records?.ledger.lasts === true ? records.ledger : createMemoryLedger(monotonic);
