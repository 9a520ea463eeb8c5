import type { KeyAlarm } from '../guard/keys.ts';
import type { AuditEntry } from './admin-route.ts';
import type { Metrics } from './metrics.ts';

const WHERE: Readonly<Record<KeyAlarm['where'], string>> = {
  browser: 'in a request that a page made',
  url: 'in a URL',
  secret: 'in a field, where only signatures by it belong',
  'test-pass': '',
  decoy: '',
};

/** A page that holds a key calls often; each key is written down once in a while, and counted each time. */
const SILENT_MS = 60_000;
const MOST = 1000;

/** Hears that a key is where none may be, or a decoy is touched: counts, logs and records it. */
export function createKeyAlarms(
  metrics: Pick<Metrics, 'keyAlarm'>,
  audit: (entry: AuditEntry) => Promise<void>,
): (alarm: KeyAlarm) => void {
  let told = new Map<string, number>();
  return ({ key, account, where, route, prefix, at }) => {
    metrics.keyAlarm(where);
    const name = `${key} ${where}`;
    if (at - (told.get(name) ?? 0) < SILENT_MS) return;
    if (told.size >= MOST) told = new Map();
    told.set(name, at);
    if (where === 'decoy') return void audit(decoyTouched(key, route, prefix, at));
    if (where === 'test-pass') return void audit(passShown(route, prefix, at));
    const details = `of ${account}, seen ${WHERE[where]} from ${prefix} at ${route}; whoever has seen it can use it`;
    void audit({ time: new Date(at).toISOString(), action: 'key.leaked', target: key, details, outcome: 'refused' });
  };
}

/** Nobody's page calls it: a program tries what it finds. */
function decoyTouched(session: string, decoy: string, prefix: string, at: number): AuditEntry {
  const details = `${decoy} was called from ${prefix}; no page of the app does that`;
  return {
    time: new Date(at).toISOString(),
    action: 'decoy',
    target: `session:${session}`,
    details,
    outcome: 'refused',
  };
}

/** Somebody's tests run against this gate, or somebody tries what such tests leave behind. */
function passShown(route: string, prefix: string, at: number): AuditEntry {
  const details = `a pass for tests was shown from ${prefix} at ${route}; this gate trusts none`;
  return { time: new Date(at).toISOString(), action: 'test-pass', target: '', details, outcome: 'refused' };
}
