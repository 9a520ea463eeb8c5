import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalOf, SallyportError } from '../../src/browser/index.ts';

test('P9.4 importing the browser’s part on a server does nothing, and refusals can be read there', async () => {
  const body = JSON.stringify({ code: 'limit', id: 'abc', retryable: true, detail: 'Wait, then try again.' });
  const headers = { 'content-type': 'application/problem+json', 'sallyport-decision': 'abc', 'retry-after': '7' };
  const response = new Response(body, { status: 429, headers });
  const refusal = await refusalOf(response);
  assert.ok(refusal instanceof SallyportError);
  assert.deepEqual(
    { ...refusal },
    {
      name: 'SallyportError',
      code: 'limit',
      id: 'abc',
      retryable: true,
      retryAfter: 7,
      detail: 'Wait, then try again.',
    },
  );
  assert.equal(response.bodyUsed, false);
  headers['retry-after'] = 'Wed, 21 Oct 2026 07:28:00 GMT';
  assert.equal((await refusalOf(new Response(body, { status: 429, headers })))?.retryAfter, 0, 'no wait is made up');
  assert.equal(await refusalOf(new Response(body, { status: 429 })), null, 'a backend’s answer is none of ours');
});
