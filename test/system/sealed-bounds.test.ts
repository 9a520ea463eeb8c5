import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { RawAnswer, RawRequest } from '../../src/lab/http.ts';
import { behindMiddleware, says, type SealedApp, type Visitor } from './sealed-support.ts';

/** A request of which only the head has been sent. */
function begin(url: string, { method, target, fields }: RawRequest): ClientRequest {
  const sent = httpRequest(url + target, { method, headers: [...fields, 'Expect', '100-continue'] });
  sent.flushHeaders();
  return sent;
}

async function answerTo(sent: ClientRequest): Promise<RawAnswer> {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]; // what node's own client tells
  const body = Buffer.concat(await answer.toArray());
  return { status: answer.statusCode ?? 0, fields: answer.rawHeaders, body, failed: '' };
}

describe('what a sealed call may take, and what it is given', () => {
  let app: SealedApp;
  let visitor: Visitor;
  let skew = 0;
  let stopped: number | null = null;
  before(async () => {
    const clock = { wall: () => Date.now() + skew, monotonic: () => stopped ?? performance.now() };
    app = await behindMiddleware({}, { clock });
    visitor = await app.enter();
  });
  after(async () => {
    visitor.close();
    await app.close();
  });
  beforeEach(() => {
    app.reached.length = 0;
    skew = 0;
  });

  const post = { method: 'POST', at: '/api/posts', body: Buffer.alloc(1000, 'x') };

  test('a call whose body takes its time is judged by the time at which it began', async () => {
    const { request, open } = visitor.client.seal(visitor.client.sign(post));
    const sent = begin(app.url, request);
    await once(sent, 'continue');
    skew = 150_000;
    sent.end(request.body);
    assert.equal(says(open(await answerTo(sent))), '200');
    // And one that came late from the beginning is late.
    skew = 0;
    const old = visitor.client.seal(visitor.client.sign(post));
    skew = 150_000;
    assert.equal(says(old.open(await visitor.sender.send(old.request))), 'clock');
  });

  test('long calls that nobody has read yet count as held, however soon they have come', async () => {
    const long = { at: '/api/endless', method: 'POST', body: Buffer.alloc(1_000_000, 'x') };
    const sendLong = async (): Promise<ClientRequest> => {
      const { request } = visitor.client.seal(visitor.client.sign(long));
      const sent = begin(app.url, request).on('error', () => {});
      sent.end(request.body);
      // The app has answered, and has read nothing.
      await once(sent, 'response');
      return sent;
    };
    const held = await Promise.all([1, 2, 3, 4].map(sendLong));
    const write = { ...long, at: '/api/posts' };
    const other = await app.enter();
    assert.equal(says(await visitor.call(write)), 'unsure');
    assert.equal(says(await visitor.call({ ...write, body: Buffer.from('short') })), '200');
    assert.equal(says(await other.call(write)), '200');
    for (const sent of held) sent.destroy();
    let said = 'unsure';
    for (let tries = 0; said === 'unsure' && tries < 1000; tries++) said = says(await visitor.call(write));
    assert.equal(said, '200');
    // What an app reads at once is held no longer than that.
    for (let times = 0; times < 6; times++) assert.equal(says(await visitor.call(write)), '200');
    other.close();
  });

  test('what an app says before its head, and behind its body, does not go out beside the seal', async () => {
    const { request, open } = visitor.client.seal(visitor.client.sign({ method: 'GET', at: '/api/hinted' }));
    const sent = begin(app.url, request);
    const beside: string[] = [];
    sent.on('information', ({ rawHeaders }) => void beside.push(...rawHeaders));
    sent.on('response', (answer) => void answer.on('end', () => beside.push(...answer.rawTrailers)));
    sent.end(request.body);
    const answer = open(await answerTo(sent));
    assert.equal(Buffer.from(answer.body).toString(), 'hinted');
    assert.deepEqual(beside, []);
  });

  test('an app finds the fields of a call as node gives them, and none that is a part of every object', async () => {
    const fields = ['__proto__', 'a', 'constructor', 'b'];
    const { request, open } = visitor.client.seal(visitor.client.sign({ method: 'GET', at: '/api/posts' }));
    const answer = open(await visitor.sender.send({ ...request, fields: [...request.fields, ...fields] }));
    const { usual, headers } = JSON.parse(Buffer.from(answer.body).toString());
    assert.deepEqual([usual, headers.constructor, Object.hasOwn(headers, '__proto__')], [true, 'b', false]);
  });

  test('a flood of forged tickets has to wait, and whoever has entered goes on', async () => {
    const { request } = visitor.client.seal(visitor.client.sign(post));
    const forged = {
      ...request,
      fields: request.fields.map((value, at) => (isShown(request, at) ? `1.${at}` : value)),
    };
    // However long it takes here: what the shield gives back by the second must not be more than comes.
    stopped = performance.now();
    const said = new Map<string, number>();
    for (let times = 0; times < 1000 && !said.has('limit'); times++) {
      const code = says(await visitor.sender.send(forged));
      said.set(code, (said.get(code) ?? 0) + 1);
    }
    assert.deepEqual([...said.keys()], ['stale', 'limit']);
    assert.equal(said.get('stale'), 600);
    stopped = null;
    assert.equal(says(await visitor.call(post)), '200');
    const newcomer = await app.enter();
    assert.equal(says(await newcomer.call(post)), '200');
    newcomer.close();
  });
});

const isShown = ({ fields }: RawRequest, at: number): boolean => fields[at - 1] === 'sallyport-sealed';
