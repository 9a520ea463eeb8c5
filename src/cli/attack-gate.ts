import { type RunningGate, runningGates } from '../gateway/admin-client.ts';
import type { GateRoutes, GateStatus } from '../gateway/gate-status.ts';
import type { KeyIssued } from '../gateway/keys-admin.ts';
import type { Config } from '../guard/config.ts';
import type { IssuedKeys } from '../lab/options.ts';
import { ask, GateRefusal } from './gates.ts';

/** Our own gate, which its socket speaks for. */
export interface OwnGate {
  readonly gate: RunningGate;
  readonly status: GateStatus;
  /** Without its secrets. */
  readonly config: Config;
}

/** The gate of this user on that port; null where it is not ours to ask. */
export async function ownGateAt(url: string): Promise<OwnGate | null> {
  const port = Number(URL.parse(url)?.port ?? 0);
  const gate = (await runningGates().catch(() => [])).find((running) => running.port === port);
  if (gate === undefined) return null;
  const status = await ask<GateStatus>(gate, 'GET', '/status');
  return { gate, status, config: (await ask<GateRoutes>(gate, 'GET', '/routes')).config };
}

/** Keys of one run. */
export interface RunKeys extends IssuedKeys {
  /** Ends them; answers whether all are ended. */
  revoke(): Promise<boolean>;
  readonly ids: readonly string[];
}

/** Milliseconds that keys outlive the longest run by, where the command is cut off and revokes nothing. */
const SPARE_MS = 60_000;

/** Keys for a run of at most `seconds`; null where no route takes any by `GET`. */
export async function issueKeys({ gate, config }: OwnGate, seconds: number): Promise<RunKeys | null> {
  if (!(config.routes ?? []).some(({ keys }) => keys !== undefined)) return null;
  const issued: KeyIssued[] = [];
  const revoke = async (): Promise<boolean> => {
    const gone = issued.map(({ key: { id } }) => ask(gate, 'POST', '/keys/revoke', { id }).then(yes, no));
    return (await Promise.all(gone)).every((each) => each);
  };
  try {
    for (const kind of ['bearer', 'ed25519']) {
      const order = {
        account: 'sallyport attack',
        kind,
        life: seconds * 1000 + SPARE_MS,
        note: 'for one run of the lab',
      };
      issued.push(await ask<KeyIssued>(gate, 'POST', '/keys', order));
    }
  } catch (error) {
    await revoke();
    if (error instanceof GateRefusal) return null;
    throw error;
  }
  const [bearer, signing] = issued;
  const url = URL.parse(/^GET (\S+)$/.exec(bearer?.example ?? '')?.[1] ?? '');
  if (bearer === undefined || signing === undefined || url === null) {
    await revoke();
    return null;
  }
  const ids = issued.map(({ key: { id } }) => id);
  return { bearer: bearer.secret, signing: signing.secret, at: url.pathname + url.search, ids, revoke };
}

/** Removes the throw-away people of a run; answers whether all are gone. */
export async function removePeople({ gate }: OwnGate, made: readonly string[]): Promise<boolean> {
  const reason = 'made by sallyport attack';
  const gone = made.map((name) => ask(gate, 'POST', '/users/remove', { name, reason }).then(yes, no));
  return made.length > 0 && (await Promise.all(gone)).every((each) => each);
}

const yes = (): boolean => true;
const no = (): boolean => false;
