import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { parseDictionary } from 'structured-headers';
import { compilePolicy } from '../../src/guard/compile.ts';
import { newContext } from '../../src/guard/context.ts';
import type { KeyDirectory, KnownKey } from '../../src/guard/keys.ts';
import { publicHalf, toChecks } from '../../src/keys/material.ts';
import { createSigner } from '../../src/keys/signer.ts';
import { createKey } from '../../src/layers/key.ts';
import { viewOf } from '../support/view.ts';

const NOW = 1_800_000_000_000;
const ID = '0123456789A';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const sealer = { seal: () => Buffer.alloc(0), open: () => null };

const known: KnownKey = {
  facts: { id: ID, account: 'partner', scopes: ['posts:write'] },
  kind: 'ed25519',
  notBefore: 0,
  expires: 0,
  ended: '',
  networks: [],
  quota: null,
  thumbprint: null,
  ...toChecks(ID, { kind: 'ed25519', publicKey: publicHalf(publicKey) }, sealer),
};
const keys: KeyDirectory = { find: (id) => (id === ID ? known : null), isCurrent: () => true, used() {}, alarm() {} };
const policy = compilePolicy({ mode: 'enforce', routes: [{ match: 'POST /api/posts', keys: ['posts:write'] }] });
const rule = policy.match('POST', '/api/posts', '/api/posts');
const layer = createKey({ keys, since: 0, monotonic: () => 0 });

const BODY = '{"title":"hello"}';
const signer = createSigner({ id: ID, privateKey });

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

function signed(): Sent {
  assert.ok(signer.kind === 'signature');
  const request = { method: 'POST', authority: 'localhost:4000', path: '/api/posts', query: '?a=b' };
  const rest = { contentType: 'application/json', authorization: '', body: Buffer.from(BODY), signed: [] };
  const fields = Object.fromEntries(signer.fields({ ...request, ...rest }, NOW));
  return { method: 'POST', target: '/api/posts?a=b', headers: { ...fields, 'content-type': 'application/json' } };
}

let networks = 0;

/** Whether a request is taken for the key's: by whom, with which body, and what it claims. */
function judge({ method, target, headers }: Sent) {
  const request = viewOf({ method, target, headers, body: BODY });
  const context = newContext(policy, rule, 'call', request, NOW);
  // Of another network each, so that none has to wait for having failed too often.
  networks += 1;
  context.prefix = `network ${networks}`;
  const verdict = layer.forRoute(rule, policy)?.(request, context);
  assert.ok(verdict !== undefined && !(verdict instanceof Promise));
  return { verdict, context };
}

test('R36 what was signed is taken, with its digest and its nonce as a claim', () => {
  const { context } = judge(signed());
  assert.equal(context.key?.id, ID);
  assert.equal(context.claims.key, ID);
  assert.ok(context.claims.keyNonce.length >= 16);
  assert.deepEqual(Buffer.from(context.digest?.sha256 ?? []), createHash('sha256').update(BODY).digest());
});

/** What a field of signatures says under our label, by a reader that is not ours; undefined where it says nothing. */
function ours(field: string): unknown {
  try {
    return parseDictionary(field).get('sallyport');
  } catch {
    return undefined;
  }
}

test('R36 a member of somebody else’s beside ours changes nothing, and a second of ours shows no key', () => {
  const { headers, ...rest } = signed();
  const { 'signature-input': input = '', signature = '' } = headers;
  const shown = (changed: Readonly<Record<string, string>>) =>
    judge({ ...rest, headers: { ...headers, ...changed } }).context.key;
  assert.equal(shown({ 'signature-input': `a,${input}`, signature: `${signature}, b=:AAAA:` })?.id, ID);
  assert.equal(shown({ 'signature-input': `${input}, ${input}` }), null);
  assert.equal(shown({ signature: `${signature}, sallyport=?0` }), null);
});

test('R41 bytes of a signature have one spelling: no bit may hide in what the padding leaves over', () => {
  const { headers, ...rest } = signed();
  const { signature = '' } = headers;
  const last = signature.at(-4) ?? '';
  for (const digit of 'ABPQRfgvwx') {
    const changed = `${signature.slice(0, -4)}${digit}==:`;
    const { context } = judge({ ...rest, headers: { ...headers, signature: changed } });
    assert.equal(context.key?.id, digit === last ? ID : undefined, changed);
  }
});

test('R36 R39 R41 whatever one character is changed, taken out or put in under a signature, no key is shown', () => {
  const where = fc.constantFrom('signature-input', 'signature', 'content-digest', 'content-type', 'target', 'method');
  fc.assert(
    fc.property(where, fc.nat(400), fc.string({ minLength: 0, maxLength: 2 }), fc.nat(1), (field, at, text, taken) => {
      const sent = signed();
      const before = field === 'target' ? sent.target : field === 'method' ? sent.method : (sent.headers[field] ?? '');
      const place = at % (before.length + 1);
      const after = before.slice(0, place) + text + before.slice(place + taken);
      if (after === before) return;
      const changed =
        field === 'target'
          ? { ...sent, target: after }
          : field === 'method'
            ? { ...sent, method: after }
            : { ...sent, headers: { ...sent.headers, [field]: after } };
      const { context } = judge(changed);
      // Somebody else's member beside ours is no matter of ours, however short it is (RFC 9421 §4.1).
      const beside = field.startsWith('signature') && after.includes(before);
      if (beside && isDeepStrictEqual(ours(after), ours(before))) return;
      // What carries no signature of a key any more is a page's business, and shows no key either.
      assert.equal(context.key, null, `${field}: ${after}`);
      assert.equal(context.claims.key, '');
    }),
    { numRuns: 2000 },
  );
});

test('R70 any pair of fields is judged without a throw and shows no key', () => {
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^sallyport=\("@method"[ -~]{0,80}\);[ -~]{0,80}tag="sallyport-1-key"$/),
  );
  fc.assert(
    fc.property(text, fc.string(), (input, signature) => {
      const { context } = judge({ ...signed(), headers: { 'signature-input': input, signature } });
      assert.equal(context.key, null);
    }),
  );
});
