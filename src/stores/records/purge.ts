import { CHANGES_KEPT_MS } from './changes.ts';
import type { Store } from './store.ts';

const DAY = 24 * 3_600_000;
/** Failed logins are counted in windows far shorter than this. */
const ATTEMPTS_KEPT_MS = DAY;
/** Strangers choose the keys of attempts: the oldest go first. */
const MOST_ATTEMPTS = 100_000;
/** Bans that ended stay to be looked at. */
const BANS_KEPT_MS = 90 * DAY;
const USAGE_KEPT_DAYS = 400;

export async function purge(store: Store): Promise<void> {
  const now = store.now();
  await store.write(async (trx) => {
    await trx.deleteFrom('sallyport_logins').where('expires', '<=', now).execute();
    await trx
      .deleteFrom('sallyport_changes')
      .where('at', '<', now - CHANGES_KEPT_MS)
      .execute();
    await trx
      .deleteFrom('sallyport_attempts')
      .where('last', '<', now - ATTEMPTS_KEPT_MS)
      .where('blocked_until', '<=', now)
      .execute();
    const oldest = await trx
      .selectFrom('sallyport_attempts')
      .select('last')
      .where('blocked_until', '<=', now)
      .orderBy('last', 'desc')
      .offset(MOST_ATTEMPTS)
      .limit(1)
      .executeTakeFirst();
    if (oldest !== undefined) {
      await trx
        .deleteFrom('sallyport_attempts')
        .where('last', '<=', oldest.last)
        .where('blocked_until', '<=', now)
        .execute();
    }
    await trx
      .deleteFrom('sallyport_bans')
      .where((has) =>
        has.or([
          has.and([has('lifted', '>', 0), has('lifted', '<', now - BANS_KEPT_MS)]),
          has.and([has('until', '>', 0), has('until', '<', now - BANS_KEPT_MS)]),
        ]),
      )
      .execute();
    await trx.deleteFrom('sallyport_spending').where('until', '<', now).execute();
    const firstDay = new Date(now - USAGE_KEPT_DAYS * DAY).toISOString().slice(0, 10);
    await trx.deleteFrom('sallyport_usage').where('day', '<', firstDay).execute();
  });
}
