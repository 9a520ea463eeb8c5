import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BACKEND, kindOf, resembles, sampleOf } from '../../src/lab/answer.ts';
import type { RawAnswer } from '../../src/lab/http.ts';

const ID = 'AAAAAAAAAAAAAAAA';

function answer(status: number, type: string, body: string, fields: readonly string[] = []): RawAnswer {
  return { status, fields: ['Content-Type', type, ...fields], body: Buffer.from(body), failed: '' };
}

const problem = (code: string, id = ID): string => JSON.stringify({ type: 'x', title: 'x', status: 403, code, id });
const decided = ['Sallyport-Decision', ID, 'Cache-Control', 'no-store'];

const ROWS: readonly { name: string; why: string; answer: RawAnswer; by: string }[] = [
  {
    name: 'a problem document with our code and the id of its decision',
    why: 'this is what a refusal is',
    answer: answer(403, 'application/problem+json', problem('entry-required'), decided),
    by: 'gate entry-required',
  },
  {
    name: 'a refusal without a decision header',
    why: 'framing is refused before there is a decision',
    answer: answer(400, 'application/problem+json', problem('target')),
    by: 'gate target',
  },
  {
    name: 'a backend’s own problem document',
    why: 'its code is not of our table',
    answer: answer(403, 'application/problem+json', problem('out-of-credit'), decided),
    by: 'backend',
  },
  {
    name: 'a backend’s problem document that borrows our code',
    why: 'it cannot know the id of the decision',
    answer: answer(403, 'application/problem+json', problem('replayed', 'BBBBBBBBBBBBBBBB'), decided),
    by: 'backend',
  },
  {
    name: 'a backend’s 404',
    why: 'whoever is told that nothing is there has reached the backend',
    answer: answer(404, 'text/html', '<h1>not found</h1>', decided),
    by: 'backend',
  },
  {
    name: 'a backend’s 403 in JSON',
    why: 'a status alone says nothing of who answered',
    answer: answer(403, 'application/json', problem('entry-required'), decided),
    by: 'backend',
  },
  {
    name: 'the gate’s word that the backend is down',
    why: 'the request itself was let through',
    answer: answer(502, 'application/problem+json', problem('upstream'), decided),
    by: 'backend',
  },
  {
    name: 'a refused navigation',
    why: 'people get a page; it names the id of the decision',
    answer: answer(403, 'text/html; charset=utf-8', `<code>carrier</code>, id <code>${ID}</code>`, decided),
    by: 'gate carrier',
  },
  {
    name: 'a refused HEAD',
    why: 'there is no body to read a code from',
    answer: answer(403, 'application/problem+json', '', decided),
    by: 'gate unknown',
  },
  {
    name: 'a backend’s empty 401',
    why: 'it is no problem document',
    answer: answer(401, '', '', decided),
    by: 'backend',
  },
  {
    name: 'a 200 in every shape',
    why: 'refusals are 4xx',
    answer: answer(200, 'application/problem+json', problem('site'), decided),
    by: 'backend',
  },
  {
    name: 'a closed connection',
    why: 'nobody answered: neither a refusal nor an admission',
    answer: { status: 0, fields: [], body: new Uint8Array(0), failed: 'ECONNRESET' },
    by: 'nobody',
  },
];

for (const row of ROWS) {
  test(`${row.name}: ${row.by} (${row.why})`, () => {
    const kind = kindOf(row.answer);
    assert.equal(kind.by === 'gate' ? `gate ${kind.code}` : kind.by, row.by);
  });
}

test('answers resemble each other by what they are, not by what changes from call to call', () => {
  const sample = (type: string, body: string, status = 200) => sampleOf(answer(status, type, body));
  const json = 'application/json';
  assert.ok(resembles(sample(json, '[1,2]'), sample(json, '[1,2,3]')));
  assert.ok(resembles(sample(json, '{"at":1,"n":2}'), sample(json, '{"at":5,"n":9}')));
  assert.ok(!resembles(sample(json, '{"at":1}'), sample(json, '{"error":"no"}')));
  assert.ok(!resembles(sample(json, '[]'), sample(json, '{}')));
  assert.ok(!resembles(sample(json, '[]'), sample(json, '[]', 404)));
  assert.ok(!resembles(sample('text/html', 'hello'), sample('text/html', 'other')));
  assert.ok(
    resembles(
      sample('text/html', `${'a'.repeat(90)}10:00${'b'.repeat(20)}`),
      sample('text/html', `${'a'.repeat(90)}10:01${'b'.repeat(20)}`),
    ),
  );
  assert.deepEqual(BACKEND, { by: 'backend' });
});
