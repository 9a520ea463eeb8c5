import assert from 'node:assert/strict';
import { hkdfSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { sealedFetch } from '../../src/browser/chunks/sealed.ts';
import type { Context } from '../../src/browser/context.ts';
import type { Entry } from '../../src/browser/door.ts';
import type { OpenTicket } from '../../src/doors/open-ticket.ts';
import { createAnswerSeal } from '../../src/doors/sealed-answer.ts';
import { HEADER_SEALED, SEALED_TYPE } from '../../src/wire/sealed.ts';
import { vectors } from '../wire/vectors.ts';

/** The page's half of sealed calls, against the vectors; Node has what browsers give it. */

const { subtle } = crypto;
const { shown, call, sealed, answer, random, records } = vectors.sealed;
const GATE = 'https://app.example';
const [counter = 0] = shown.split('.').map(Number);
const hex = (text: string): Buffer<ArrayBuffer> => Buffer.from(text, 'hex');
const route = { method: '', path: '' };

async function entryOf(): Promise<Entry> {
  const { sharedSecret = '', salt = '' } = vectors.keySchedule[0] ?? {};
  const shared = Buffer.from(sharedSecret, 'base64url');
  const bytes = Buffer.from(salt, 'base64url');
  const agreed = await subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey']);
  const own = { ticket: shown.slice(shown.indexOf('.') + 1), authority: 'app.example' };
  const key = { proofKey: agreed, agreed, salt: new Uint8Array(bytes).buffer, syncKey: undefined };
  return { ...own, ...key, renews: 0, expires: 0, counter: 0 };
}

/** @param pieces the answer's body, as it comes from the network */
function contextOf(pieces: readonly Uint8Array[], sent: Request[]): Context {
  Reflect.set(globalThis, 'self', { origin: GATE, location: new URL(GATE) });
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    sent.push(new Request(input, init));
    const left = [...pieces];
    const body = new ReadableStream({
      pull(controller) {
        const piece = left.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
    });
    return new Response(body, { headers: { 'content-type': SEALED_TYPE } });
  };
  // Of a page's context a sealed call uses these alone.
  return { platform: { fetch, subtle }, gate: GATE, config: { mount: '/_sallyport' } } as unknown as Context;
}

const requestOf = () => {
  const [name = '', value = ''] = call.fields;
  const headers = { [name]: value, 'x-own': 'stays', authorization: 'Bearer a' };
  return new Request(GATE + call.target, { method: call.method, headers, body: call.body });
};

const whole = hex(random + records.join(''));

test('a call goes out as the vector says, with a counter of its own, and its answer is opened', async () => {
  const entry = await entryOf();
  const sent: Request[] = [];
  const context = contextOf([whole], sent);
  // The vector is the seventh call of its ticket. Calls under an entry that brings a solution count on.
  for (let at = 1; at < counter; at++)
    await sealedFetch(context, at % 2 ? entry : { ...entry }, requestOf(), route).catch(() => {});
  const response = await sealedFetch(context, { ...entry, counter: 0 }, requestOf(), route);
  const last = sent.at(-1);
  assert.equal(`${last?.method} ${last?.url}`, `POST ${GATE}/_sallyport/call`);
  assert.equal(last?.headers.get('sallyport-sealed'), shown);
  assert.equal(Buffer.from((await last?.arrayBuffer()) ?? '').toString('hex'), sealed);
  assert.deepEqual([last?.headers.get('x-own'), last?.headers.get('authorization')], ['stays', 'Bearer a']);
  assert.deepEqual(new Set(sent.map(({ headers }) => headers.get('sallyport-sealed'))).size, counter);
  assert.deepEqual(
    [response.status, response.url, response.type, response.headers.get('x-own')],
    [answer.status, GATE + call.target, 'basic', 'ü'],
  );
  assert.equal(await response.text(), answer.body.join(''));
});

async function read(pieces: readonly Uint8Array[]): Promise<string> {
  const entry = await entryOf();
  const context = contextOf(pieces, []);
  for (let at = 1; at < counter; at++) await sealedFetch(context, entry, requestOf(), route).catch(() => {});
  const response = await sealedFetch(context, entry, requestOf(), route);
  return response.text();
}

test('an answer is read however it is cut', async () => {
  assert.equal(await read([...whole].map((byte) => Uint8Array.of(byte))), answer.body.join(''));
  assert.equal(await read([whole.subarray(0, 30), new Uint8Array(0), whole.subarray(30)]), answer.body.join(''));
});

test('an answer that breaks off, was altered, or has its records in another order is none', async () => {
  const [head = '', ...rest] = records;
  const altered = Buffer.from(whole);
  altered[whole.length - 1] = (altered[whole.length - 1] ?? 0) ^ 1;
  const cases: Record<string, Buffer<ArrayBuffer>> = {
    'without its last record': hex(random + records.slice(0, -1).join('')),
    'within a record': whole.subarray(0, whole.length - 5),
    'one bit of it': altered,
    'its body in another order': hex(random + head + [...rest].reverse().join('')),
    'a body before its head': hex(random + rest.join('')),
    'another answer’s random bytes': hex('00'.repeat(16) + records.join('')),
    nothing: Buffer.alloc(0),
  };
  for (const [name, bytes] of Object.entries(cases)) await assert.rejects(read([bytes]), name);
});

test('a second copy of the part goes on where the first one is, and uses no counter twice', async () => {
  const again = `../../src/browser/chunks/sealed.ts?${'again'}`;
  const copy: { readonly sealedFetch: typeof sealedFetch } = await import(again);
  assert.notEqual(copy.sealedFetch, sealedFetch);
  const entry = await entryOf();
  const sent: Request[] = [];
  const context = contextOf([], sent);
  for (const seal of [sealedFetch, copy.sealedFetch, sealedFetch])
    await seal(context, entry, requestOf(), route).catch(() => {});
  assert.deepEqual(
    sent.map(({ headers }) => headers.get(HEADER_SEALED)?.split('.')[0]),
    ['1', '2', '3'],
  );
});

test('what is asked of the gate itself, and of others, goes out as it is', async () => {
  const entry = await entryOf();
  for (const url of [`${GATE}/_sallyport/user`, 'https://other.example/api/posts']) {
    const sent: Request[] = [];
    await sealedFetch(contextOf([], sent), entry, new Request(url), route);
    assert.deepEqual(
      sent.map((request) => request.url),
      [url],
    );
  }
});

/** An answer as a gate seals it, to the call that `contextOf` gets. */
function sealedAnswer(toShown: string, status: number, fields: readonly string[]): Buffer<ArrayBuffer> {
  const { sharedSecret = '', salt = '' } = vectors.keySchedule[0] ?? {};
  const [secret, begun] = [Buffer.from(sharedSecret, 'base64url'), Buffer.from(salt, 'base64url')];
  const deriveKey = (info: Uint8Array): Buffer => Buffer.from(hkdfSync('sha256', secret, begun, info, 32));
  // Of a ticket it uses the keys alone.
  const seal = createAnswerSeal({ deriveKey } as unknown as OpenTicket, toShown, randomBytes);
  return Buffer.concat([seal.begin, seal.head(status, fields), seal.end()]);
}

async function led(location: string): Promise<{ readonly asked: string[]; readonly response: Response }> {
  const entry = await entryOf();
  const asked: string[] = [];
  const sent: Request[] = [];
  const own = sealedAnswer(`1.${entry.ticket}`, 302, ['location', location]);
  const context: Context = {
    ...contextOf([own], sent),
    coverage: (_method, { origin }) => (origin === GATE ? route : null),
    async call({ url }) {
      asked.push(url.href);
      return new Response('led on');
    },
  };
  const response = await sealedFetch(context, entry, new Request(`${GATE}/api/posts`), route).finally(() => {
    asked.push(...sent.slice(1).map(({ url }) => url));
  });
  return { asked, response };
}

test('what the app wants compared with a hash is not passed to it unseen', async () => {
  const sent: Request[] = [];
  const integrity = `sha256-${Buffer.alloc(32).toString('base64')}`;
  const asked = sealedFetch(contextOf([whole], sent), await entryOf(), new Request(requestOf(), { integrity }), route);
  await assert.rejects(asked, /integrity/);
  assert.deepEqual(sent, []);
});

test('a redirect leads where browsers follow one, and nowhere else', async () => {
  const { asked, response } = await led('/api/others?a=1');
  assert.deepEqual([asked, response.redirected], [[`${GATE}/api/others?a=1`], true]);
  // Fetch §4.4: what is no HTTP address is a network error. Who may choose where an answer leads must not write it.
  for (const location of ['data:application/json,{}', 'blob:null/1', 'about:blank', 'file:///etc/passwd', 'http://[x'])
    await assert.rejects(led(location), TypeError, location);
});
