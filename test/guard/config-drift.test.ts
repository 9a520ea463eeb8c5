import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { compileDrift } from '../../src/guard/drift.ts';
import { problems } from './problems.ts';

test('R68 a word that is none, or a field that is none, is refused by name', () => {
  assert.match(
    problems({ drift: { network: 'enter' } }),
    /drift\.network is "enter"; write one of note, entry, login, refuse/,
  );
  assert.match(problems({ drift: { netwerk: 'note' } }), /drift\.netwerk .*did you mean network/);
});

test('R68 both at once cannot ask less than one alone', () => {
  assert.match(
    problems({ drift: { network: 'refuse', both: 'entry' } }),
    /drift\.both is "entry"; asks less than drift\.network alone; write "refuse" or more/,
  );
  assert.equal(problems({ drift: { network: 'entry', both: 'refuse' } }), '');
});

test('R68 a login cannot be asked for where sessions have none of the gate', () => {
  assert.match(
    problems({ drift: { both: 'login' } }),
    /drift\.both is "login"; sessions have no login of the gate here/,
  );
  assert.match(problems({ drift: { both: 'login' }, login: { identify: () => null } }), /drift\.both is "login"/);
  assert.equal(problems({ drift: { both: 'login' }, login: { accounts: true } }), '');
});

test('R68 left out, both asks for an entry, or for what one alone asks where that is more', () => {
  const both = (drift?: Config['drift']): string => compileDrift(drift === undefined ? {} : { drift }).both;
  assert.deepEqual(
    [
      both(),
      both({ network: 'note' }),
      both({ browser: 'login' }),
      both({ network: 'refuse' }),
      both({ both: 'note' }),
    ],
    ['entry', 'entry', 'login', 'refuse', 'note'],
  );
});
