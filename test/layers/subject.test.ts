import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { UserConfig } from '../../src/guard/config.ts';
import { newContext } from '../../src/guard/context.ts';
import type { BurntProof, TicketFacts } from '../../src/guard/decision.ts';
import type { Login } from '../../src/guard/subject.ts';
import { createSubject } from '../../src/layers/subject.ts';
import { viewOf } from '../support/view.ts';

const policy = compilePolicy({ mode: 'enforce', routes: [{ match: 'GET /api/mine', user: true }] });

const ANNA: Login = {
  subject: { id: 'anna', source: 'accounts', roles: [], scopes: [], acr: '', amr: [], authTime: 0, claims: {} },
  expires: Infinity,
  relay: '',
};
const logins = {
  of: (session: string) => (session === 'annas' ? ANNA : null),
  hasMoved: () => false,
  hasChanged: () => false,
};

// What the layer reads of a ticket.
const ticket = { session: 'annas', loginEpoch: 7 } as unknown as TicketFacts;
const proof = {} as BurntProof;

async function judged(redirectTarget: string): Promise<string> {
  const request = viewOf({ target: '/api/mine' });
  const route = policy.match('GET', request.path, request.folded);
  const context = newContext(policy, route, 'call', request, 0);
  context.resent = { ticket, proof };
  context.claims.redirectTarget = redirectTarget;
  const verdict = await createSubject({ logins, readers: [] }).forRoute(route, policy)?.(request, context);
  assert.ok(verdict);
  assert.equal(context.subject?.id ?? '', verdict.kind === 'pass' ? 'anna' : '');
  return verdict.kind === 'pass' ? '' : verdict.code;
}

test('a ticket whose signature does not hold is nobody’s where nothing asks for its redirect grant', async () => {
  assert.equal(await judged(''), 'login-required', 'the proof is merely reported: anybody can copy a ticket');
});

test('a redirected proof speaks for its login: without the grant the commit refuses it', async () => {
  assert.equal(await judged('GET /api/mine'), '');
});

const NOW = 1_750_000_000_000;

/** Code for somebody who logged in so many seconds ago, so strongly. */
async function asked(user: UserConfig, ago: number, acr: string): Promise<string> {
  const policy = compilePolicy({ mode: 'enforce', routes: [{ match: 'GET /api/mine', user }] });
  const login: Login = { ...ANNA, subject: { ...ANNA.subject, acr, authTime: NOW / 1000 - ago } };
  const request = viewOf({ target: '/api/mine' });
  const route = policy.match('GET', request.path, request.folded);
  const context = newContext(policy, route, 'call', request, NOW);
  Object.assign(context, { cookieSession: 'annas', cookieLogin: true });
  const layer = createSubject({ logins: { ...logins, of: () => login }, readers: [] });
  const verdict = await layer.forRoute(route, policy)?.(request, context);
  assert.ok(verdict);
  return verdict.kind === 'pass' ? '' : verdict.code;
}

const STEPS: readonly (readonly [string, UserConfig, number, string, string])[] = [
  ['a login that is young enough', { maxAge: 300 }, 300, '', ''],
  ['one that is a second too old', { maxAge: 300 }, 301, '', 'step-up'],
  ['one of which nobody knows when it was', { maxAge: 300 }, NOW / 1000, '', 'step-up'],
  ['one of the strength that is asked for', { acr: ['gold', 'platinum'] }, 9e6, 'platinum', ''],
  ['a weaker one', { acr: ['gold'] }, 0, 'silver', 'step-up'],
  ['one of no strength that anybody said', { acr: ['gold'] }, 0, '', 'step-up'],
  ['a strong one that is too old', { acr: ['gold'], maxAge: 60 }, 61, 'gold', 'step-up'],
];

for (const [name, user, ago, acr, code] of STEPS) {
  test(`R62 ${name}: ${code === '' ? 'passes' : 'is to be stepped up'}`, async () => {
    assert.equal(await asked(user, ago, acr), code);
  });
}
