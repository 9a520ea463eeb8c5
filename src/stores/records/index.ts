import type { Records, RecordsSql } from '../../guard/records.ts';
import type { Clock } from '../../lib/clock.ts';
import { createAttempts } from './attempts.ts';
import { createAudit } from './audit.ts';
import { deriveAuditKey } from './audit-chain.ts';
import type { Backend } from './backend.ts';
import { createBans } from './bans.ts';
import { createChanges } from './changes.ts';
import { createKeys } from './keys.ts';
import { createLedger, deriveLedgerKey } from './ledger.ts';
import { createLogins } from './logins.ts';
import { migrate } from './migrations.ts';
import { createObjects } from './objects.ts';
import { createSignals } from './signals.ts';
import { purge } from './purge.ts';
import { createStore } from './store.ts';
import { createUsers } from './users.ts';

export interface PartsOptions {
  readonly secret: string;
  readonly clock: Clock;
  readonly instance: string;
}

/** Records on a database that was opened, brought to the latest schema. */
export async function createRecordsOn(backend: Backend, { secret, clock, instance }: PartsOptions): Promise<Records> {
  await migrate(backend);
  const store = createStore(
    backend,
    () => clock.wall(),
    () => changes.told(),
  );
  const changes = await createChanges(store, () => clock.monotonic());
  const ledger = createLedger(store, deriveLedgerKey(secret));
  const close = async (): Promise<void> => {
    await ledger.close();
    store.close();
    await changes.close();
    await backend.close();
  };
  let closing: Promise<void> | null = null;
  return {
    kind: backend.kind,
    logins: createLogins(store),
    keys: createKeys(store),
    bans: createBans(store),
    users: createUsers(store),
    attempts: createAttempts(store),
    objects: createObjects(store),
    ledger,
    signals: createSignals(store, changes.onChange),
    audit: createAudit(store, deriveAuditKey(secret), instance),
    sql: sqlOf(backend),
    onChange: changes.onChange,
    lag: changes.lag,
    purge: () => purge(store),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function sqlOf(backend: Backend): RecordsSql {
  // What others keep in there is theirs: this package's own tables are not in the type.
  const foreign = (db: Backend['writer']): RecordsSql['db'] => db as unknown as RecordsSql['db'];
  return {
    type: backend.type,
    db: foreign(backend.writer),
    alone: (work) =>
      backend.writer.transaction().execute(async (trx) => {
        await backend.lock(trx, 'schema');
        return work(foreign(trx));
      }),
  };
}
