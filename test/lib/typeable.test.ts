import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIds } from '../../src/guard/ids.ts';
import { newSessionId } from '../../src/doors/session-cookie.ts';
import { labelOf } from '../../src/guard/session-label.ts';
import { makeTypeable } from '../../src/lib/typeable.ts';
import { visible } from '../../src/lib/visible.ts';

const HYPHENS = Buffer.from('-'.repeat(24), 'base64url');

test('an id that people type never begins with a hyphen, which a command line would read as an option', () => {
  for (let first = 0; first < 256; first++) {
    const id = makeTypeable(Buffer.from([first, 1, 2])).toString('base64url');
    assert.notEqual(id[0], '-');
  }
  assert.equal(makeTypeable(Buffer.from([0, 1, 2])).toString('base64url'), 'AAEC', 'nothing else is changed');
  const nextId = createIds((bytes) => HYPHENS.copy(bytes.subarray(0, 12)));
  assert.equal(nextId(), `_${'-'.repeat(15)}`);
  const session = newSessionId((length) => Buffer.from(HYPHENS.subarray(0, length)));
  assert.equal(labelOf(session.toString('base64url')), `_${'-'.repeat(9)}${'w'}`);
});

test('what a request brought is printed in visible ASCII alone', () => {
  assert.equal(visible('a b\u001b[2J\u007f\u009b\u2028é'), 'a b\\u001b[2J\\u007f\\u009b\\u2028\\u00e9');
});
