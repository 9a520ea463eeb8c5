import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWayWarnings } from '../../src/gateway/way-warnings.ts';
import { type Sketch, viewOf } from '../support/view.ts';
import { decisionOf, pageGuard } from './stubs.ts';

const guard = pageGuard();

/** What is told of these requests. */
function told(sketches: readonly (Sketch & { readonly code?: 'origin' | 'host' })[], trusted: readonly string[] = []) {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const warned = createWayWarnings({ warn: (_text, details = {}) => void lines.push(details) }, () => trusted);
  for (const { code, ...sketch } of sketches) {
    const view = viewOf(sketch);
    const trail = code === undefined ? [] : [{ layer: 'site', code, enforced: true, evidence: '', wouldPass: '' }];
    warned(decisionOf(guard, view, { trail, authority: 'gate:4000' }), view);
  }
  return lines;
}

const FORWARDED = { headers: { 'x-forwarded-for': '198.51.100.7' } };
const SAME = { origin: 'https://app.example', 'sec-fetch-site': 'same-origin' };

test('P5.6 a proxy of one’s own that is not listed is told of once, not with each request', () => {
  assert.deepEqual(
    told([
      { peer: '::ffff:10.0.0.7', ...FORWARDED },
      { peer: '10.0.0.8', ...FORWARDED },
    ]),
    [{ code: 'untrusted-proxy', peer: '10.0.0.7' }],
  );
});

test('P5.6 nothing is told of one that is listed, of strangers who write such fields, and of plain requests', () => {
  assert.deepEqual(told([{ peer: '10.0.0.7', ...FORWARDED }], ['10.0.0.0/8']), []);
  assert.deepEqual(told([{ peer: '198.51.100.7', ...FORWARDED }, { peer: '10.0.0.7' }]), []);
});

test('P5.6 a Host that a proxy has changed is told of once, with both names', () => {
  const once = { code: 'host-renamed', host: 'gate:4000', origin: 'https://app.example' };
  assert.deepEqual(
    told([
      { headers: SAME, code: 'origin' },
      { headers: SAME, code: 'host' },
    ]),
    [once],
  );
  assert.deepEqual(told([{ headers: SAME, code: 'host' }]), [once]);
});

test('P5.6 pages of other sites are no such proxy, nor are calls that pass', () => {
  const other = { ...SAME, 'sec-fetch-site': 'cross-site' };
  const own = { ...SAME, origin: 'http://gate:4000' };
  assert.deepEqual(told([{ headers: other, code: 'origin' }, { headers: own, code: 'origin' }, { headers: SAME }]), []);
});
