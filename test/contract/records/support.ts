import type { Change, LoginRow, Records } from '../../../src/guard/records.ts';
import type { NewKey } from '../../../src/guard/records-keys.ts';
import type { Clock } from '../../../src/lib/clock.ts';

export const START = 1_790_000_000_000;
export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
export const SECRET = 'a secret of at least thirty-two characters';

/** A clock that a test moves. */
export interface TestClock extends Clock {
  now: number;
}

export const testClock = (): TestClock => ({
  now: START,
  wall() {
    return this.now;
  },
  monotonic: () => performance.now(),
});

export interface Opened {
  readonly clock: Clock;
  readonly secret?: string;
  readonly instance?: string;
}

/** A database of a row's own. */
export interface Place {
  /** Each call is what another process would open. */
  open(options: Opened): Promise<Records>;
}

export interface Setting {
  readonly records: Records;
  readonly clock: TestClock;
  /** What another process sees of the same database. */
  again(options?: Partial<Opened>): Promise<Records>;
}

export interface Row {
  readonly name: string;
  readonly why: string;
  /** True where two processes share the database: memory has no second one. */
  readonly shared?: boolean;
  run(setting: Setting): Promise<void>;
}

let made = 0;

/** Shaped as the SHA-256 of a session id, and no other's. */
export function sessionHash(): string {
  made += 1;
  return Buffer.from(`${made}`.padStart(32, '-')).toString('base64url');
}

export const login = (changes: Partial<LoginRow> = {}): LoginRow => ({
  sessionHash: sessionHash(),
  source: 'accounts',
  subject: 'ada',
  sid: '',
  content: new Uint8Array([0, 1, 254, 255]),
  created: START,
  expires: START + DAY,
  ...changes,
});

export function newKey(changes: Partial<NewKey> = {}): NewKey {
  made += 1;
  return {
    id: `key-${made}`,
    account: 'partner',
    material: { kind: 'bearer', hash: `hash-${made}` },
    prefix: 'spk_abcd',
    scopes: ['posts:read', 'posts:write'],
    quota: { count: 1000, per: 3600 },
    networks: ['192.0.2.0/24'],
    thumbprint: null,
    notBefore: START,
    expires: START + DAY,
    note: 'nightly import',
    ...changes,
  };
}

export const event = (changes: object = {}) => ({
  time: START,
  actor: 'admin',
  action: 'mode',
  target: '',
  details: { mode: 'enforce' },
  outcome: 'done' as const,
  ...changes,
});

/** Changes as they are told, and a way to wait for one. */
export function collect(records: Records): { readonly seen: Change[]; until(count: number): Promise<void> } {
  const seen: Change[] = [];
  const waiting: (() => void)[] = [];
  records.onChange((change) => {
    seen.push(change);
    for (const check of waiting) check();
  });
  return {
    seen,
    until: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (seen.length >= count) resolve();
        };
        waiting.push(check);
        check();
      }),
  };
}
