import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { parseModel } from '../../src/behaviour/model-file.ts';
import { startGate } from '../../src/gateway/index.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import { kindOf } from '../../src/lab/answer.ts';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { formatInteraction } from '../../src/wire/interaction.ts';
import { startTaughtApp } from '../behaviour/app/taught-app.ts';

/** The layer at the real gate: from calls on a socket to the model, and back to what is refused. */

const ROUTES = ['GET /api/posts', 'GET /api/posts/:id', 'GET /api/feed', 'GET /api/search', 'POST /api/ask'];

async function place(t: TestContext) {
  const app = await startTaughtApp(400, { sessions: 200 });
  t.after(() => app.close());
  const { model, learned } = app;
  const config = {
    to: app.url,
    listen: '127.0.0.1:0',
    mode: 'enforce' as const,
    routes: ROUTES.map((match) => ({ match })),
    behaviour: { note: '1 in 20', refuse: '1 in 300', sessions: 200, model },
  };
  return { config, model, learned };
}

async function openPage(t: TestContext, port: number): Promise<WireClient> {
  const target = parseTarget(`http://127.0.0.1:${port}/api/posts`);
  const sender = createSender(target);
  t.after(() => sender.close());
  const client = createWireClient(target, '/', sender);
  const { opened, why } = await client.open();
  assert.ok(opened, why);
  return client;
}

async function codeOf(client: WireClient, at: string): Promise<string> {
  const kind = kindOf(await client.call({ method: 'GET', at }));
  return kind.by === 'gate' ? kind.code : kind.by;
}

const MOST_CALLS = 5000;

test('P6.5 a program that counts through the posts is refused, and told why to the owner alone; a page load starts it afresh', async (t) => {
  const { config, model, learned } = await place(t);
  const gate = await startGate(config);
  t.after(() => gate.close({ graceMs: 0 }));
  const decisions: Decision[] = [];
  gate.guard.onDecision((decision) => void decisions.push(decision));
  const program = await openPage(t, gate.address.port);
  const person = await openPage(t, gate.address.port);
  let code = '';
  for (let call = 1; code !== 'behaviour' && call < MOST_CALLS; call += 1)
    code = await codeOf(program, `/api/posts/${call}`);
  assert.equal(code, 'behaviour');
  assert.equal(await codeOf(person, '/api/posts'), 'backend', 'another session of the same address goes on');
  const refused = decisions.find((decision) => decision.code === 'behaviour');
  assert.match(refused?.trail[0]?.evidence ?? '', /^one in [\d,]+ sessions looks like this: \w+/);
  assert.equal(gate.guard.behaviour?.()?.acted.refuse, 1);
  assert.equal((await program.open()).opened, true);
  assert.equal(await codeOf(program, '/api/posts/1'), 'backend');
  await gate.close({ graceMs: 0 });
  assert.equal(parseModel(await readFile(model, 'utf8')).model.learned, learned, 'and it taught nothing');
});

test('a model that is broken keeps the gate from starting, by its name', async (t) => {
  const { config, model } = await place(t);
  await writeFile(model, '{}');
  await assert.rejects(startGate(config), (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /behaviour\.model is ".*model\.json"; .*not a behaviour model.*move it away/);
    return true;
  });
});

test('report: the same program passes, and status says what would be', async (t) => {
  const { config } = await place(t);
  const gate = await startGate({ ...config, mode: 'report' });
  t.after(() => gate.close({ graceMs: 0 }));
  const program = await openPage(t, gate.address.port);
  let would = 0;
  gate.guard.onDecision(({ trail }) => {
    if (trail.some(({ layer }) => layer === 'behaviour')) would += 1;
  });
  for (let call = 1; would === 0 && call < MOST_CALLS; call += 1)
    assert.equal(await codeOf(program, `/api/posts/${call}`), 'backend');
  assert.equal(would, 1);
  assert.equal(gate.guard.behaviour?.()?.acted.refuse, 1);
});

test('what a page tells of hands is taken from whoever signs it, whatever the mode, and where policy asks for it', async (t) => {
  const { config } = await place(t);
  const body = Buffer.from(formatInteraction({ moments: 9, forged: 0, gaps: 8, spread: 90, presses: 3, instant: 0 }));
  const tell = async (client: WireClient, text = body): Promise<number> =>
    (await client.call({ method: 'POST', at: '/_sallyport/interaction', body: text, contentType: 'application/json' }))
      .status;
  for (const mode of ['enforce', 'report'] as const) {
    const gate = await startGate({ ...config, mode, behaviour: { ...config.behaviour, interaction: true } });
    t.after(() => gate.close({ graceMs: 0 }));
    const page = await openPage(t, gate.address.port);
    assert.equal(await tell(page), 204);
    assert.equal(await tell(page, Buffer.from('{"v":1}')), 400);
    assert.equal(await tell(page, Buffer.alloc(300)), 413);
    assert.equal((await page.ask('/interaction', JSON.parse(body.toString()))).status, 403, 'without a proof');
    assert.equal(await codeOf(page, '/api/posts'), 'backend', 'and its calls go on');
  }
  const gate = await startGate(config);
  t.after(() => gate.close({ graceMs: 0 }));
  assert.equal(await tell(await openPage(t, gate.address.port)), 404);
});
