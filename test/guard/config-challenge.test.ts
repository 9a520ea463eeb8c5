import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';

function problemsOf(config: unknown): string[] {
  try {
    parseConfig(config, 'config');
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.map(({ field, value, rule }) => `${field} ${value} ${rule}`);
  }
  return [];
}

const route = (given: object): Config => ({ routes: [{ match: 'POST /api/a', challenge: 'always', ...given }] });

const BAD: readonly { name: string; config: unknown; says: RegExp }[] = [
  {
    name: 'a carrier that no code of the page makes',
    config: route({ carriers: ['navigation'] }),
    says: /^routes\[0\]\.challenge "always" carriers lists navigation: no code of the page/,
  },
  { name: 'a carrier of media', config: route({ carriers: ['media', 'call'] }), says: /lists media/ },
  { name: 'a level below the proof', config: route({ level: 'session' }), says: /level "session" asks for no proof/ },
  {
    name: 'a word that is none',
    config: route({ challenge: 'sometimes' }),
    says: /^routes\[0\]\.challenge "sometimes" write one of auto, always, never/,
  },
  {
    name: 'a kind that nothing tells how to ask for',
    config: route({ challenge: { when: 'auto', kind: 'turnstile' } }),
    says: /nothing says how to ask for it/,
  },
  {
    name: 'a threshold where there is no score',
    config: route({ challenge: { when: 'auto', threshold: 0.5 } }),
    says: /proof-of-work has no score/,
  },
  {
    name: 'settings that ask nobody',
    config: { challenge: { cost: 500 } },
    says: /^challenge\.enter "never" nobody is asked/,
  },
  {
    name: 'a memory of what is never remembered',
    config: { ...route({}), challenge: { remember: 60 } },
    says: /^challenge\.remember 60 this is for what "auto" asks/,
  },
  {
    name: 'work that is none',
    config: { ...route({}), challenge: { cost: 1 } },
    says: /^challenge\.cost 1 write a whole number of iterations, 100 or more/,
  },
];

for (const { name, config, says } of BAD) {
  test(`a challenge that cannot be kept is refused at start: ${name}`, () => {
    const problems = problemsOf(config);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', says);
  });
}

test('challenges that can be kept start', () => {
  assert.deepEqual(problemsOf({ challenge: { enter: 'auto' } }), []);
  assert.deepEqual(problemsOf(route({})), []);
  assert.deepEqual(problemsOf({ ...route({ challenge: 'auto' }), challenge: { remember: 60 } }), []);
  assert.deepEqual(problemsOf(route({ challenge: 'never', level: 'session' })), []);
  assert.deepEqual(problemsOf(route({ keys: [] })), [], 'keys are no page, and are asked for nothing');
});

test('an error names no secret of a provider, whatever slip it is about', () => {
  for (const challenge of [
    { turnstile: { siteKey: 'a', secret: 'hush hush' } },
    { turnstile: { siteKey: 'a', secert: 'hush' } },
    { secret: 'hush' },
    { turnstile: 'hush' },
  ]) {
    const problems = problemsOf({ ...route({}), challenge });
    assert.ok(problems.length > 0);
    assert.doesNotMatch(problems.join('\n'), /hush/);
  }
});
