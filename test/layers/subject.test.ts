import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
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
const logins = { of: (session: string) => (session === 'annas' ? ANNA : null), hasChanged: () => false };

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
