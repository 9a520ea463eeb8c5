import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { News, Siblings } from '../../src/guard/siblings.ts';
import { createGuard } from '../../src/index.ts';

/** A guard beside us, of which the test says what it tells. */
function sibling(): Siblings & { say(news: News): void } {
  const listeners: ((news: News) => void)[] = [];
  return {
    tell: () => {},
    onNews: (listener) => void listeners.push(listener),
    say(news) {
      for (const listener of listeners) listener(news);
    },
  };
}

const SESSION = { sessionIdHigh: 7, sessionIdLow: 8 };
const ENTERED = {
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  ref: { place: 1, idHigh: 7, idLow: 9 },
  created: 1,
  client: 'default',
  prefix: '192.0.2.1',
  userAgent: '',
  load: 'a load',
};

test('what workers find, and whom they let in, is known to those beside them', async (t) => {
  const siblings = sibling();
  const guard = await createGuard({ behaviour: { note: '1 in 100' } }, { siblings });
  t.after(() => guard.close());
  const watched = (): number | undefined => guard.behaviour?.()?.watched;
  assert.equal(watched(), 0);
  siblings.say({ kind: 'unusual', session: SESSION, odds: 5000 });
  assert.equal(watched(), 1);
  siblings.say({ kind: 'entered', session: ENTERED });
  assert.equal(watched(), 2);
});

test('where nothing is learned, nobody is watched and no news of it is taken amiss', async (t) => {
  const siblings = sibling();
  const guard = await createGuard({}, { siblings });
  t.after(() => guard.close());
  siblings.say({ kind: 'unusual', session: SESSION, odds: 5000 });
  siblings.say({ kind: 'entered', session: ENTERED });
  assert.equal(guard.behaviour, null);
});
