import assert from 'node:assert/strict';
import { type ChangeBook, openChangeBook } from '../../src/gateway/change-book.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Signals } from '../../src/guard/signals.ts';
import { termsOf } from '../../src/guard/terms.ts';

const SECRET = 'a secret of at least thirty-two characters';
const FILE: Config = { to: 'http://localhost:3000', mode: 'enforce', routes: [{ match: 'GET /api/posts' }] };
const OLD = termsOf(FILE, '1.0.0');
const NEW = termsOf(FILE, '1.1.0');
const REPORT = termsOf({ ...FILE, mode: 'report' }, '1.1.0');
const START = 1_790_000_000_000;
/** Gates that are started at the same moment, as when a whole cluster is. */
const AT_ONCE = 7;

/**
 * What was in force is written down in these signals, whoever keeps them: by many gates at once, over restarts, and for nobody
 * who has another secret.
 */
export async function keepsTheBook(signals: Signals): Promise<void> {
  const said: string[] = [];
  const open = (terms: typeof OLD, wall: number, secret = SECRET): Promise<ChangeBook> =>
    openChangeBook({
      ...{ signals, secret, terms },
      clock: { wall: () => wall, monotonic: () => wall - START },
      warn: (message) => said.push(message),
    });
  await (await open(OLD, START)).close();
  const started = await Promise.all(Array.from({ length: AT_ONCE }, () => open(NEW, START + 1000)));
  const upgrade = { at: START + 1000, before: OLD, after: NEW, settled: [] };
  for (const book of started) assert.deepEqual(book.found(NEW), [upgrade], 'one change, and all know of it');
  const [first, ...others] = started;
  assert.ok(first);
  first.changed(NEW, REPORT);
  first.settle({ at: START + 1000, after: NEW }, 'proof');
  await first.close();
  await Promise.all(others.map((book) => book.close()));
  const later = await open(REPORT, START + 2000);
  assert.deepEqual(later.found(REPORT), [
    { at: START + 1000, before: NEW, after: REPORT, settled: [] },
    { ...upgrade, settled: ['proof'] },
  ]);
  await later.close();
  const stranger = await open(NEW, START + 3000, 'another secret of thirty-two characters');
  assert.deepEqual(stranger.found(NEW), []);
  await stranger.close();
  assert.deepEqual(said, []);
}
