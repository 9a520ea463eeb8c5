import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../../src/guard/decision.ts';
import { redirectGrant } from '../../src/guard/settle.ts';
import { viewOf } from '../support/view.ts';

const proof = {
  ticket: { id: 'AAAAAAAAAAAAAAAAAAAAAA' },
  nonce: 3,
  signature: 'sig',
  digest: 'sha-256=:x:',
  components: [
    '@method',
    '@authority',
    '@path',
    '@query',
    'content-type',
    'content-digest',
    'authorization',
    'x-tenant',
  ],
  repeatable: false,
};
// Only what a grant reads of a decision.
const decision = { proof, secure: false, authority: 'localhost:4000' } as unknown as Decision;

const FIELDS = { 'content-type': 'text/plain', authorization: 'Bearer a', 'x-tenant': 'acme' };

const grantFor = (method: string, status: number, location: string, body?: string) =>
  redirectGrant(
    viewOf({ method, target: '/api/a/b?x=1', headers: FIELDS, ...(body === undefined ? {} : { body }) }),
    decision,
    { status, location },
    1000,
  );

/** What goes along besides method, target and digest, and what is left of it where a redirect makes a GET. */
const SAME = '\ntext/plain\nBearer a\nx-tenant: acme';
const GET = '\n\nBearer a\nx-tenant: acme';

const ROWS: [string, string, number, string, string | undefined, string | null][] = [
  ['a relative Location is resolved as the browser does', 'GET', 302, 'c', undefined, `GET /api/a/c\n${SAME}`],
  ['an absolute path keeps its query', 'GET', 307, '/api/z?y=2', undefined, `GET /api/z?y=2\n${SAME}`],
  ['our own authority may be spelled out', 'GET', 301, 'http://localhost:4000/api/z', undefined, `GET /api/z\n${SAME}`],
  ['a POST that is found elsewhere becomes a GET without body', 'POST', 302, '/api/z', 'x', `GET /api/z\n${GET}`],
  ['a POST under 307 keeps method, body and digest', 'POST', 307, '/api/z', 'x', `POST /api/z\nsha-256=:x:${SAME}`],
  ['303 is a GET', 'DELETE', 303, '/api/z', undefined, `GET /api/z\n${GET}`],
  ['302 keeps DELETE', 'DELETE', 302, '/api/z', undefined, `DELETE /api/z\n${SAME}`],
  ['another authority gets no grant', 'GET', 302, 'http://evil.example/api/z', undefined, null],
  ['another port gets no grant', 'GET', 302, 'http://localhost:4001/api/z', undefined, null],
  ['a scheme-relative Location leads elsewhere', 'GET', 302, '//evil.example/x', undefined, null],
  ['what is no redirect gets no grant', 'GET', 201, '/api/z', undefined, null],
  ['a Location that is no URL gets no grant', 'GET', 302, 'http://[', undefined, null],
];

for (const [name, method, status, location, body, expected] of ROWS) {
  test(name, () => {
    const grant = grantFor(method, status, location, body);
    assert.equal(grant?.redirectTarget ?? null, expected);
  });
}

test('a grant names the proof it is for and ends after 30 s', () => {
  const grant = grantFor('GET', 302, '/api/z');
  assert.deepEqual(
    [grant?.ticketId, grant?.nonce, grant?.signature, grant?.until],
    [proof.ticket.id, 3, 'sig', 31_000],
  );
});
