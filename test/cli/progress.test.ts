import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createProgress, type Progress } from '../../src/cli/progress.ts';

/** A terminal that keeps what is written to it, and a clock that goes on by a second with each look at it. */
function shown(t: TestContext, step = 1000): { progress: Progress; written: string[] } {
  let now = 0;
  t.mock.method(performance, 'now', () => (now += step));
  const written: string[] = [];
  return { progress: createProgress(true, (text) => written.push(text)), written };
}

test('progress is one line: how far it is, of what, over what stood there before', (t) => {
  const { progress, written } = shown(t);
  progress.at(0, 'reading');
  progress.at(0.5, 'reading');
  progress.at(1, 'trying');
  assert.deepEqual(written, [
    `\r\x1b[K${'░'.repeat(30)}   0 %  reading`,
    `\r\x1b[K${'█'.repeat(15)}${'░'.repeat(15)}  50 %  reading`,
    `\r\x1b[K${'█'.repeat(30)} 100 %  trying`,
  ]);
});

test('progress vanishes in the end', (t) => {
  const { progress, written } = shown(t);
  progress.at(0.99, 'reading');
  progress.end();
  assert.equal(written.at(-1), '\r\x1b[K');
});

test('progress is not written more often than anybody reads', (t) => {
  const { progress, written } = shown(t, 1);
  for (let at = 0; at < 1000; at++) progress.at(at / 1000, 'reading');
  assert.ok(written.length >= 5 && written.length <= 10, String(written.length));
});

test('progress is silent where nobody is at a terminal', () => {
  const written: string[] = [];
  const progress = createProgress(false, (text) => written.push(text));
  progress.at(0.5, 'reading');
  progress.end();
  assert.deepEqual(written, []);
});
