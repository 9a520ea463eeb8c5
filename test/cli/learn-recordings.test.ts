import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createConduit } from '../learning/conduit/app.ts';
import { conduitPeople } from '../learning/conduit/people.ts';
import { harOf, traceOf } from '../learning/recordings.ts';
import type { Made } from '../learning/traffic.ts';
import { runInProcess } from './in-process.ts';
import { at, desk } from './support.ts';

/** What each of some people did, one list for each of them. */
const people = (sessions: number, seed: number): Made[][] => [
  ...Map.groupBy(conduitPeople({ sessions, seed }, createConduit()), ({ session }) => session).values(),
];

test('learn and replay read HAR files and traces of Playwright; two of one name are two sessions', async (t) => {
  const { folder } = desk(t);
  const [one = [], two = [], three = []] = people(3, 51).toSorted((a, b) => b.length - a.length);
  const write = (name: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  };
  write('monday/app.har', harOf(one));
  write('tuesday/app.har', harOf(two));
  write('trace.zip', traceOf(three));
  const files = ['monday/app.har', 'tuesday/app.har', 'trace.zip'];
  const run = (...args: string[]) => runInProcess(args, { folder, environment: {} });

  const learned = await run('learn', ...files, '--json');
  assert.equal(learned.code, 0, learned.err);
  const said: unknown = JSON.parse(learned.out);
  assert.equal(at(said, 'learned', 'sessions'), 3);
  assert.equal(at(said, 'learned', 'requests'), one.length + two.length + three.length);
  assert.deepEqual(at(said, 'learned', 'unreadable'), []);
  assert.match(String(at(said, 'diff')), /match: 'GET \/api\/articles'/);

  const limit = `routes: [{ match: 'GET /api/tags' }, { match: '/api/**', after: 'GET /api/tags', limit: '10000/minute' }]`;
  write('sallyport.config.mjs', `export default { to: 'http://localhost:3000', ${limit} };`);
  const kept = await run('replay', ...files, '--json');
  const judged: unknown = JSON.parse(kept.out);
  assert.equal(at(judged, 'sessions'), 3);
  assert.equal(at(judged, 'requests'), one.length + two.length + three.length);
  const early = [one, two, three].filter(
    (made) =>
      made.findIndex(({ target }) => target !== '/api/tags') < made.findIndex(({ target }) => target === '/api/tags'),
  );
  assert.equal(at(judged, 'refusedSessions'), early.length, 'those who come by a link');
  assert.equal(kept.code, early.length === 0 ? 0 : 1);

  const cut = harOf(one);
  write('cut.har', cut.slice(0, cut.length / 2));
  const broken = await run('replay', 'cut.har', '--json');
  const read: unknown = JSON.parse(broken.out);
  assert.ok(Number(at(read, 'requests')) > 0 && Number(at(read, 'requests')) < one.length);
  assert.match(String(at(read, 'unreadable', 0, 'reason')), /breaks off/);
});
