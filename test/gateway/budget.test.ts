import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { RouteConfig } from '../../src/guard/config.ts';
import type { AnswerFacts } from '../../src/guard/config-budget.ts';
import type { BudgetEvent } from '../../src/guard/cost-watch.ts';
import { type Backend, startBackend, until } from './support.ts';

/** What a call did cost, by the answer that went through the real gate. */

/** As OpenAI-style APIs say it: `usage` in the object, or in the last event before `[DONE]`. */
function usageOf(answer: AnswerFacts): number | undefined {
  const said = answer.json();
  if (typeof said !== 'object' || said === null || !('usage' in said)) return undefined;
  const { usage } = said;
  return typeof usage === 'object' && usage !== null && 'total_tokens' in usage
    ? Number(usage.total_tokens) / 1000
    : undefined;
}

interface Place {
  readonly gate: Gate;
  readonly backend: Backend;
  readonly events: BudgetEvent[];
  /** Units spent of the budget. */
  spent(): Promise<number>;
}

async function place(t: TestContext, listener: RequestListener, route: Partial<RouteConfig> = {}): Promise<Place> {
  const backend = await startBackend(t, listener);
  const gate = await startGate({
    to: backend.url,
    listen: '127.0.0.1:0',
    mode: 'enforce',
    budget: { amount: '10 USD/day', share: 1, keep: 0 },
    routes: [{ match: 'POST /api/chat', level: 'open', cost: { max: '1 USD', actual: usageOf }, ...route }],
  });
  t.after(() => gate.close({ graceMs: 0 }));
  const events: BudgetEvent[] = [];
  const { budgets } = gate.guard;
  assert.ok(budgets !== undefined);
  budgets.onEvent((event) => events.push(event));
  return { gate, backend, events, spent: async () => (await budgets.spending())[0]?.spent ?? Number.NaN };
}

const chat = ({ gate }: Place, init: RequestInit = {}): Promise<Response> =>
  fetch(`${gate.url}/api/chat`, { method: 'POST', ...init });

const json = (response: ServerResponse, value: unknown): void =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

/** Waits until it is so, or the test ends in its time. */
async function spends(at: Place, units: number): Promise<void> {
  while ((await at.spent()) !== units) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('R68 of a call that tells its cost the rest of the maximum is given back', async (t) => {
  const at = await place(t, (_request, response) => json(response, { said: 'hello', usage: { total_tokens: 250 } }));
  assert.equal((await chat(at)).status, 200);
  await spends(at, 0.25);
  assert.deepEqual(at.events, []);
});

test('R68 a streamed answer tells it in its last event, and is the backend’s byte for byte', async (t) => {
  const chunks = [
    'data: {"delta":"hel"}\n\n',
    'data: {"delta":"lo"}\n\n',
    'data: {"delta":"","usage":{"total_tokens":40}}\n\n',
    'data: [DONE]\n\n',
  ];
  let response: ServerResponse | null = null;
  const at = await place(t, (_request, answer) => {
    response = answer.writeHead(200, { 'content-type': 'text/event-stream' });
    answer.flushHeaders();
  });
  const answer = await chat(at);
  const reader = answer.body?.getReader();
  assert.ok(reader !== undefined);
  for (const chunk of chunks) {
    (response as ServerResponse | null)?.write(chunk);
    assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), chunk, 'P2.4 chunks are not merged');
    assert.equal(await at.spent(), 1, 'while it goes on, the maximum stands');
  }
  (response as ServerResponse | null)?.end();
  assert.equal((await reader.read()).done, true);
  await spends(at, 0.04);
});

test('R68 the figure is found at the end of an answer of any length', async (t) => {
  const at = await place(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let i = 0; i < 3000; i++) response.write(`data: {"delta":"${'x'.repeat(100)}"}\n\n`);
    response.end('data: {"usage":{"total_tokens":7}}\n\ndata: [DONE]\n\n');
  });
  assert.ok((await (await chat(at)).text()).length > 300_000);
  await spends(at, 0.007);
});

const KEEPS: readonly { readonly name: string; readonly answer: RequestListener; readonly event: boolean }[] = [
  { name: 'says nothing', answer: (_request, response) => json(response, { said: 'hello' }), event: true },
  { name: 'is no JSON', answer: (_request, response) => void response.end('hello'), event: true },
  {
    name: 'says what is no number',
    answer: (_request, response) => json(response, { usage: { total_tokens: 'few' } }),
    event: true,
  },
  {
    name: 'says less than nothing',
    answer: (_request, response) => json(response, { usage: { total_tokens: -1000 } }),
    event: true,
  },
  {
    name: 'is coded although it was asked for as it is',
    answer: (_request, response) =>
      void response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end(gzipSync('{"usage":{"total_tokens":1}}')),
    event: true,
  },
  {
    name: 'breaks off',
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"usage":{"total_tokens":1}}');
      setImmediate(() => response.destroy());
    },
    event: false,
  },
];

for (const { name, answer, event } of KEEPS) {
  test(`R68 a call whose answer ${name} stays at its maximum`, async (t) => {
    const at = await place(t, answer);
    await chat(at)
      .then((response) => response.text())
      .catch(() => {});
    if (event) await until(() => at.events.length > 0);
    assert.equal(await at.spent(), 1);
    assert.deepEqual(at.events, event ? [{ kind: 'unknown', route: 'cost of POST /api/chat' }] : []);
  });
}

test('R68 a function that throws leaves the maximum', async (t) => {
  const at = await place(t, (_request, response) => json(response, {}), {
    cost: {
      max: '1 USD',
      actual: () => {
        throw new Error('not today');
      },
    },
  });
  await (await chat(at)).text();
  await until(() => at.events.length > 0);
  assert.equal(await at.spent(), 1);
});

test('R68 an answer that cost more than its maximum is counted whole, and somebody is told', async (t) => {
  const at = await place(t, (_request, response) => json(response, { usage: { total_tokens: 2500 } }));
  await (await chat(at)).text();
  await spends(at, 2.5);
  assert.deepEqual(at.events, [{ kind: 'overrun', route: 'cost of POST /api/chat', cost: 2.5, max: 1 }]);
});

test('P2.4 a client that leaves ends the call at the backend, and has paid the maximum', async (t) => {
  let left: Promise<unknown> | null = null;
  const at = await place(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"usage":{"total_tokens":1}}\n\n');
    left = once(response, 'close');
  });
  const gone = new AbortController();
  const answer = await chat(at, { signal: gone.signal });
  await answer.body?.getReader().read();
  gone.abort();
  await until(() => left !== null);
  await left;
  assert.equal(await at.spent(), 1);
});

test('R68 what never reached the backend costs nothing', async (t) => {
  const at = await place(t, () => {});
  at.backend.server.close();
  at.backend.server.closeAllConnections();
  for (let i = 0; i < 12; i++) assert.equal((await chat(at)).status, 502);
  assert.equal(await at.spent(), 0);
});

test('R68 a call that costs money is made once: nothing of it is tried again', async (t) => {
  let calls = 0;
  const at = await place(
    t,
    (request, response) => {
      calls += 1;
      if (calls === 1) void response.end('{}');
      else request.socket.destroy();
    },
    { match: 'GET /api/chat', cost: '1 USD' },
  );
  const get = () => fetch(`${at.gate.url}/api/chat`);
  await (await get()).text();
  assert.equal((await get()).status, 502);
  assert.equal(calls, 2);
  assert.equal(await at.spent(), 2);
});

test('R68 somebody is told once when a part of the budget is spent', async (t) => {
  const at = await place(t, (_request, response) => json(response, { usage: { total_tokens: 1000 } }));
  for (let i = 0; i < 12; i++) await (await chat(at)).text();
  assert.deepEqual(at.events, [{ kind: 'warning', budget: 'all: 10 USD/day per total', spent: 8, amount: 10 }]);
});

test('P2.7 at 80 % of the budget a cheaper call goes out, or a kept answer comes back; at 100 % it is refused', async (t) => {
  const bodies: string[] = [];
  const listener: RequestListener = (request, response) =>
    void request.toArray().then((parts) => {
      bodies.push(Buffer.concat(parts).toString());
      json(response, { usage: { total_tokens: bodies.at(-1)?.includes('small') === true ? 500 : 1000 } });
    });
  let cached = false;
  const at = await place(t, listener, {
    degrade: {
      at: 0.8,
      by: async (request) => {
        const body = await request.json();
        return cached ? { answer: { said: 'from the cache' } } : { body: { ...Object(body), model: 'small' } };
      },
    },
  });
  const send = async (): Promise<string> => {
    const headers = { 'content-type': 'application/json', 'repr-digest': 'sha-256=:x:' };
    const answer = await chat(at, { body: '{"model":"large","n":1}', headers });
    return answer.status === 200 ? answer.text() : String(answer.status);
  };
  for (let i = 1; i <= 7; i++) {
    await send();
    await spends(at, i);
  }
  assert.ok(bodies.every((body) => body === '{"model":"large","n":1}'));
  await send();
  await spends(at, 7.5);
  assert.equal(bodies.at(-1), '{"model":"small","n":1}');
  cached = true;
  assert.equal(await send(), '{"said":"from the cache"}');
  await spends(at, 7.5);
  assert.equal(bodies.length, 8, 'nothing of it went to the backend');
  cached = false;
  for (let i = 1; i <= 4; i++) {
    await send();
    await spends(at, 7.5 + i / 2);
  }
  assert.equal(await send(), '429');
});
