import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { walkByForms } from '../../src/lab/walk-by-forms.ts';

const walk = walkByForms({
  victim: { name: 'ann & co', password: 'a <password>' },
  attacker: { name: 'ben', password: 'another password' },
});

const HOME = 'http://localhost:1/_sallyport/callback/one?code=c&state=s';

/** What a provider answers to `POST /who` and the like: a page, or where to go on. */
type Steps = Readonly<Record<string, string | { readonly to: string }>>;

async function provider(t: TestContext, steps: Steps) {
  /** Requests, and the form and cookie that came with each. */
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += String(part);
    const way = `${request.method} ${request.url}`;
    asked.push(`${way} ${body} ${request.headers.cookie ?? ''}`.trim());
    const answer = steps[way] ?? 'nothing here';
    response.setHeader('set-cookie', 'way=1; Path=/; HttpOnly');
    if (typeof answer === 'string') response.end(answer);
    else response.writeHead(303, { location: answer.to }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test('a name, a password on the next page, and what is to be agreed to: the way ends where it leads back to the gate', async (t) => {
  const { url, asked } = await provider(t, {
    'GET /auth': { to: '/who' },
    'GET /who': `<form method="get" action="/search"><input name="q"></form>
      <FORM action='/name?a=1&amp;b=2' METHOD=post><input type=hidden name="csrf" value="t&quot;1">
      <input name="user"><input type="checkbox" name="stay" value="1">
      <button name="do" value="next">Next</button><button name="do" value="back">Back</button></FORM>`,
    'POST /name?a=1&b=2': '<form method="post" action="/password"><input name="secret" type="password"></form>',
    'POST /password': '<form method="post" action="/agree"><input type="submit" name="agree" value="yes"></form>',
    'POST /agree': { to: HOME },
  });
  assert.equal(await walk(`${url}/auth`, 'victim'), HOME);
  assert.deepEqual(asked, [
    'GET /auth',
    'GET /who  way=1',
    'POST /name?a=1&b=2 csrf=t%221&user=ann+%26+co&do=next way=1',
    'POST /password secret=a+%3Cpassword%3E way=1',
    'POST /agree agree=yes way=1',
  ]);
  assert.equal(await walk(`${url}/auth`, 'attacker'), HOME);
  assert.ok(asked.includes('GET /auth'), 'in a browser of their own');
  assert.ok(asked.some((line) => line.startsWith('POST /password secret=another+password')));
});

test('name and password go to no other origin, and a provider without an end is left', async (t) => {
  const { url, asked } = await provider(t, {
    'GET /lure':
      '<form method="post" action="http://localhost:1/steal"><input name="user"><input type="password" name="p"></form>',
    'GET /circle': { to: '/circle' },
    'GET /denied': '<p>no</p>',
  });
  await assert.rejects(walk(`${url}/lure`, 'victim'), /another origin/);
  await assert.rejects(walk(`${url}/denied`, 'victim'), /answers 200 without a form/);
  await assert.rejects(walk(`${url}/circle`, 'victim'), /circles/);
  assert.ok(asked.length < 30, `${asked.length} requests`);
});
