import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noClaims } from '../../../src/guard/context.ts';
import { compileServed } from '../../../src/guard/served.ts';
import { Served } from '../../../src/stores/memory/served.ts';

test('R65 where else an id may come from is asked only where nobody gave it', () => {
  const [rule] = compileServed({ match: 'GET /posts/:id', served: { from: 'GET /posts', at: '$[*].id' } });
  assert.ok(rule !== undefined);
  let asked = 0;
  const claimed = (id: string) => ({
    rule,
    id,
    get otherwise() {
      asked += 1;
      return 3;
    },
  });
  const served = new Served();
  const claims = (...ids: string[]) => ({ ...noClaims(0), account: 'someone', served: ids.map(claimed) });
  served.give('someone', rule.number, ['7', '8']);
  assert.equal(served.check(claims('7', '8'), 0), true);
  served.apply(claims('7', '8'), 0);
  assert.equal(asked, 0);
  const both = claims('7', '9', '9');
  assert.equal(served.check(both, 0), true);
  served.apply(both, 0);
  assert.ok(asked > 0);
  asked = 0;
  assert.equal(served.check(claims('9'), 0), true, 'from now on it was given');
  assert.equal(asked, 0);
  const others = { ...claims('7'), account: 'another' };
  assert.equal(
    served.check({ ...others, served: [{ rule, id: '7', otherwise: 0 }] }, 0),
    false,
    'another’s are their own',
  );
});
