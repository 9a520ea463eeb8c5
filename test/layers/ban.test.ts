import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import { newContext } from '../../src/guard/context.ts';
import { PASS } from '../../src/guard/decision.ts';
import type { Bans } from '../../src/guard/keys.ts';
import type { Context } from '../../src/guard/layer.ts';
import { createBan } from '../../src/layers/ban.ts';
import { judge } from '../support/layer.ts';
import { viewOf } from '../support/view.ts';

const bansOf = (...held: string[]): Bans => ({
  has: (kind, value) => held.includes(`${kind} ${value}`),
  isEmpty: (kind) => !held.some((ban) => ban.startsWith(`${kind} `)),
});

const subject = { id: 'ada', source: 'accounts', roles: [], scopes: [], acr: '', amr: [], authTime: 0, claims: {} };

function codeOf(bans: Bans, known: Partial<Context>): string {
  const policy = compilePolicy({ to: 'http://localhost:3000' });
  const request = viewOf({});
  const route = policy.match('GET', request.path, request.folded);
  const context = { ...newContext(policy, route, 'call', request, 0), ...known };
  const verdict = createBan(bans).forRoute(route, policy)?.(request, context);
  assert.ok(verdict !== undefined && !(verdict instanceof Promise));
  return verdict === PASS || verdict.kind === 'pass' ? '' : verdict.code;
}

const ROWS: readonly {
  readonly name: string;
  readonly ban: string;
  readonly known: Partial<Context>;
  readonly code: string;
}[] = [
  { name: 'a banned address is kept out', ban: 'prefix 192.0.2.1', known: { prefix: '192.0.2.1' }, code: 'banned' },
  { name: 'its neighbour is not', ban: 'prefix 192.0.2.1', known: { prefix: '192.0.2.2' }, code: '' },
  {
    name: 'a banned session is kept out by its cookie',
    ban: 'session lmnopqrstuv',
    known: { cookieSession: 'abcdefghijklmnopqrstuv' },
    code: 'banned',
  },
  {
    name: 'another session is not, though it begins alike',
    ban: 'session abcdefghijk',
    known: { cookieSession: 'abcdefghijklmnopqrstuv' },
    code: '',
  },
  {
    name: 'who has no session is not taken for a banned one',
    ban: 'session lmnopqrstuv',
    known: { cookieSession: '' },
    code: '',
  },
  { name: 'a banned user is kept out', ban: 'subject accounts:ada', known: { subject }, code: 'banned' },
  {
    name: 'a user of the same name at another source is not',
    ban: 'subject provider:ada',
    known: { subject },
    code: '',
  },
  {
    name: 'who is nobody is not taken for a banned user',
    ban: 'subject accounts:ada',
    known: { subject: null },
    code: '',
  },
];
for (const { name, ban, known, code } of ROWS) {
  test(name, () => assert.equal(codeOf(bansOf(ban), known), code));
}

test('R19 an open page of a banned address is kept out as well; where nobody can be banned no route pays for it', () => {
  const open = { to: 'http://localhost:3000' };
  assert.equal(judge(createBan(bansOf('prefix 192.0.2.1')), open, { target: '/', peer: '203.0.113.9' }).code, '');
  assert.equal(judge(createBan(null), open, { target: '/' }).code, '-');
});
