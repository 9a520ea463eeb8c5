import assert from 'node:assert/strict';
import { test } from 'node:test';
import { carrierOf } from '../../src/guard/carrier.ts';
import { viewOf } from '../support/view.ts';

const HTML = 'text/html, application/xhtml+xml';

test('P9.5 a library that fetches fragments makes calls, also in a browser without Fetch Metadata', () => {
  for (const name of ['signature-input', 'x-requested-with'])
    assert.equal(carrierOf(viewOf({ headers: { accept: HTML, [name]: 'x' } })), 'call', name);
});

test('without Fetch Metadata and without what only code can set, HTML is asked for by a navigation or a form', () => {
  assert.equal(carrierOf(viewOf({ headers: { accept: HTML } })), 'navigation');
  assert.equal(carrierOf(viewOf({ method: 'POST', headers: { accept: HTML } })), 'form');
});

test('what a browser says of itself goes before what a request adds', () => {
  const headers = { accept: HTML, 'sec-fetch-mode': 'navigate', 'x-requested-with': 'x' };
  assert.equal(carrierOf(viewOf({ headers })), 'navigation');
});
