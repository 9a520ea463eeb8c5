import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mend, type Refused } from '../../src/browser/chunks/refused.ts';
import type { Context } from '../../src/browser/context.ts';
import type { Entry } from '../../src/browser/door.ts';
import { SallyportError } from '../../src/browser/refusal.ts';
import { HEADER_DECISION } from '../../src/wire/constants.ts';

const page = new EventTarget();
Object.defineProperty(globalThis, 'self', { value: page, configurable: true });

const entry = (ticket: string): Entry =>
  // Only its name matters here.
  ({ ticket, authority: '', proofKey: {}, syncKey: undefined, renews: 0, expires: 0, counter: 0 }) as Entry;
const used = entry('used');

/** What became of a refusal: which entry the call is signed with again, or what the page was told. */
async function after(code: string, given: Partial<Refused> = {}, id = 'id-1'): Promise<string> {
  const steps: string[] = [];
  const door = {
    current: () => undefined,
    ready: async () => entry('same'),
    again: async () => entry('new'),
    seconds: () => 0,
    learn: (date: string | null) => void steps.push(`learned ${date}`),
  };
  const fields: Readonly<Record<string, string>> = { [HEADER_DECISION]: 'id-1', date: 'now' };
  const told = (event: Event) => {
    if (event instanceof CustomEvent && event.detail instanceof SallyportError) steps.push(`told ${event.detail.code}`);
  };
  page.addEventListener('sallyport-refusal', told);
  const text = JSON.stringify({ code, id, retryable: true, detail: 'A sentence.' });
  const refused = {
    text,
    header: (name: string) => fields[name] ?? null,
    method: 'POST',
    used,
    tries: 1,
    ...given,
  };
  // The door is all of the context that is asked.
  const mended = await mend({ door } as unknown as Context, refused).catch((error: unknown) => {
    if (!(error instanceof TypeError) || !(error.cause instanceof SallyportError)) throw error;
    steps.push(`lost ${error.cause.code}`);
  });
  page.removeEventListener('sallyport-refusal', told);
  return [...steps, ...(mended ? [mended.ticket] : [])].join(', ');
}

const TABLE: readonly { name: string; code: string; given?: Partial<Refused>; becomes: string }[] = [
  { name: 'a forgotten ticket: enter again', code: 'stale', becomes: 'new' },
  { name: 'another instance: enter again', code: 'wrong-instance', becomes: 'new' },
  { name: 'ticket and cookie differ: enter again', code: 'session-mismatch', becomes: 'new' },
  {
    name: 'no proof on a call that had none: enter',
    code: 'entry-required',
    given: { used: undefined },
    becomes: 'new',
  },
  { name: 'no proof on a signed call: a preload’s answer, sign again', code: 'entry-required', becomes: 'same' },
  { name: 'another’s dead proof: sign with our own', code: 'stale', given: { used: null }, becomes: 'same' },
  { name: 'a counter below the window: sign again', code: 'stale-nonce', becomes: 'same' },
  { name: 'a clock that differs: learn the time, sign again', code: 'clock', becomes: 'learned now, same' },
  { name: 'a replayed POST is never sent again: its answer was lost', code: 'replayed', becomes: 'lost replayed' },
  { name: 'nor a replayed PATCH', code: 'replayed', given: { method: 'PATCH' }, becomes: 'lost replayed' },
  {
    name: 'a stream whose answer was lost',
    code: 'replayed',
    given: { method: 'PUT', tries: 9 },
    becomes: 'lost replayed',
  },
  { name: 'what another has signed is refused', code: 'replayed', given: { used: null }, becomes: 'told replayed' },
  { name: 'a replayed GET is', code: 'replayed', given: { method: 'GET' }, becomes: 'same' },
  { name: 'a replayed DELETE is', code: 'replayed', given: { method: 'DELETE' }, becomes: 'same' },
  { name: 'no retry crosses a change of login', code: 'login-changed', becomes: 'told login-changed' },
  {
    name: 'a stream or a second refusal is handed out',
    code: 'stale',
    given: { tries: 2 },
    becomes: 'told stale',
  },
  { name: 'a code that came later than this script', code: 'something-new', becomes: 'told something-new' },
];

for (const { name, code, given, becomes } of TABLE) {
  test(`remedies: ${name}`, async () => {
    assert.equal(await after(code, given), becomes);
  });
}

test('remedies: a backend’s own problem document is none of ours', async () => {
  assert.equal(await after('stale', {}, 'an id of the backend’s'), '');
  assert.equal(await after('stale', { text: '<html>' }), '');
});

test('P9.4 remedies: the page is told how long to wait, where the gate says so', async () => {
  const waits: number[] = [];
  const told = (event: Event) => {
    if (event instanceof CustomEvent && event.detail instanceof SallyportError) waits.push(event.detail.retryAfter);
  };
  page.addEventListener('sallyport-refusal', told);
  const header = (name: string) => (name === 'retry-after' ? '12' : name === HEADER_DECISION ? 'id-1' : null);
  await after('limit', { header });
  await after('limit');
  page.removeEventListener('sallyport-refusal', told);
  assert.deepEqual(waits, [12, 0]);
});
