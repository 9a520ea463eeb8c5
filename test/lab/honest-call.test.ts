import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../../src/lab/answer.ts';
import { honestCall } from '../../src/lab/attempts.ts';
import type { RawAnswer } from '../../src/lab/http.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { HEADER_DECISION } from '../../src/wire/constants.ts';

const ANSWERED: RawAnswer = { status: 200, fields: [], body: Buffer.from('[]'), failed: '' };

const refused = (code: string): RawAnswer => ({
  status: 403,
  fields: ['content-type', 'application/problem+json', HEADER_DECISION, 'an-id'],
  body: Buffer.from(JSON.stringify({ code, id: 'an-id' })),
  failed: '',
});

/** A lab whose honest client is answered so before it loads the page again, and so afterwards. */
function labOf(before: RawAnswer, after = ANSWERED) {
  let loads = 0;
  const honest = {
    call: async () => (loads === 0 ? before : after),
    open: async () => {
      loads += 1;
    },
  };
  // SAFETY: of a lab this reads the honest client alone, and of it these two.
  return { lab: { honest } as unknown as Lab, loads: () => loads };
}

const called = async ({ lab }: { lab: Lab }): Promise<string> => {
  const kind = kindOf(await honestCall(lab, { method: 'GET' }));
  return kind.by === 'gate' ? kind.code : kind.by;
};

test('the honest client that is taken for unusual loads the page again, once, as a person would', async () => {
  const mended = labOf(refused('behaviour'));
  assert.equal(await called(mended), 'backend');
  assert.equal(mended.loads(), 1);
  const kept = labOf(refused('behaviour'), refused('behaviour'));
  assert.equal(await called(kept), 'behaviour');
  assert.equal(kept.loads(), 1);
});

test('any other refusal of it, and an answer, stand as they are', async () => {
  const other = labOf(refused('order'));
  assert.equal(await called(other), 'order');
  const fine = labOf(ANSWERED);
  assert.equal(await called(fine), 'backend');
  assert.deepEqual([other.loads(), fine.loads()], [0, 0]);
});
