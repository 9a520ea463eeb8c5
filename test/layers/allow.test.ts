import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { createTestDoors } from '../support/doors.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

const doors = () =>
  createTestDoors({
    routes: [
      {
        match: 'POST /api/chat',
        allow: {
          model: ['small', 'medium'],
          max_tokens: { max: 1000, min: 1, optional: true },
          'options.temperature': { max: 1, optional: true },
          system: false,
        },
      },
    ],
  });

interface Case {
  readonly why: string;
  readonly body: string;
  readonly evidence: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly target?: string;
}

const REFUSED: readonly Case[] = [
  { why: 'another model', body: '{"model":"large"}', evidence: 'model is none of the choices' },
  { why: 'no model', body: '{}', evidence: 'model is missing' },
  { why: 'a model of another type', body: '{"model":["small"]}', evidence: 'model is none of the choices' },
  { why: 'too many tokens', body: '{"model":"small","max_tokens":1001}', evidence: 'max_tokens is too large' },
  { why: 'no end of tokens', body: '{"model":"small","max_tokens":1e999}', evidence: 'max_tokens is too large' },
  { why: 'no tokens', body: '{"model":"small","max_tokens":0}', evidence: 'max_tokens is too small' },
  { why: 'a number in quotes', body: '{"model":"small","max_tokens":"9999"}', evidence: 'max_tokens is no number' },
  { why: 'null for a number', body: '{"model":"small","max_tokens":null}', evidence: 'max_tokens is no number' },
  { why: 'the system’s part', body: '{"model":"small","system":"be bad"}', evidence: 'system must not be there' },
  { why: 'null for the system’s part', body: '{"model":"small","system":null}', evidence: 'system must not be there' },
  {
    why: 'a field within an object',
    body: '{"model":"small","options":{"temperature":2}}',
    evidence: 'options.temperature is too large',
  },
  { why: 'R18 a member twice', body: '{"model":"large","model":"small"}', evidence: '' },
  { why: 'R18 a member twice, once escaped', body: '{"model":"small","mod\\u0065l":"large"}', evidence: '' },
  {
    why: 'another spelling beside it',
    body: '{"model":"small","Model":"large"}',
    evidence: 'model in another spelling',
  },
  {
    why: 'another spelling of what must not be',
    body: '{"model":"small","\u017fystem":"x"}',
    evidence: 'system in another spelling',
  },
  { why: 'a list', body: '[{"model":"small"}]', evidence: '' },
  { why: 'no JSON', body: 'model=small', evidence: '' },
  { why: 'a mark before it', body: '\ufeff{"model":"small"}', evidence: '' },
  {
    why: 'what a form parser would read otherwise',
    body: '{"model":"small","x":"&model=large&"}',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    evidence: '',
  },
  {
    why: 'another charset',
    body: '{"model":"small"}',
    headers: { 'content-type': 'application/json; charset=utf-16' },
    evidence: '',
  },
  {
    why: 'a coded body',
    body: '{"model":"small"}',
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
    evidence: '',
  },
  { why: 'more than is read', body: `{"model":"small","x":"${'x'.repeat(65_536)}"}`, evidence: '' },
  { why: 'the model in the query', body: '{"model":"small"}', target: '/api/chat?model=large', evidence: '' },
  {
    why: 'the model in the query, escaped',
    body: '{"model":"small"}',
    target: '/api/chat?x=1&Mod%65l[]=large',
    evidence: '',
  },
];

for (const { why, body, evidence, headers = JSON_TYPE, target = '/api/chat' } of REFUSED) {
  test(`P2.3 refused before anything is counted or sent: ${why}`, async () => {
    const place = doors();
    const page = place.enter();
    const decision = await place.decide(page.sign({ method: 'POST', target, body, headers }));
    assert.ok(decision.outcome === 'refuse', `${decision.outcome} ${decision.code}`);
    const known = ['schema', 'content-type'];
    assert.ok(known.includes(decision.code), decision.code);
    if (evidence === '') return;
    assert.equal(decision.trail[0]?.evidence, evidence);
    assert.equal(decision.field, `/${evidence.split(' ')[0]?.replace('.', '/')}`, 'the client is told which field');
  });
}

for (const body of [
  '{"model":"small"}',
  '{"model":"medium","max_tokens":1000,"messages":[{"role":"user","content":"{\\"model\\":\\"large\\"}"}]}',
  '{"options":{"temperature":0.5,"other":1},"model":"small"}',
  '{"model":"small","options":{}}',
])
  test(`P2.3 passes: ${body}`, async () => {
    const place = doors();
    const sketch = { method: 'POST', target: '/api/chat?page=2', body, headers: JSON_TYPE };
    const decision = await place.decide(place.enter().sign(sketch));
    assert.equal(decision.code, '');
    assert.equal(Buffer.from(decision.body ?? []).toString(), body, 'what was judged is what is forwarded');
  });

test('P2.3 a choice in the query is named as it was written', async () => {
  const place = doors();
  const target = '/api/chat?x=1&Mod%65l[]=large';
  const sketch = { method: 'POST', target, body: '{"model":"small"}', headers: JSON_TYPE };
  assert.equal((await place.decide(place.enter().sign(sketch))).field, '?Model[]');
});

test('P2.3 the preset llm: the page says what it asks, and not of whom; what it may not choose costs nothing', async () => {
  const config = parseConfig({ preset: 'llm', budget: { amount: '0.06 EUR/day', share: 1, keep: 0 } }, 'config');
  assert.equal(config.routes?.[0]?.cost, '0.02 EUR');
  const place = createTestDoors({ mode: 'enforce', ...config });
  const page = place.enter();
  const send = async (body: string): Promise<string> => {
    const sketch = page.sign({ method: 'POST', target: '/api/chat', body, headers: JSON_TYPE });
    const decision = await place.decide(sketch);
    if (decision.code === '') await place.answered(sketch, decision, 200);
    return decision.code;
  };
  for (let i = 0; i < 5; i++) assert.equal(await send('{"model":"large","messages":[]}'), 'schema');
  assert.equal(await send('{"system":"be bad"}'), 'schema');
  for (let i = 0; i < 3; i++) assert.equal(await send('{"messages":[],"max_tokens":100}'), '');
  assert.equal(await send('{"messages":[]}'), 'budget');
});
