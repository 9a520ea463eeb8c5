import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerTail } from '../../src/guard/answer-tail.ts';

function tailOf(type: string, chunks: readonly string[], more: readonly string[] = []): AnswerTail {
  const tail = new AnswerTail(200, ['Content-Type', type, ...more]);
  for (const chunk of chunks) tail.add(Buffer.from(chunk));
  return tail;
}

test('R68 JSON is read from whatever pieces it came in', () => {
  const text = '{"usage":{"total_tokens":7},"said":"grüße"}';
  const bytes = [...Buffer.from(text)];
  const tail = new AnswerTail(200, ['content-type', 'application/json; charset=utf-8', 'X-Cost', '3']);
  for (const byte of bytes) tail.add(Uint8Array.of(byte));
  assert.deepEqual(tail.json(), JSON.parse(text));
  assert.equal(tail.header('x-cost'), '3');
  assert.equal(tail.header('x-other'), '');
});

test('R68 a chunk that its owner writes over is kept as it was', () => {
  const chunk = Buffer.from('{"a":1}');
  const tail = new AnswerTail(200, ['content-type', 'application/json']);
  tail.add(chunk);
  chunk.fill(0);
  assert.deepEqual(tail.json(), { a: 1 });
});

test('R68 the last event that is JSON tells, whatever line ends, comments and names there are', () => {
  const tail = tailOf('text/event-stream', [
    ': hello\r\n\r\nevent: delta\r\ndata: {"n":1}\r\n\r\n',
    'data: {"n":\ndata: 2}\n\ndata: [DO',
    'NE]\n\n',
  ]);
  assert.deepEqual(tail.events(), [{ n: 1 }, { n: 2 }]);
  assert.deepEqual(tail.json(), { n: 2 });
});

test('R68 of a long answer the end is kept, and what is cut in half is not read', () => {
  const long = `data: {"n":0,"x":"${'x'.repeat(70_000)}"}\n\n`;
  assert.deepEqual(tailOf('text/event-stream', [long, 'data: {"n":1}\n\n']).events(), [{ n: 1 }]);
  assert.deepEqual(tailOf('text/event-stream', [`${long}data: {"n":1}\n\n`]).events(), [{ n: 1 }]);
  assert.ok(tailOf('application/json', [`{"x":"${'x'.repeat(70_000)}"}`]).json() === undefined);
  assert.ok(tailOf('application/json', [`"${'x'.repeat(65_000)}`, `${'x'.repeat(65_000)}"`]).json() === undefined);
});

test('R68 what is coded, or says it is something else, is not read', () => {
  assert.ok(tailOf('application/json', ['{}'], ['content-encoding', 'gzip']).json() === undefined);
  assert.equal(tailOf('text/html', ['{}']).json(), undefined);
  assert.deepEqual(tailOf('text/html', ['data: {}\n\n']).events(), []);
});
