import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config } from '../../src/guard/config.ts';
import { type Decision, PASS, refusal, type Verdict, wouldRefuse } from '../../src/guard/decision.ts';
import type { Context, Layer } from '../../src/guard/layer.ts';
import { createRunner } from '../../src/guard/runner.ts';
import type { Claims, CommitCode, State } from '../../src/guard/state.ts';
import type { RequestView } from '../../src/guard/view.ts';
import { viewOf } from '../support/view.ts';

const SITE = refusal('site', 'a page of ours');
const LIMIT = refusal('limit', 'fewer requests');

type Behaviour = (request: RequestView, context: Context) => Verdict | Promise<Verdict>;

const layer = (name: string, check: Behaviour, more: Partial<Layer> = {}): Layer => ({
  name,
  forRoute: () => check,
  ...more,
});
const passing = (name: string): Layer => layer(name, () => PASS);
const refusing = (name: string, verdict: Verdict = SITE): Layer => layer(name, () => verdict);

/** A state that notes what it was asked to commit. */
function stateOf(
  answer: CommitCode | (() => CommitCode | Promise<CommitCode>),
): State & { readonly commits: Claims[] } {
  const commits: Claims[] = [];
  return {
    kind: 'fake',
    commits,
    commit(claims) {
      commits.push({ ...claims });
      return typeof answer === 'function' ? answer() : answer;
    },
    enter: () => ({ ok: false, code: 'limit', retryAfter: 1 }),
    grantRedirect() {},
    revoke() {},
    endedBy: () => '',
    release: () => {},
    settle: () => {},
    done: () => {},
    serve: () => {},
    usage: () => ({ entries: 0, sessions: 0, bytes: 0, capacity: 0 }),
    close() {},
  };
}

const claiming = (name: string): Layer =>
  layer(name, (_request, { claims }) => {
    claims.nonce = 7;
    claims.windowPlace = 1;
    claims.windowIdHigh = 2;
    return PASS;
  });

interface Setup {
  readonly config?: Config;
  readonly layers: readonly Layer[];
  readonly state?: State;
  readonly request?: RequestView;
}

function decide({ config = { mode: 'enforce' }, layers, state = stateOf(''), request = viewOf() }: Setup) {
  let ids = 0;
  const runner = createRunner(compilePolicy(config), { layers, state, wall: () => 1000, nextId: () => `id${++ids}` });
  return runner.decide(request);
}

function decideNow(setup: Setup): Decision {
  const decision = decide(setup);
  assert.ok(!(decision instanceof Promise), 'synchronous layers over a synchronous state answer at once');
  return decision;
}

describe('modes', () => {
  test('an enforced layer’s first refusal ends the request, and later layers are not asked', () => {
    let asked = false;
    const later = layer('later', () => {
      asked = true;
      return PASS;
    });
    const decision = decideNow({ layers: [passing('first'), refusing('second'), later] });
    assert.deepEqual([decision.outcome, decision.code, decision.layer, asked], ['refuse', 'site', 'second', false]);
    assert.equal(decision.trail[0]?.wouldPass, 'a page of ours');
  });

  test('R72 reported layers all run, note their refusals, and admit', () => {
    const decision = decideNow({ config: { mode: 'report' }, layers: [refusing('one'), refusing('two', LIMIT)] });
    assert.equal(decision.outcome, 'admit');
    assert.deepEqual(
      decision.trail.map((step) => [step.layer, step.code, step.enforced]),
      [
        ['one', 'site', false],
        ['two', 'limit', false],
      ],
    );
    assert.equal(wouldRefuse(decision), true);
  });

  test('a layer that always decides refuses in report mode too', () => {
    const always = layer('framing', () => SITE, { always: true });
    assert.equal(decideNow({ config: { mode: 'report' }, layers: [always] }).outcome, 'refuse');
  });

  test('one layer can report while the others enforce', () => {
    const config: Config = { mode: 'enforce', layers: { soft: 'report' } };
    assert.equal(decideNow({ config, layers: [refusing('soft'), passing('hard')] }).outcome, 'admit');
    const decision = decideNow({ config, layers: [refusing('soft'), refusing('hard', LIMIT)] });
    assert.deepEqual([decision.outcome, decision.layer], ['refuse', 'hard']);
  });

  test('a route can report while the others enforce', () => {
    const config: Config = {
      mode: 'enforce',
      routes: [{ match: '/api/new', mode: 'report' }, { match: '/api/posts' }],
    };
    assert.equal(
      decideNow({ config, layers: [refusing('one')], request: viewOf({ target: '/api/new' }) }).outcome,
      'admit',
    );
    assert.equal(decideNow({ config, layers: [refusing('one')] }).outcome, 'refuse');
  });

  test('no layer can be weakened by the policy’s own enforce entry while the whole policy reports', () => {
    const config: Config = { mode: 'report', layers: { one: 'enforce' } };
    assert.equal(decideNow({ config, layers: [refusing('one')] }).outcome, 'admit');
  });
});

describe('the commit', () => {
  test('R43 a refused request claims nothing of the state', () => {
    const state = stateOf('');
    decideNow({ state, layers: [claiming('replay'), refusing('site')] });
    assert.equal(state.commits.length, 0);
  });

  test('an admitted request commits all its claims in one call', () => {
    const state = stateOf('');
    assert.equal(decideNow({ state, layers: [claiming('replay'), passing('site')] }).outcome, 'admit');
    assert.deepEqual(
      state.commits.map((claims) => claims.nonce),
      [7],
    );
  });

  test('R42 what the commit refuses is refused, by the layer that claimed', () => {
    const decision = decideNow({ state: stateOf('replayed'), layers: [claiming('replay')] });
    assert.deepEqual([decision.outcome, decision.code, decision.layer], ['refuse', 'replayed', 'replay']);
  });

  test('claims of reported layers are applied after the decision and never change it', () => {
    const state = stateOf('replayed');
    const decision = decideNow({
      config: { mode: 'enforce', layers: { replay: 'report' } },
      state,
      layers: [claiming('replay')],
    });
    assert.equal(decision.outcome, 'admit');
    assert.deepEqual(
      decision.trail.map((step) => [step.code, step.enforced]),
      [['replayed', false]],
    );
    assert.equal(state.commits.length, 1);
  });

  test('R70 a state that throws or rejects refuses with 503, sync and async', async () => {
    const broken = stateOf(() => {
      throw new Error('gone');
    });
    assert.equal(decideNow({ state: broken, layers: [claiming('replay')] }).code, 'unsure');
    const rejecting = stateOf(async () => Promise.reject(new Error('gone')));
    assert.equal((await decide({ state: rejecting, layers: [claiming('replay')] })).code, 'unsure');
  });

  test('an asynchronous state is awaited', async () => {
    const decision = await decide({ state: stateOf(async () => 'stale' as const), layers: [claiming('replay')] });
    assert.equal(decision.code, 'stale');
  });
});

describe('faults', () => {
  const throwing = layer('broken', () => {
    throw new RangeError('secret detail');
  });

  test('R70 a layer that throws refuses, and its words stay inside', () => {
    const decision = decideNow({ layers: [throwing, passing('next')] });
    assert.deepEqual([decision.outcome, decision.code, decision.layer], ['error', 'unsure', 'broken']);
    assert.equal(JSON.stringify(decision.trail).includes('secret detail'), false);
  });

  test('a reported layer that throws is noted, and the request goes on', () => {
    const decision = decideNow({ config: { mode: 'report' }, layers: [throwing] });
    assert.deepEqual([decision.outcome, decision.trail[0]?.code], ['admit', 'unsure']);
  });

  test('a layer may answer later, and the layers after it still run', async () => {
    const slow = layer('slow', async () => PASS);
    assert.equal((await decide({ layers: [slow, refusing('after')] })).layer, 'after');
    assert.equal(
      (await decide({ layers: [layer('slow', async () => Promise.reject(new Error('x'))), passing('after')] })).outcome,
      'error',
    );
  });
});

describe('the second stage', () => {
  const asking = (name: string, check: Behaviour): Layer => layer(name, check, { stage: 'after-commit' });

  test('who asks someone else is asked after the commit, wherever the list names it', () => {
    const state = stateOf('');
    const asked: number[] = [];
    const ask = asking('can', () => {
      asked.push(state.commits.length);
      return PASS;
    });
    assert.equal(decideNow({ state, layers: [ask, claiming('replay')] }).outcome, 'admit');
    assert.deepEqual(asked, [1]);
  });

  test('a replayed request never reaches who would be asked', () => {
    let asked = false;
    const ask = asking('can', () => {
      asked = true;
      return PASS;
    });
    assert.equal(decideNow({ state: stateOf('replayed'), layers: [claiming('replay'), ask] }).code, 'replayed');
    assert.equal(asked, false);
  });

  test('what it refuses is refused, sync and async, and the counter stays spent', async () => {
    for (const verdict of [() => SITE, async () => SITE]) {
      const state = stateOf('');
      const decision = await decide({ state, layers: [claiming('replay'), asking('can', verdict)] });
      assert.equal(decision.code, 'site');
      assert.equal(decision.layer, 'can');
      assert.equal(state.commits.length, 1);
    }
  });

  test('R70 it refuses when it throws; reported, it is noted and never decides', async () => {
    const faults = [
      asking('can', () => {
        throw new Error('secret');
      }),
    ];
    assert.equal((await decide({ layers: faults })).outcome, 'error');
    const reported = await decide({ config: { mode: 'report' }, layers: faults });
    assert.equal(reported.outcome, 'admit');
    assert.equal(wouldRefuse(reported), true);
  });

  test('a body that a check looked into is forwarded as it was read, and read once', async () => {
    let reads = 0;
    const collect = async () => {
      reads++;
      return Buffer.from('{}');
    };
    const request = { ...viewOf({ method: 'POST' }), body: { length: 2, collect } };
    const look: Behaviour = async (_request, { content }) => {
      assert.equal(Buffer.from((await content.read()) ?? []).toString(), '{}');
      return PASS;
    };
    const decision = await decide({ layers: [layer('look', look), layer('look-again', look)], request });
    assert.equal(Buffer.from(decision.body ?? []).toString(), '{}');
    assert.equal(reads, 1);
  });

  test('a body of undeclared length stays unread', async () => {
    const collect = async (): Promise<never> => assert.fail('would be cut off from what is forwarded');
    const request = { ...viewOf({ method: 'POST' }), body: { length: -1, collect } };
    const looking = layer('look', async (_request, { content }) => {
      assert.equal(await content.read(), null);
      return PASS;
    });
    assert.equal((await decide({ layers: [looking], request })).body, null);
  });
});

describe('bodies', () => {
  const text = '{"title":"a"}';
  const covering = (body: string): Layer =>
    layer('proof', (_request, context) => {
      context.digest = { kind: 'whole', sha256: createHash('sha256').update(body).digest() };
      return PASS;
    });

  test('R40 a small body is read before the commit and has to fit its digest', async () => {
    const state = stateOf('');
    const layers = [covering(text), claiming('replay')];
    const admitted = await decide({ state, layers, request: viewOf({ method: 'POST', body: text }) });
    assert.equal(admitted.outcome, 'admit');
    assert.equal(Buffer.from(admitted.body ?? []).toString(), text);
    assert.equal(admitted.streamDigest, null);
    const changed = await decide({ state, layers, request: viewOf({ method: 'POST', body: '{"title":"b"}' }) });
    assert.equal(changed.code, 'digest');
    assert.equal(state.commits.length, 1);
  });

  test('R40 a body that comes slowly is committed at the time of its end, not of its head', async () => {
    const text = '{"title":"a"}';
    for (const config of [{ mode: 'enforce' }, { mode: 'report' }] as const) {
      let now = 1_000;
      const slow = async () => {
        now = 61_000;
        return Buffer.from(text);
      };
      const request = { ...viewOf({ method: 'POST' }), body: { length: text.length, collect: slow } };
      const state = stateOf('');
      const layers = [covering(text), claiming('replay')];
      const runner = createRunner(compilePolicy(config), { layers, state, wall: () => now, nextId: () => 'id' });
      await runner.decide(request);
      assert.deepEqual(
        state.commits.map((claims) => claims.now),
        [61_000],
        config.mode,
      );
    }
  });

  test('a large body is admitted with its digest still to be checked on the fly', async () => {
    const request = { ...viewOf({ method: 'POST' }), body: { length: 70_000, collect: async () => null } };
    const decision = await decide({ layers: [covering(text)], request });
    assert.equal(decision.streamDigest?.kind, 'whole');
    assert.equal(decision.body, null);
  });

  test('a body beyond the route’s limit is refused by its declared length', () => {
    const config: Config = { mode: 'enforce', maxBody: 10 };
    const request = { ...viewOf({ method: 'POST' }), body: { length: 11, collect: async () => null } };
    assert.equal(decideNow({ config, layers: [], request }).code, 'too-large');
  });

  test('R72 report mode records a body beyond the limit, and lets it pass', () => {
    const config: Config = { mode: 'report', maxBody: 10 };
    const request = { ...viewOf({ method: 'POST' }), body: { length: 11, collect: async () => null } };
    const decision = decideNow({ config, layers: [], request });
    assert.deepEqual([decision.outcome, decision.trail[0]?.code], ['admit', 'too-large']);
  });

  test('a client that goes away while its body is read is refused, not thrown', async () => {
    const request = {
      ...viewOf({ method: 'POST' }),
      body: { length: 5, collect: () => Promise.reject(new Error('reset')) },
    };
    assert.equal((await decide({ layers: [covering(text)], request })).outcome, 'error');
  });
});

test('a POST that names another method in _method is judged as that method', () => {
  const config: Config = { mode: 'enforce', open: ['POST /api/hook'], protect: ['/api/**'] };
  const named = decideNow({
    config,
    layers: [],
    request: viewOf({ method: 'POST', target: '/api/hook?_method=delete' }),
  });
  assert.equal(named.route.name, 'protect /api/**');
  const plain = decideNow({ config, layers: [], request: viewOf({ method: 'POST', target: '/api/hook' }) });
  assert.equal(plain.route.name, 'open POST /api/hook');
});

test('a preflight is judged for the method it asks about, and only by layers that judge preflights', () => {
  const preflight = layer('cors', () => PASS, { preflight: true });
  const request = viewOf({
    method: 'OPTIONS',
    headers: { origin: 'https://a.example', 'access-control-request-method': 'DELETE' },
  });
  const config: Config = { mode: 'enforce', routes: [{ match: 'DELETE /api/posts' }, { match: 'GET /api/posts' }] };
  const decision = decideNow({ config, layers: [preflight, refusing('proof')], request });
  assert.deepEqual([decision.outcome, decision.route.name], ['admit', 'DELETE /api/posts']);
});
