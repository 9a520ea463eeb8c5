import { NOWHERE } from '../../src/guard/drift.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createFormTokens } from '../../src/doors/anti-forgery.ts';
import type { EntryResult } from '../../src/doors/entry.ts';
import { withFormCookie } from '../../src/doors/form-cookie.ts';
import { createRandom } from '../../src/doors/random.ts';
import { createKeyRing } from '../../src/doors/seal.ts';
import { createSessionCookies } from '../../src/doors/session-cookie.ts';
import { compileAntiForgery } from '../../src/guard/config-forms.ts';
import { viewOf } from '../support/view.ts';

const NOW = 1_750_000_000_000;
const clock = { wall: () => NOW, monotonic: () => NOW };
const ring = createKeyRing({ secret: randomBytes(32), clock });
const times = () => ({ idle: 43_200, max: 604_800 });
const sessions = createSessionCookies({ ring, clock, cookieName: () => '__Host-sallyport', times });
const tokens = createFormTokens({ ring, random: createRandom(), wall: clock.wall, sessions });
const id = randomBytes(16).toString('base64url');
const session = (login: number): string =>
  sessions.issue({ id, place: 1, created: NOW / 1000, key: '', login, from: NOWHERE }, NOW);

/** `Set-Cookie` values of an entry whose own answer sets these. */
async function entered(
  cookies: readonly string[],
  cookie: boolean | string = true,
  promised = false,
  held = '',
): Promise<string[]> {
  const fields = ['content-type', 'application/json', ...cookies.flatMap((one) => ['set-cookie', one])];
  const result: EntryResult = { kind: 'answer', answer: { status: 200, fields, body: '{}' } };
  const rule = compileAntiForgery({ cookie });
  const enter = withFormCookie(() => (promised ? Promise.resolve(result) : result), {
    ...{ rule: () => rule, tokens, sessions, wall: clock.wall },
  });
  const made = await enter(viewOf({ headers: { cookie: held } }), new Uint8Array(), {
    origin: '',
    authority: '',
    prefix: '192.0.2.7',
  });
  if (made.kind !== 'answer') return assert.fail('it was refused');
  return made.answer.fields.filter((_, index) => made.answer.fields[index - 1] === 'set-cookie');
}

test('an entry that takes up a login brings a token of that login', async () => {
  for (const promised of [false, true]) {
    const [own = '', added = '', ...more] = await entered([session(5)], true, promised);
    assert.deepEqual([own.startsWith('__Host-sallyport='), more.length], [true, 0]);
    const token = /^XSRF-TOKEN=([^;]+)/.exec(added)?.[1] ?? '';
    const visitor = { session: id, login: 5, form: '', subject: '', prefix: '192.0.2.7' };
    const rule = compileAntiForgery({});
    assert.equal(tokens.check(token, visitor, rule), '');
    assert.equal(tokens.check(token, { ...visitor, login: 0 }, rule), 'login');
  }
});

test('other entries bring none: without a login, of a session that goes on, and where no script reads a cookie', async () => {
  assert.equal((await entered([session(0)])).length, 1);
  assert.equal((await entered([])).length, 0);
  assert.equal((await entered([session(5)], false)).length, 1);
});

test('after a logout the page’s next call needs no refusal: its entry replaces the token of the login that ended', async () => {
  const rule = compileAntiForgery({});
  const before = randomBytes(16).toString('base64url');
  const visitor = { session: before, login: 5, form: '', subject: '', prefix: '192.0.2.7' };
  const old = tokens.issue(visitor, rule).token;
  const [, added = ''] = await entered([session(0)], true, false, `XSRF-TOKEN=${old}`);
  const token = /^XSRF-TOKEN=([^;]+)/.exec(added)?.[1] ?? '';
  assert.equal(tokens.check(token, { ...visitor, session: id, login: 0 }, rule), '');
  assert.notEqual(tokens.check(token, visitor, rule), '', 'and is worth nothing under the login that ended');
});

test('a token that is still good stays: of the session that goes on, and of the browser that had none', async () => {
  const rule = compileAntiForgery({});
  const form = randomBytes(16).toString('base64url');
  const anonymous = { session: id, login: 0, form: '', subject: '', prefix: '198.51.100.9' };
  for (const held of [
    `XSRF-TOKEN=${tokens.issue(anonymous, rule).token}`,
    `__Host-sallyport-form=${form}; XSRF-TOKEN=${tokens.issue({ ...anonymous, session: '', form }, rule).token}`,
  ]) {
    assert.equal((await entered([session(0)], true, false, held)).length, 1, held.slice(0, 20));
  }
});
