import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Door, Entry } from '../../src/browser/door.ts';
import { type Digest, draft } from '../../src/browser/proof.ts';
import { TAG } from '../../src/wire/constants.ts';
import { parseSignatureInput } from '../../src/wire/read-proof.ts';
import { requiredComponents, signatureBase } from '../../src/wire/signature.ts';

const door: Door = {
  current: () => undefined,
  ready: async () => undefined,
  again: async () => undefined,
  seconds: () => 1_700_000_000,
  renew: async () => undefined,
  mark: 'sallyport',
  learn: () => {},
};
const key = Buffer.alloc(32, 7);
const word = fc.stringMatching(/^[!-~]{1,12}$/);

test('what the script signs is what the server checks, for every shape of call', async () => {
  const proofKey = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const digest = fc.constantFrom<(Digest | undefined)[]>(
    undefined,
    { name: 'content-digest', value: 'sha-256=:x=:' },
    { name: 'sallyport-digest', value: 'sha-256=:y=:' },
  );
  const optional = fc.option(word, { nil: '' });
  const path = fc
    .constantFrom('/', '/a/b', '/a%20b', '/ü')
    .map((text) => new URL(`https://app.example${text}`).pathname);
  const query = fc.constantFrom('', '?', '?a=1&b=%20');
  fc.assert(
    fc.property(
      fc.constantFrom('GET', 'patch'),
      path,
      query,
      optional,
      optional,
      word,
      digest,
      fc.boolean(),
      (method, pathname, search, contentType, authorization, own, body, listed) => {
        const entry: Entry = {
          ticket: 'a.b',
          authority: 'app.example',
          proofKey,
          agreed: proofKey,
          salt: new ArrayBuffer(0),
          syncKey: undefined,
          renews: 0,
          expires: 0,
          counter: 41,
        };
        const signed = listed ? ['x-own'] : [];
        const fields: Readonly<Record<string, string>> = { 'content-type': contentType, authorization, 'x-own': own };
        const header = (name: string) => fields[name] || null;
        const url = new URL(`https://app.example${pathname}${search}`);
        const { base, finish } = draft(door, entry, { method, url, header, digest: body, signed }, TAG);
        const sent = finish(Uint8Array.from(createHmac('sha256', key).update(base).digest()));
        const proof = parseSignatureInput(sent['signature-input'] ?? '', sent['signature'] ?? '');
        assert.ok(proof !== null && proof !== 'malformed');
        const components = requiredComponents({
          contentType: contentType !== '',
          digest: body?.name ?? '',
          authorization: authorization !== '',
          signed,
        });
        assert.deepEqual(proof.components, components);
        assert.equal(proof.nonce, 42);
        const message = {
          method,
          authority: 'app.example',
          path: pathname,
          query: search === '?' ? '' : search,
          contentType,
          contentDigest: sent['content-digest'] ?? '',
          sallyportDigest: sent['sallyport-digest'] ?? '',
          authorization,
          field: header,
        };
        const expected = signatureBase(message, components, proof.params);
        assert.equal(Buffer.from(base).toString(), expected);
      },
    ),
  );
});
