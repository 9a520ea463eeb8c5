import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDrift } from '../../src/cli/check-drift.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';

const lines = (config: Config): string[] =>
  describeDrift(compilePolicy(parseConfig(config, 'test'))).map((line) => line.slice(line.indexOf(': ') + 2));

test('R68 R74 check says what is asked of a session that moved', () => {
  const quiet = 'recorded, nothing is asked';
  assert.deepEqual(lines({ mode: 'enforce' }), [quiet, quiet, 'the page enters again, which nobody sees']);
  assert.deepEqual(lines({ mode: 'enforce', drift: { browser: 'refuse' } }), [
    quiet,
    'the session stays where it was, and a new one begins',
    'the session stays where it was, and a new one begins',
  ]);
});

test('R68 R74 and where it is only reported, it says that', () => {
  for (const config of [{}, { mode: 'enforce', layers: { drift: 'report' } }] as Config[])
    for (const line of lines(config)) assert.match(line, / \(reported only\)$/);
});
