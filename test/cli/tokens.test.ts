import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { SignJWT } from 'jose';
import { createSender, field, type RawAnswer } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';
import { HEADER_DECISION } from '../../src/wire/constants.ts';
import { backend, desk, until } from './support.ts';

const SECRET = 'planted-secret-of-the-apps-tokens-0123456789';

const sign = (jti: string, sub = 'ada'): Promise<string> =>
  new SignJWT({ sub, jti })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('app')
    .setAudience('app')
    .setExpirationTime('1h')
    .sign(Buffer.from(SECRET));

/** A page that shows tokens to a gate of its own. */
async function page(t: TestContext, origin: string): Promise<(token: string) => Promise<RawAnswer>> {
  const target = parseTarget(`${origin}/api/posts`);
  const sender = createSender(target);
  t.after(() => sender.close());
  const client = createWireClient(target, '/', sender);
  assert.ok((await client.open()).opened);
  return (token) => client.call({ method: 'GET', authorization: `Bearer ${token}` });
}

for (const records of ['memory', 'sqlite:./kept.sqlite']) {
  test(`R18 R19 administration revokes a token, and bans its person, with records in ${records}`, async (t) => {
    const { url } = await backend(t);
    const { gate, run, write } = desk(t);
    const jwt = { issuer: 'app', audience: 'app', secret: SECRET };
    write(
      'sallyport.config.json',
      JSON.stringify({ records, login: { jwt }, routes: [{ match: '/api/**', user: true }] }),
    );
    const { report } = await gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'silent');
    const show = await page(t, String(report.url));
    const [one, two, eve] = [await sign('t1'), await sign('t2'), await sign('t3', 'eve')];
    for (const token of [one, two, eve]) assert.equal((await show(token)).status, 200);
    const revoked = await run('bans', 'add', '--subject', 'jwt#token:t1');
    assert.equal(revoked.code, 0, revoked.err);
    await until(async () => (await show(one)).status === 401, 'the revoked token is refused');
    assert.equal((await show(two)).status, 200, 'another one of the same person is good');
    assert.equal((await run('bans', 'add', '--subject', 'jwt:ada')).code, 0);
    await until(async () => (await show(two)).status !== 200, 'the banned person is refused');
    assert.equal((await show(eve)).status, 200);
  });
}

test('R71 neither the secret nor a token is in any output; why a token was refused is', async (t) => {
  const { url } = await backend(t);
  const { gate, run, write } = desk(t);
  const jwt = { issuer: 'app', audience: 'app', secret: SECRET };
  write('sallyport.config.json', JSON.stringify({ login: { jwt }, routes: [{ match: '/api/**', user: true }] }));
  const running = await gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'debug');
  const show = await page(t, String(running.report.url));
  const token = await sign('t1');
  const forged = `${token.slice(0, -10)}AAAAAAAAAA`;
  assert.equal((await show(token)).status, 200);
  const refused = await show(forged);
  assert.equal(refused.status, 401);
  const said = [JSON.stringify(running.report), Buffer.from(refused.body).toString()];
  const id = field(refused.fields, HEADER_DECISION.toLowerCase());
  for (const command of [['why', id], ['status'], ['check'], ['audit']]) {
    const { out, err } = await run(...command);
    said.push(out, err);
    if (command[0] === 'why') assert.match(out, /token: signature/);
  }
  await until(() => running.err().includes(id), 'the refusal in the log');
  said.push(running.err());
  for (const text of said) {
    for (const planted of [SECRET, token, token.slice(-20), forged.slice(-40)])
      assert.ok(!text.includes(planted), text);
  }
});
