import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { createMetrics, serveMetrics } from '../../src/gateway/metrics.ts';
import type { TrailStep } from '../../src/guard/decision.ts';
import { viewOf } from '../support/view.ts';
import { decisionOf, pageGuard } from './stubs.ts';

const usage = () => ({ entries: 3, sessions: 2, bytes: 640, capacity: 1000 });
const guard = pageGuard();
const STEP: TrailStep = { layer: 'site', code: 'site', enforced: false, evidence: '', wouldPass: '' };

test('P9.6 refusals are counted by code although the backend never sees them', async () => {
  const metrics = createMetrics(usage, () => ({ requests: 4, tunnels: 1 }));
  const view = viewOf();
  metrics.decided(decisionOf(guard, view, { outcome: 'refuse', code: 'entry-required' }));
  metrics.decided(decisionOf(guard, view, { outcome: 'refuse', code: 'entry-required' }));
  metrics.decided(decisionOf(guard, view));
  metrics.decided(decisionOf(guard, view, { trail: [STEP] }));
  metrics.decided(decisionOf(guard, view, { outcome: 'error', code: 'upstream-timeout' }));
  metrics.decided(decisionOf(guard, view, { route: guard.policy.mountRoute }));
  metrics.decided(decisionOf(guard, view, { route: guard.policy.mountRoute, outcome: 'refuse', code: 'stamp' }));
  const text = await metrics.text();
  for (const line of [
    'sallyport_decisions_total{outcome="refuse",code="entry-required",route="protect /api/**"} 2',
    'sallyport_decisions_total{outcome="admit",code="",route="protect /api/**"} 2',
    'sallyport_would_refuse_total{code="site",layer="site",route="protect /api/**"} 1',
    'sallyport_requests_in_flight 4',
    'sallyport_tunnels_open 1',
    'sallyport_upstream_errors_total{code="upstream-timeout"} 1',
    'sallyport_entries_total 1',
    'sallyport_state{of="entries"} 3',
    'sallyport_state{of="capacity"} 1000',
  ]) {
    assert.ok(text.split('\n').includes(line), line);
  }
});

test('two gates in one process count apart, and nothing is put into the global registry', async () => {
  const one = createMetrics(usage);
  const other = createMetrics(usage);
  one.decided(decisionOf(guard, viewOf(), { route: guard.policy.mountRoute }));
  assert.match(await one.text(), /sallyport_entries_total 1/);
  assert.match(await other.text(), /sallyport_entries_total 0/);
  const { register } = await import('prom-client');
  assert.equal(await register.metrics(), '\n');
});

test('a configuration of thousands of routes does not make thousands of series', async () => {
  const metrics = createMetrics(usage);
  const view = viewOf();
  for (let count = 0; count < 3000; count++) {
    const decision = decisionOf(guard, view);
    metrics.decided({ ...decision, route: { ...decision.route, name: `GET /api/${count}` } });
  }
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('sallyport_decisions_total{'));
  assert.equal(lines.length, 201);
  assert.ok(lines.includes('sallyport_decisions_total{outcome="admit",code="",route="other"} 2800'));
});

function ask(
  address: string,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(`http://${address}${path}`, { headers, method }, (response) => {
      let body = '';
      response.on('data', (part: Buffer) => {
        body += part.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

test('the metrics address answers its own names only, one path, and no writes', async (t) => {
  const server = await serveMetrics(createMetrics(usage), '127.0.0.1:0');
  t.after(() => server.close());
  const answer = await ask(server.address, '/metrics');
  assert.equal(answer.status, 200);
  assert.match(answer.body, /sallyport_process_resident_bytes \d+/);
  assert.equal((await ask(server.address, '/metrics', { host: 'localhost:9' })).status, 200);
  assert.equal((await ask(server.address, '/metrics', { host: '10.1.2.3:9400' })).status, 200, 'by its address');
  assert.equal((await ask(server.address, '/metrics', { host: '[fd00::2]:9400' })).status, 200);
  assert.equal((await ask(server.address, '/metrics', { host: 'rebound.example' })).status, 421);
  assert.equal((await ask(server.address, '/metrics', { host: '10.1.2.3.rebound.example' })).status, 421);
  assert.equal((await ask(server.address, '/')).status, 404);
  assert.equal((await ask(server.address, '/metrics', {}, 'POST')).status, 405);
});

test('a metrics address that is taken is said', async (t) => {
  const server = await serveMetrics(createMetrics(usage), '127.0.0.1:0');
  t.after(() => server.close());
  await assert.rejects(serveMetrics(createMetrics(usage), server.address), { code: 'EADDRINUSE' });
});

test('the audit log’s latest head is one series, whatever came before', async () => {
  const metrics = createMetrics(usage);
  metrics.audited({ chain: 'one.tag', number: 1, mac: 'aa' });
  metrics.audited({ chain: 'one.tag', number: 2, mac: 'bb' });
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('sallyport_audit_head{'));
  assert.deepEqual(lines, ['sallyport_audit_head{chain="one.tag",mac="bb"} 2']);
});

test('R68 what was spent is shown by budget, and what happened by kind; where nobody can say, nothing is', async () => {
  const spending = [{ budget: 'all: 5 USD/day per total', currency: 'USD', spent: 1.25, amount: 5 }];
  let reachable = true;
  const metrics = createMetrics(usage, undefined, () =>
    reachable ? Promise.resolve(spending) : Promise.reject(new Error('gone')),
  );
  metrics.budget({ kind: 'overrun', route: 'POST /api/chat', cost: 2, max: 1 });
  const text = await metrics.text();
  assert.match(text, /^sallyport_budget_spent\{budget="all: 5 USD\/day per total"\} 1\.25$/m);
  assert.match(text, /^sallyport_budget_amount\{budget="all: 5 USD\/day per total"\} 5$/m);
  assert.match(text, /^sallyport_budget_events_total\{kind="overrun"\} 1$/m);
  reachable = false;
  assert.doesNotMatch(await metrics.text(), /^sallyport_budget_spent\{/m);
});
