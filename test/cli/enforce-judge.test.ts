import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEnforce } from '../../src/cli/enforce-format.ts';
import { judgeRecords, judgeTrials } from '../../src/cli/enforce-judge.ts';
import type { PageTrial } from '../../src/cli/page-trial.ts';
import type { DecisionRecord } from '../../src/gateway/decision-record.ts';
import type { Code } from '../../src/wire/codes.ts';

function recorded(code: Code | '', session: string): DecisionRecord {
  return {
    id: `${code}-${session}`,
    at: 0,
    outcome: 'admit',
    wouldRefuse: code !== '',
    code,
    layer: 'proof',
    route: 'protect /api/**',
    level: 'proof',
    shown: 'session',
    method: 'GET',
    path: '/api/posts',
    carrier: 'call',
    destination: 'empty',
    client: '',
    session,
    key: '',
    prefix: '127.0.0.1',
    family: 'Chrome',
    trail: [],
    status: 200,
  };
}

const loaded: PageTrial = { page: '/', status: 200, trouble: '', entered: true, requests: [], around: [] };
const none: ReadonlySet<string> = new Set();

test('a page that entered and lost no call may be enforced', () => {
  assert.equal(judgeTrials([loaded], () => null, none)?.reason, '');
});

test('a page that neither entered nor made a protected call teaches nothing', () => {
  assert.equal(
    judgeTrials([{ ...loaded, entered: false }], () => null, none),
    null,
  );
});

test('a page whose call would be refused would break', () => {
  const requests = [{ method: 'GET', target: '/api/posts', status: 200, id: 'x' }];
  const judged = judgeTrials([{ ...loaded, requests }], () => recorded('site', 's'), none);
  assert.deepEqual([judged?.reason, judged?.breaks[0]?.route], ['the page would break', 'GET /api/posts']);
});

test('a page whose call would be asked for a challenge does it, and does not break', () => {
  const requests = [{ method: 'GET', target: '/api/posts', status: 200, id: 'x' }];
  const judged = judgeTrials([{ ...loaded, requests }], () => recorded('challenge', 's'), none);
  assert.deepEqual([judged?.reason, judged?.breaks], ['', []]);
});

test('a reason reads as it was written, and what a page brought cannot drive the terminal', () => {
  const plain = (text: string): string => text;
  const paint = { strong: plain, faint: plain, good: plain, bad: plain, careful: plain };
  const common = {
    ...({
      port: 4000,
      enforcing: false,
      before: false,
      mode: 'report',
      rollout: '100%',
      layer: '',
      reach: 'here',
      undone: [],
    } as const),
    accepted: [],
    framed: [],
    webhooks: [],
    file: '',
  };
  const say = (trial: PageTrial, record: DecisionRecord | null): string => {
    const judged = judgeTrials([trial], () => record, none);
    assert.ok(judged !== null);
    return formatEnforce({ ...common, ...judged, trials: [trial] }, paint);
  };
  const requests = [{ method: 'GET', target: '/api/posts', status: 200, id: 'x' }];
  assert.match(
    say({ ...loaded, entered: false, requests }, recorded('entry-required', '')),
    /the page’s script did not/,
  );
  const trouble = say({ ...loaded, status: 0, trouble: 'net::ERR\u001b[2J' }, null);
  assert.ok(!trouble.includes('\u001b'), trouble);
});

test('without any session nothing is known', () => {
  const judged = judgeRecords([recorded('site', '')], 0);
  assert.equal(judged.basis, 'none');
  assert.notEqual(judged.reason, '');
});

test('sessions whose calls would be refused stand in the way by their share', () => {
  assert.match(judgeRecords([recorded('entry-required', 'a')], 2).reason, /^50 % of the recorded sessions/);
  assert.equal(judgeRecords([recorded('entry-required', 'a')], 100).reason, '');
  assert.equal(judgeRecords([recorded('entry-required', 'a')], 100).breaks.length, 1, 'it is shown all the same');
});

test('programs without a session, and what pages mend by themselves, break nobody', () => {
  const records = [
    recorded('entry-required', ''),
    recorded('stale', 'a'),
    recorded('replayed', 'b'),
    recorded('clock', 'c'),
  ];
  assert.deepEqual(judgeRecords(records, 3), { basis: 'records', breaks: [], found: [], reason: '' });
});
