import { createCipheriv, createECDH, createHash, createHmac, hkdfSync } from 'node:crypto';

/**
 * Makes sallyport-1.json, from fixed inputs and with nothing but node:crypto: it shares no code with what the vectors
 * test. Run `node test/wire/make-vectors.ts > test/vectors/sallyport-1.json` after a change of the protocol.
 */

const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();
const url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

function pair(seed: string) {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(sha256(seed));
  const point = ecdh.getPublicKey();
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: url(ecdh.getPrivateKey()),
    x: url(point.subarray(1, 33)),
    y: url(point.subarray(33)),
  };
  return { ecdh, point, jwk };
}

function prefixed(parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      return [Buffer.of(bytes.length >> 8, bytes.length & 255), bytes];
    }),
  );
}

interface Inputs {
  readonly name: string;
  readonly origin: string;
  readonly authority: string;
  readonly client: string;
  readonly expires: number;
}

function keySchedule(inputs: Inputs) {
  const { name, origin, authority, client, expires } = inputs;
  const page = pair(`${name}: page`);
  const server = pair(`${name}: server`);
  const ticketId = sha256(`${name}: ticket id`).subarray(0, 16);
  const random = sha256(`${name}: random`);
  const transcript = prefixed([
    'sallyport/1',
    page.point,
    server.point,
    origin,
    authority,
    client,
    ticketId,
    `${expires}`,
    random,
  ]);
  const shared = page.ecdh.computeSecret(server.point);
  const salt = sha256(transcript);
  const purposes = ['proof', 'sync', 'seal-up', 'seal-down'] as const;
  const keys = purposes.map((purpose) => [
    purpose,
    url(Buffer.from(hkdfSync('sha256', shared, salt, `sallyport/1 ${purpose}`, 32))),
  ]);
  return {
    ...inputs,
    pageKey: page.jwk,
    serverKey: server.jwk,
    pagePublic: url(page.point),
    serverPublic: url(server.point),
    ticketId: url(ticketId),
    random: url(random),
    transcript: transcript.toString('hex'),
    sharedSecret: url(shared),
    salt: url(salt),
    entrySecret: url(createHmac('sha256', salt).update(shared).digest()),
    keys: Object.fromEntries(keys),
  };
}

const schedules = [
  keySchedule({
    name: 'same origin',
    origin: 'https://app.example',
    authority: 'app.example',
    client: 'default',
    expires: 1_800_000_600,
  }),
  keySchedule({
    name: 'a frontend elsewhere, a port and a client by name',
    origin: 'https://shop.example',
    authority: 'api.example:8443',
    client: 'shop',
    expires: 1_800_001_234,
  }),
];
const KEYS: Readonly<Record<string, string>> = schedules[0]?.keys ?? {};
const NOW = 1_800_000_000;
const TICKET = 'eyJhbGciOiJkaXIifQ..AAECAwQFBgcICQoL.c2VhbGVk.EBESExQVFhcYGRobHB0eHw';

const BODY = '{"title":"Grüße"}';
const digestOf = (body: string | Uint8Array): string => `sha-256=:${sha256(body).toString('base64')}:`;
const SLICE = 1024 * 1024;

/** Digest of the slices' digests of `length` bytes that count 0, 1, … 250 over and over. */
function sliced(length: number) {
  const body = Buffer.from(Uint8Array.from({ length }, (_, index) => index % 251));
  const digests: Buffer[] = [];
  for (let at = 0; at < length; at += SLICE) digests.push(sha256(body.subarray(at, at + SLICE)));
  return { length, sallyportDigest: digestOf(Buffer.concat(digests)) };
}

interface Message {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly fields: Readonly<Record<string, string>>;
}

interface ProofInputs {
  readonly name: string;
  readonly message: Message;
  readonly signed?: readonly string[];
  readonly purpose?: 'proof' | 'sync';
  readonly created?: number;
  readonly nonce?: number;
  readonly tag?: string;
}

function proof(inputs: ProofInputs) {
  const { name, message, signed = [], purpose = 'proof', created = NOW, nonce = 1, tag = 'sallyport-1' } = inputs;
  const standard = ['content-type', 'content-digest', 'sallyport-digest', 'authorization'];
  const covered = [...standard.filter((field) => message.fields[field] !== undefined), ...signed];
  const components = ['@method', '@authority', '@path', '@query', ...covered];
  const list = components.map((component) => `"${component}"`).join(' ');
  const params = `(${list});created=${created};nonce="${nonce}";keyid="${TICKET}";tag="${tag}"`;
  const base = [
    `"@method": ${message.method}`,
    `"@authority": ${message.authority}`,
    `"@path": ${message.path}`,
    `"@query": ${message.query === '' ? '?' : message.query}`,
    ...covered.map((field) => `"${field}": ${message.fields[field]}`),
    `"@signature-params": ${params}`,
  ].join('\n');
  const signature = createHmac('sha256', Buffer.from(KEYS[purpose] ?? '', 'base64url'))
    .update(base)
    .digest();
  return {
    name,
    message,
    signed,
    purpose,
    parameters: { components, created, nonce, keyid: TICKET, tag },
    base,
    signatureInput: `sallyport=${params}`,
    signature: `sallyport=:${signature.toString('base64')}:`,
    compact: covered.length === 0 ? `${tag}.${created}.${nonce}.${url(signature)}.${TICKET}` : '',
  };
}

const get: Message = { method: 'GET', authority: 'app.example', path: '/api/posts', query: '', fields: {} };
const post: Message = {
  ...get,
  method: 'POST',
  fields: { 'content-type': 'application/json', 'content-digest': digestOf(BODY) },
};

type Proof = ReturnType<typeof proof>;

const proofs = [
  proof({ name: 'a plain read', message: get }),
  proof({ name: 'an empty query signs like none', message: { ...get, query: '?' }, nonce: 2 }),
  proof({
    name: 'path and query stay as they were sent',
    message: { ...get, path: '/api/%7Euser/a%20b//', query: '?q=%c3%BC&&x' },
  }),
  proof({ name: 'a body', message: post, nonce: 3 }),
  proof({
    name: 'a large body in slices',
    message: { ...post, fields: { 'sallyport-digest': sliced(SLICE + 1).sallyportDigest } },
  }),
  proof({ name: 'the app’s own token', message: { ...get, fields: { authorization: 'Bearer abc.def' } } }),
  proof({
    name: 'fields that policy lists',
    message: { ...post, fields: { ...post.fields, 'x-tenant': 'acme 7', 'if-match': '"v1"' } },
    signed: ['x-tenant', 'if-match'],
  }),
  proof({ name: 'the last counter there is', message: get, nonce: Number.MAX_SAFE_INTEGER }),
  proof({ name: 'a beacon', message: { ...get, method: 'POST' }, purpose: 'sync', tag: 'sallyport-1-beacon' }),
  proof({ name: 'a synchronous call', message: get, purpose: 'sync', tag: 'sallyport-1-sync' }),
  proof({
    name: 'an address',
    message: { ...get, path: '/api/file', query: '?id=7' },
    purpose: 'sync',
    tag: 'sallyport-1-url',
  }),
];

const [read, , , write, , token] = proofs;
if (read === undefined || write === undefined || token === undefined) throw new Error('proofs are missing');

/** What a server at time NOW says to a request; '' where the proof holds. */
function judged(name: string, code: string, from: Proof, change: Record<string, unknown>, body: string | null = null) {
  const { message, signed, signatureInput, signature } = from;
  return { name, code, message: { ...message, ...change }, signed, signatureInput, signature, body };
}

const withField = (field: string, value: string, from: Proof = read) => ({
  fields: { ...from.message.fields, [field]: value },
});
const at = (created: number) => proof({ name: '', message: get, created });

const requests = [
  judged('as signed', '', read, {}),
  judged('a body as signed', '', write, {}, BODY),
  judged('an empty query where none was signed', '', read, { query: '?' }),
  judged('created as early as may be', '', at(NOW - 65), {}),
  judged('created as late as may be', '', at(NOW + 65), {}),
  judged('created too early', 'clock', at(NOW - 66), {}),
  judged('created too late', 'clock', at(NOW + 66), {}),
  judged('another method', 'signature', read, { method: 'DELETE' }),
  judged('a method in another case', 'signature', read, { method: 'get' }),
  judged('another authority', 'signature', read, { authority: 'app.example:8443' }),
  judged('another path', 'signature', read, { path: '/api/posts/1' }),
  judged('the path spelt differently', 'signature', read, { path: '/api/%70osts' }),
  judged('a query added', 'signature', read, { query: '?admin=1' }),
  judged('a content type added', 'signature', read, withField('content-type', 'text/plain')),
  judged('another content type', 'signature', write, withField('content-type', 'text/plain', write), BODY),
  judged('a token added', 'signature', read, withField('authorization', 'Bearer x')),
  judged('another token', 'signature', token, withField('authorization', 'Bearer x')),
  judged('another body', 'digest', write, {}, BODY.replace('G', 'g')),
  judged('another body and its digest', 'signature', write, withField('content-digest', digestOf('x'), write), 'x'),
  judged('a body without a digest', 'digest', read, {}, BODY),
  judged(
    'a proof of the synchronous key without its tag',
    'signature',
    proof({ name: '', message: get, purpose: 'sync' }),
    {},
  ),
];

/** Pairs of fields, and what they are: `malformed` is answered with code `target`, `none` with `entry-required`. */
const S = read.signature;
const I = read.signatureInput;
const swap = (from: string | RegExp, to: string) => I.replace(from, to);
const fields = [
  { name: 'as written', signatureInput: I, signature: S, result: 'proof' },
  {
    name: 'beside another label',
    signatureInput: `other=("date");created=1, ${I}`,
    signature: `other=:AA==:,${S}`,
    result: 'proof',
  },
  { name: 'behind ours another label', signatureInput: `${I}, b=()`, signature: `${S} ,\tb=?1`, result: 'proof' },
  {
    name: 'our label inside another’s text',
    signatureInput: `a=("x");k="\\", sallyport=()", ${I}`,
    signature: S,
    result: 'proof',
  },
  { name: 'no fields', signatureInput: '', signature: '', result: 'none' },
  { name: 'only other labels', signatureInput: 'a=("date")', signature: 'a=:AA==:', result: 'none' },
  {
    name: 'a label that only begins like ours',
    signatureInput: 'sallyportx=()',
    signature: 'sallyport-1=:AA==:',
    result: 'none',
  },
  { name: 'a signature without its input', signatureInput: '', signature: S, result: 'malformed' },
  { name: 'an input without its signature', signatureInput: I, signature: '', result: 'malformed' },
  { name: 'our label in one field only', signatureInput: 'a=()', signature: S, result: 'malformed' },
  { name: 'our label twice in the input', signatureInput: `${I}, ${I}`, signature: S, result: 'malformed' },
  { name: 'our label twice in the signature', signatureInput: I, signature: `${S}, ${S}`, result: 'malformed' },
  { name: 'a bare second member of our label', signatureInput: I, signature: `${S}, sallyport`, result: 'malformed' },
  { name: 'a parameter on the signature', signatureInput: I, signature: `${S};a`, result: 'malformed' },
  { name: 'another algorithm named', signatureInput: `${I};alg="hmac-sha256"`, signature: S, result: 'malformed' },
  { name: 'an expiry', signatureInput: swap(';nonce', ';expires=1;nonce'), signature: S, result: 'malformed' },
  {
    name: 'parameters in another order',
    signatureInput: swap(/;created=(\d+);nonce="1"/, ';nonce="1";created=$1'),
    signature: S,
    result: 'malformed',
  },
  {
    name: 'a parameter twice',
    signatureInput: swap(';nonce="1"', ';nonce="1";nonce="2"'),
    signature: S,
    result: 'malformed',
  },
  { name: 'no nonce', signatureInput: swap(';nonce="1"', ''), signature: S, result: 'malformed' },
  { name: 'no tag', signatureInput: swap(/;tag=.*/, ''), signature: S, result: 'malformed' },
  { name: 'another tag', signatureInput: swap('"sallyport-1"', '"sallyport-2"'), signature: S, result: 'malformed' },
  { name: 'a counter of zero', signatureInput: swap('nonce="1"', 'nonce="0"'), signature: S, result: 'malformed' },
  {
    name: 'a counter with a leading zero',
    signatureInput: swap('nonce="1"', 'nonce="01"'),
    signature: S,
    result: 'malformed',
  },
  {
    name: 'a counter that is no string',
    signatureInput: swap('nonce="1"', 'nonce=1'),
    signature: S,
    result: 'malformed',
  },
  {
    name: 'a counter above 2^53−1',
    signatureInput: swap('nonce="1"', 'nonce="9007199254740992"'),
    signature: S,
    result: 'malformed',
  },
  { name: 'a negative time', signatureInput: swap('created=', 'created=-'), signature: S, result: 'malformed' },
  { name: 'a time with a fraction', signatureInput: swap(';nonce', '.0;nonce'), signature: S, result: 'malformed' },
  {
    name: 'fewer components than every proof has',
    signatureInput: swap(' "@query"', ''),
    signature: S,
    result: 'malformed',
  },
  { name: 'white space in the list', signatureInput: swap('("', '( "'), signature: S, result: 'malformed' },
  { name: 'two spaces between components', signatureInput: swap('" "', '"  "'), signature: S, result: 'malformed' },
  {
    name: 'a parameter on a component',
    signatureInput: swap('"@path"', '"@path";req'),
    signature: S,
    result: 'malformed',
  },
  { name: 'a short signature', signatureInput: I, signature: 'sallyport=:AAAA:', result: 'malformed' },
  { name: 'no padding', signatureInput: I, signature: `sallyport=:${'A'.repeat(43)}:`, result: 'malformed' },
  {
    name: 'stray bits in the last digit',
    signatureInput: I,
    signature: `sallyport=:${'A'.repeat(42)}B=:`,
    result: 'malformed',
  },
  { name: 'base64url', signatureInput: I, signature: `sallyport=:${'_'.repeat(42)}A=:`, result: 'malformed' },
  { name: 'a field that is no dictionary but names us', signatureInput: `${I}, "`, signature: S, result: 'malformed' },
  { name: 'a trailing comma', signatureInput: `${I},`, signature: S, result: 'malformed' },
];

const digests = [
  { name: 'JSON', body: BODY, contentDigest: digestOf(BODY) },
  { name: 'one byte', body: '0', contentDigest: digestOf('0') },
];
const good = digestOf(BODY);
const digestFields = [
  { name: 'alone', field: good, taken: true },
  {
    name: 'beside sha-512',
    field: `sha-512=:${createHash('sha512').update(BODY).digest('base64')}:, ${good}`,
    taken: true,
  },
  { name: 'nothing', field: '', taken: false },
  { name: 'twice', field: `${good}, ${good}`, taken: false },
  { name: 'md5 alone', field: 'md5=:1B2M2Y8AsgTpgAmY7PhCfg==:', taken: false },
  { name: 'md5 beside', field: `md5=:1B2M2Y8AsgTpgAmY7PhCfg==:, ${good}`, taken: false },
  { name: 'sha (SHA-1)', field: 'sha=:2jmj7l5rSw0yVb/vlWAYkK/YBwk=:', taken: false },
  { name: 'sha-512 alone', field: `sha-512=:${createHash('sha512').update(BODY).digest('base64')}:`, taken: false },
  { name: 'hex', field: `sha-256=${sha256(BODY).toString('hex')}`, taken: false },
  { name: 'a parameter', field: `${good};a=1`, taken: false },
  { name: 'too short', field: 'sha-256=:AAAA:', taken: false },
  { name: 'stray bits', field: `sha-256=:${'A'.repeat(42)}B=:`, taken: false },
];

const bigEndian = (value: number, length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, length - 6, 6);
  return bytes;
};

function sealed(key: Uint8Array, nonce: number, data: string | Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, bigEndian(nonce, 12)).setAAD(Buffer.from(data));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** A call and its answer (docs/protocol.md §12), under the keys of the first schedule. */
function sealedCall(counter: number) {
  const call = {
    method: 'POST',
    target: '/api/posts?draft=1',
    fields: ['content-type', 'application/json'],
    body: BODY,
  };
  const json = JSON.stringify([call.method, call.target, ...call.fields]);
  const head = json.padEnd(Math.ceil(json.length / 256) * 256);
  const plain = Buffer.concat([Buffer.of(0, 0, head.length >> 8, head.length & 255), Buffer.from(head + BODY)]);
  const shown = `${counter}.${TICKET}`;
  const random = sha256('an answer').subarray(0, 16);
  const [shared, salt] = [schedules[0]?.sharedSecret ?? '', schedules[0]?.salt ?? ''].map((text) =>
    Buffer.from(text, 'base64url'),
  );
  const info = Buffer.concat([Buffer.from('sallyport/1 seal-down'), random]);
  const key = Buffer.from(hkdfSync('sha256', shared ?? '', salt ?? '', info, 32));
  const answer = { status: 201, fields: ['content-type', 'application/json', 'x-own', 'ü'], body: ['{"id":', '1}'] };
  const pieces: (readonly [kind: number, text: string])[] = [
    [0, JSON.stringify([`${answer.status}`, ...answer.fields])],
    ...answer.body.map((text) => [1, text] as const),
    [2, ''],
  ];
  const records = pieces.map(([kind, text], index) => {
    const bytes = Buffer.from(text);
    const front = Buffer.of(kind, 0, bytes.length >> 8, bytes.length & 255);
    const data = Buffer.concat([Buffer.from(`sallyport/1 answer ${shown} `), front]);
    return Buffer.concat([front, sealed(key, index, data, bytes)]);
  });
  return {
    shown,
    call,
    plain: plain.toString('hex'),
    sealed: sealed(
      Buffer.from(KEYS['seal-up'] ?? '', 'base64url'),
      counter,
      `sallyport/1 call ${shown}`,
      plain,
    ).toString('hex'),
    answer,
    random: random.toString('hex'),
    answerKey: url(key),
    records: records.map((record) => record.toString('hex')),
  };
}

const vectors = {
  profile: 'sallyport-1',
  now: NOW,
  keySchedule: schedules,
  proofs,
  requests,
  fields,
  digests,
  slices: [sliced(4 * SLICE + 1), sliced(5 * SLICE)],
  digestFields,
  sealed: sealedCall(7),
};

/** The file's text. */
export const text = `${JSON.stringify(vectors, null, 1)}\n`;
if (import.meta.main) process.stdout.write(text);
