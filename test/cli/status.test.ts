import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GateStatus } from '../../src/gateway/gate-status.ts';
import type { Share } from '../../src/gateway/summary.ts';
import { createSender, field, type RawAnswer, type RawRequest, type Sender, without } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { at, backend, desk } from './support.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** A sender that says it is Firefox. */
function asFirefox(sender: Sender): Sender {
  const named = (request: RawRequest): RawRequest => ({
    ...request,
    fields: [...without(request.fields, new Set(['user-agent'])), 'User-Agent', FIREFOX],
  });
  return { send: (request) => sender.send(named(request)), close: () => sender.close() };
}

const idOf = (answer: RawAnswer): string => field(answer.fields, 'sallyport-decision');

test('P3.2 every would-be refusal is recorded with its code, and status counts sessions, not requests', async (t) => {
  const { url, requests } = await backend(t);
  const { gate, json, run, write } = desk(t);
  write('sallyport.config.json', '{ "routes": [{ "match": "GET /api/posts" }, { "match": "GET /api/export" }] }');
  const { report } = await gate('--to', url, '--listen', '0', '--log', 'silent');
  const target = parseTarget(`${report.url}/api/posts`);
  const opened = async (dress: (sender: Sender) => Sender): Promise<WireClient> => {
    const sender = dress(createSender(target));
    t.after(() => sender.close());
    const client = createWireClient(target, '/', sender);
    assert.equal((await client.open()).opened, true);
    return client;
  };
  const passed: string[] = [];
  const hit: { readonly id: string; readonly code: string }[] = [];
  const sent = async (code: string, answer: Promise<RawAnswer>): Promise<void> => {
    const got = await answer;
    assert.equal(got.status, 200, 'report mode lets everything pass');
    if (code === '') passed.push(idOf(got));
    else hit.push({ id: idOf(got), code });
  };

  // Three sessions of Chrome call as they should; one of them sends a captured call five times more.
  for (const noisy of [true, false, false]) {
    const client = await opened((sender) => sender);
    const call = client.sign({ method: 'GET' });
    await sent('', client.sender.send(call));
    for (let again = 0; noisy && again < 5; again++) await sent('replayed', client.sender.send(call));
  }
  // Both sessions of Firefox call once with a proof and once without.
  for (let session = 0; session < 2; session++) {
    const client = await opened(asFirefox);
    await sent('', client.call({ method: 'GET' }));
    const fields = [...client.headers(), 'Cookie', client.cookies()];
    await sent('entry-required', client.sender.send({ method: 'GET', target: '/api/posts', fields, body: null }));
  }
  // A program without a session: one visitor, however often it comes, on a path of its own.
  const program = createSender(target);
  t.after(() => program.close());
  const fields = ['Host', target.authority, 'User-Agent', 'curl/8.5.0'];
  for (let again = 0; again < 12; again++)
    await sent('entry-required', program.send({ method: 'GET', target: '/api/export', fields, body: null }));

  const distinct = hit.filter(({ code }, i) => hit.findIndex((other) => other.code === code) === i);
  for (const { id, code } of [...distinct, ...hit.slice(-1)])
    assert.equal(at((await json('why', id)).value, 'record', 'code'), code, id);
  assert.equal(requests.filter(({ url: path }) => path?.startsWith('/api/')).length, passed.length + hit.length);

  const { code, value } = await json('status');
  assert.equal(code, 3, 'report mode');
  const { summary } = value as GateStatus; // `status --json` prints exactly this
  assert.deepEqual([summary.wouldRefuse, summary.refused, summary.sessions], [19, 0, 6]);
  assert.deepEqual(shares(summary.byCode), { replayed: [5, 1, 6], 'entry-required': [14, 3, 6] });
  assert.deepEqual(shares(summary.byFamily), { Chrome: [5, 1, 3], Firefox: [2, 2, 2], program: [12, 1, 1] });
  assert.deepEqual(shares(summary.byRoute), { 'GET /api/posts': [7, 3, 5], 'GET /api/export': [12, 1, 1] });

  const { out } = await run('status');
  assert.match(out, /NOTHING IS BLOCKED/);
  for (const line of [
    /would be refused +19 requests \(they passed\)/,
    /hit +67 % of visitors/,
    /replayed +17 % of visitors +5 requests/,
    /entry-required +50 % of visitors +14 requests/,
    /Chrome +33 % of visitors +5 requests/,
    /Firefox +100 % of visitors +2 requests/,
    /GET \/api\/posts +60 % of visitors +7 requests/,
    /GET \/api\/export +100 % of visitors +12 requests/,
  ])
    assert.match(out, line);
});

/** Requests hit, sessions hit, and sessions of that group. */
function shares(groups: readonly Share[]): Record<string, number[]> {
  return Object.fromEntries(
    groups.map(({ name, refusedRequests, refusedSessions, sessions }) => [
      name,
      [refusedRequests, refusedSessions, sessions],
    ]),
  );
}
