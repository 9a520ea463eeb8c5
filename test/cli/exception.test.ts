import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exceptionFor } from '../../src/cli/exception.ts';
import type { DecisionRecord } from '../../src/gateway/decision-record.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import type { Code } from '../../src/wire/codes.ts';

function recorded(code: Code, path: string, layer = 'route'): DecisionRecord {
  return {
    id: 'AAAAAAAAAAAAAAAA',
    at: 0,
    outcome: 'refuse',
    wouldRefuse: false,
    code,
    layer,
    route: 'protect /api/**',
    level: 'proof',
    shown: 'open',
    method: 'GET',
    path,
    carrier: 'media',
    destination: 'image',
    client: '',
    session: '',
    key: '',
    prefix: '127.0.0.1',
    family: 'Chrome',
    trail: [{ layer, code, enforced: true, evidence: '', wouldPass: '' }],
    status: 0,
  };
}

const NAMING: readonly Code[] = ['carrier', 'forbidden', 'content-type', 'too-large', 'target', 'entry-required'];

for (const code of NAMING) {
  test(`P9.2 the exception to ${code} is a line that a configuration takes, whatever the path`, () => {
    const { line } = exceptionFor(recorded(code, "/api/it's/4711"));
    const config: unknown = Function(`return { ${line.replace("['…']", "['text/plain']")} }`)();
    assert.doesNotThrow(() => parseConfig(config, 'exception'));
    assert.match(JSON.stringify(config), /GET \/api\/it's\/:id/);
  });

  test(`a path that is a pattern gets no exception to ${code} ready to copy`, () => {
    for (const path of ['/api/**', '/api/*', '/api/:all', '/api/a;b']) {
      const { line, flag, note } = exceptionFor(recorded(code, path));
      assert.deepEqual([line, flag], ['', ''], path);
      assert.match(note, /by hand/);
    }
  });
}

const OF_USE: readonly (readonly [layer: string, code: Code, says: RegExp])[] = [
  ['ban', 'banned', /sallyport bans/],
  ['lists', 'banned', /addresses\.deny/],
  ['lists', 'forbidden', /addresses\.allow/],
  ['can', 'forbidden', /roles, scopes and policies/],
  ['budget', 'budget', /share, keep/],
  ['schema', 'schema', /docs\/schema\.md/],
  ['challenge', 'challenge', /challenge: 'never'/],
  ['state', 'unsure', /nothing to except/],
  ['limit', 'limit', /rate, burst or wait/],
  ['order', 'order', /too tight/],
];

for (const [layer, code, says] of OF_USE) {
  test(`P9.2 what ${layer} refuses with ${code} is no reason to open the route to everybody`, () => {
    const { line, flag, note } = exceptionFor(recorded(code, '/api/chat', layer));
    assert.deepEqual([line, flag], ['', '']);
    assert.match(note, says);
  });
}

test('what the behaviour layer refuses is no reason to open the route', () => {
  for (const code of ['behaviour', 'login-required'] as const) {
    const { line, flag, note } = exceptionFor(recorded(code, '/api/posts', 'behaviour'));
    assert.deepEqual([line, flag], ['', '']);
    assert.match(note, /rarer threshold or a milder action/);
  }
});
