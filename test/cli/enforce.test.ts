import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { at, backend, type BackendOptions, desk, type Desk, until } from './support.ts';

/** A gate in report mode in front of a page. */
async function gateBefore(t: TestContext, options: BackendOptions = {}, environment: Record<string, string> = {}) {
  const { url } = await backend(t, options);
  const at = desk(t, environment);
  const { report } = await at.gate('--to', url, '--listen', '0', '--log', 'silent');
  return { ...at, url: report.url };
}

const modeOf = async ({ json }: Desk): Promise<unknown> => at((await json('status')).value, 'mode');

test('P1.2 enforce loads the page, switches the running gate on, and report switches it back', async (t) => {
  const gate = await gateBefore(t);
  assert.equal((await fetch(`${gate.url}/api/posts`)).status, 200);
  assert.equal((await gate.run('status')).code, 3);
  const switched = await gate.json('enforce');
  assert.equal(switched.code, 0, JSON.stringify(switched.value));
  assert.deepEqual([at(switched.value, 'enforcing'), at(switched.value, 'basis')], [true, 'browser']);
  assert.equal(at(switched.value, 'trials', 0, 'entered'), true);
  assert.equal((await fetch(`${gate.url}/api/posts`)).status, 403);
  assert.equal((await gate.run('status')).code, 0);
  assert.equal((await gate.run('report')).code, 0);
  assert.equal((await fetch(`${gate.url}/api/posts`)).status, 200);
  assert.equal(await modeOf(gate), 'report');
});

test('the gate’s own output follows each switch, and a command run by npx names commands so', async (t) => {
  const { url } = await backend(t);
  const place = desk(t, { npm_command: 'exec' });
  const gate = await place.gate('--to', url, '--listen', '0');
  assert.match((await place.run('status')).out, /npx sallyport enforce/);
  assert.match((await place.run('enforce')).out, /Back: npx sallyport report/);
  await until(() => gate.err().includes('enforce mode from now on: what fails a check is refused'), 'the switch on');
  assert.equal((await place.run('report')).code, 0);
  await until(() => gate.err().includes('report mode from now on: NOTHING IS BLOCKED'), 'the switch back');
});

const IMAGE =
  "fetch('/api/posts').then(() => { const image = new Image(); image.src = '/api/posts/1/image'; document.body.append(image); })";

test('images behind the API are printed with their line and keep the gate in report mode until they are listed', async (t) => {
  const gate = await gateBefore(t, { script: IMAGE });
  const first = await gate.run('enforce');
  assert.equal(first.code, 1);
  assert.match(first.out, /\{ match: 'GET \/api\/posts\/:id\/image', carriers: \['media'\] \},/);
  assert.match(first.out, /NOTHING IS BLOCKED/);
  assert.equal(await modeOf(gate), 'report');
  const second = await gate.json('enforce', '--accept-found');
  assert.equal(second.code, 0, JSON.stringify(second.value));
  assert.deepEqual(at(second.value, 'accepted'), [
    "{ match: 'GET /api/posts/:id/image', carriers: ['media'] },",
    "{ match: '/api/**' },",
  ]);
  assert.equal((await fetch(`${gate.url}/api/posts`)).status, 403);
});

test('a page that would break keeps the gate in report mode, and why explains the call', async (t) => {
  // A worker made from a Blob is outside what the script covers: its call goes out unsigned.
  const script = `fetch('/api/posts').then(() => {
    const code = 'fetch(' + JSON.stringify(location.origin + '/api/from-worker') + ')';
    window.worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
  })`;
  const gate = await gateBefore(t, { script });
  const tried = await gate.json('enforce');
  assert.equal(tried.code, 1, JSON.stringify(tried.value));
  assert.equal(at(tried.value, 'enforcing'), false);
  assert.equal(at(tried.value, 'breaks', 0, 'route'), 'GET /api/from-worker');
  assert.equal(await modeOf(gate), 'report');
  const { code, out } = await gate.run('why', String(at(tried.value, 'breaks', 0, 'id')));
  assert.equal(code, 0);
  assert.match(out, /would pass/);
});

test('a call that names the gate differently than the page does is another origin’s, and would break', async (t) => {
  const gate = await gateBefore(t, {
    script: "fetch('http://localhost:' + location.port + '/api/posts')",
    answer: (_request, response) => {
      response.setHeader('access-control-allow-origin', '*');
      return false;
    },
  });
  const tried = await gate.json('enforce');
  assert.equal(tried.code, 1, JSON.stringify(tried.value));
  assert.deepEqual(
    [at(tried.value, 'breaks', 0, 'route'), at(tried.value, 'breaks', 0, 'code')],
    ['GET /api/posts', 'entry-required'],
  );
  assert.equal(await modeOf(gate), 'report');
});

test('enforce names the calls that go to the backend without the gate', async (t) => {
  const gate = await gateBefore(t, {
    answer: (request, response) => {
      response.setHeader('access-control-allow-origin', '*');
      if (request.url !== '/app.js') return false;
      const there = `http://localhost:${request.socket.localPort}/api/posts?secret=1`;
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(`fetch('${there}'); fetch('/api/posts');`);
      return true;
    },
  });
  const { code, out } = await gate.run('enforce');
  assert.equal(code, 0, out);
  assert.match(
    out,
    /Goes around the gate\n {2}GET http:\/\/localhost:\d+\/api\/posts\n\nThe page asks the backend itself/,
  );
});

test('a page that does not load keeps the gate in report mode', async (t) => {
  const gate = await gateBefore(t, {
    answer: (request, response) => {
      if (request.url !== '/') return false;
      response.writeHead(500).end();
      return true;
    },
  });
  const { code, out } = await gate.run('enforce');
  assert.equal(code, 1);
  assert.match(out, /the page \/ does not load \(it answers 500\); name another with --page/);
});

test('without a browser and without records enforce refuses and says so', async (t) => {
  const gate = await gateBefore(t, {}, { CHROME_PATH: '/nowhere/chromium' });
  await fetch(`${gate.url}/api/posts`);
  const { code, out } = await gate.run('enforce');
  assert.equal(code, 1);
  assert.match(out, /no Chromium was found .*no page has been recorded/);
  assert.equal(await modeOf(gate), 'report');
});

test('where several gates run, --listen names one, else exit 2', async (t) => {
  const { url } = await backend(t);
  const place = desk(t);
  const one = await place.gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'silent');
  const other = await place.gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'silent');
  const unnamed = await place.run('report');
  assert.equal(unnamed.code, 2);
  assert.match(unnamed.err, /several gates are running.*--listen HOST:PORT/);
  assert.equal((await place.run('report', '--listen', one.report.listen)).code, 0);
  assert.equal((await fetch(`${one.report.url}/api/posts`)).status, 200);
  assert.equal((await fetch(`${other.report.url}/api/posts`)).status, 403);
});

test('P9.2 why names rule, evidence, what would have passed, and a ready exception that works', async (t) => {
  const { url } = await backend(t);
  const place = desk(t);
  const { report } = await place.gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'silent');
  const refused = await fetch(`${report.url}/api/hooks/42`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  const id = refused.headers.get('sallyport-decision') ?? '';
  const { code, value } = await place.json('why', id);
  assert.equal(code, 0);
  assert.equal(at(value, 'record', 'id'), id);
  assert.equal(at(value, 'record', 'route'), 'protect /api/**');
  assert.notEqual(at(value, 'record', 'trail', 0, 'wouldPass'), '');
  assert.equal(at(value, 'exception', 'flag'), "--open 'POST /api/hooks/:id'");
  const excepted = await place.gate(
    '--to',
    url,
    '--listen',
    '0',
    '--mode',
    'enforce',
    '--open',
    'POST /api/hooks/:id',
    '--log',
    'silent',
  );
  assert.equal((await fetch(`${excepted.report.url}/api/hooks/42`, { method: 'POST' })).status, 200);
  assert.equal((await fetch(`${excepted.report.url}/api/hooks/42`)).status, 403);
});

test('an id that nobody knows is exit 1', async (t) => {
  const gate = await gateBefore(t);
  const { code, err } = await gate.run('why', 'nosuchid');
  assert.equal(code, 1);
  assert.match(err, /"nosuchid"/);
});

test('a route that is called with proofs is never lowered by --accept-found', async (t) => {
  const script =
    "fetch('/api/posts').then(() => { const image = new Image(); image.src = '/api/posts'; document.body.append(image); })";
  const gate = await gateBefore(t, { script });
  const tried = await gate.json('enforce', '--accept-found');
  assert.equal(tried.code, 1, JSON.stringify(tried.value));
  assert.deepEqual(at(tried.value, 'accepted'), []);
  assert.deepEqual(
    [at(tried.value, 'found', 0, 'match'), at(tried.value, 'found', 0, 'alsoSigned')],
    ['GET /api/posts', true],
  );
  assert.deepEqual(
    [at(tried.value, 'breaks', 0, 'route'), at(tried.value, 'breaks', 0, 'code')],
    ['GET /api/posts', 'carrier'],
  );
  assert.equal(await modeOf(gate), 'report');
});
