import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'puppeteer-core';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { createSender, type RawAnswer } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';
import { launchBrowser } from '../browser/browsers.ts';

/** What both apps do, and how they tell the test: one line for the port, one for each request that arrives. */
const APP = `
import json, sys

PAGE = b"""<!doctype html><html><head><title>start</title></head><body><script>
(async () => {
  const read = await (await fetch('/api/notes?about=bread')).json();
  const made = await fetch('/api/notes', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text: 'caf\\\\u00e9' }),
  });
  document.title = read.about + ' ' + made.status + ' ' + (await made.json()).text;
})().catch((error) => { document.title = 'failed: ' + error; });
</script></body></html>"""

def say(*words):
    print(*words, flush=True)

def answer(method, path, query, body):
    say(method, path)
    if not path.startswith('/api/'):
        return 200, 'text/html; charset=utf-8', PAGE
    if method == 'POST':
        return 201, 'application/json', body
    about = query.partition('=')[2]
    return 200, 'application/json', json.dumps({'about': about}).encode()
`;

/** The standard library's own server: HTTP/1.1, connections that are kept, a thread for each. */
const HTTP_SERVER = `${APP}
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def handle_any(self):
        path, _, query = self.path.partition('?')
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        status, kind, content = answer(self.command, path, query, body)
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
say('port', server.server_address[1])
server.serve_forever()
`;

/** WSGI, which Django and Flask speak: paths are decoded, names of fields folded; this server answers in HTTP/1.0. */
const WSGI = `${APP}
from wsgiref.simple_server import WSGIRequestHandler, make_server

class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass

REASONS = {200: '200 OK', 201: '201 Created'}

def app(environ, start_response):
    body = environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0))
    status, kind, content = answer(environ['REQUEST_METHOD'], environ['PATH_INFO'], environ['QUERY_STRING'], body)
    start_response(REASONS[status], [('Content-Type', kind)])
    return [content]

server = make_server('127.0.0.1', 0, app, handler_class=Quiet)
say('port', server.server_port)
server.serve_forever()
`;

interface App {
  readonly url: string;
  /** Requests to the API that arrived: `METHOD path`. */
  calls(): string[];
  stop(): Promise<void>;
}

async function startPython(folder: string, name: string, text: string): Promise<App> {
  const script = join(folder, name);
  writeFileSync(script, text);
  const child: ChildProcess = spawn(PYTHON, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += String(chunk);
  });
  while (!/^port \d+$/m.test(said)) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    await Promise.race([once(child.stdout ?? child, 'data'), ended]);
  }
  return {
    url: `http://127.0.0.1:${/^port (\d+)$/m.exec(said)?.[1]}`,
    calls: () => said.split('\n').filter((line) => / \/api\//.test(line)),
    async stop() {
      child.kill();
      await ended;
    },
  };
}

const PYTHON = process.env['SALLYPORT_PYTHON3'] || 'python3';
const missing = (() => {
  try {
    execFileSync(PYTHON, ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'no python3 on this machine';
  }
})();

const codeOf = (answer: RawAnswer): string => JSON.parse(Buffer.from(answer.body).toString('utf8')).code;

for (const [name, text] of [
  ['http.server', HTTP_SERVER],
  ['wsgiref', WSGI],
] as const) {
  describe(`P10.1 in front of a backend on Python’s ${name}`, { skip: missing }, () => {
    let folder: string;
    let app: App;
    let gate: Gate;
    let browser: Browser;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sallyport-python-'));
      app = await startPython(folder, 'app.py', text);
      gate = await startGate({ to: app.url, listen: '127.0.0.1:0', mode: 'enforce' });
      browser = await launchBrowser('chromium');
    });
    after(async () => {
      await browser?.close();
      await gate?.close({ graceMs: 0 });
      await app?.stop();
      rmSync(folder, { recursive: true });
    });

    test('P1.1 its page, unchanged, reads and writes through the gate', async () => {
      const page = await browser.newPage();
      await page.goto(gate.url);
      await page.waitForFunction("document.title !== 'start'", { timeout: 20_000 });
      assert.equal(await page.title(), 'bread 201 café');
      assert.deepEqual(app.calls(), ['GET /api/notes', 'POST /api/notes']);
    });

    test('P1.2 P1.3 a program gets 403 as a problem, with a browser’s headers, too, and in other spellings', async () => {
      const before = app.calls().length;
      const copied = {
        origin: gate.url,
        referer: `${gate.url}/`,
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': 'cors',
      };
      for (const path of ['/api/notes', '/API/notes', '//api/notes', '/%61pi/notes', '/api/notes/']) {
        for (const headers of [{}, copied]) {
          const answer = await fetch(`${gate.url}${path}`, { headers });
          assert.equal(answer.status, 403, path);
          assert.equal(answer.headers.get('content-type'), 'application/problem+json');
        }
      }
      assert.equal(app.calls().length, before, 'none of it reached the app');
    });

    test('P1.5 a captured call passes once; replayed or altered it is refused', async (context) => {
      const target = parseTarget(`${gate.url}/api/notes`);
      const sender = createSender(target);
      context.after(() => sender.close());
      const client = createWireClient(target, '/', sender);
      assert.equal((await client.open()).opened, true);
      const before = app.calls().length;
      const captured = client.sign({ method: 'GET' });
      assert.equal((await sender.send(captured)).status, 200);
      for (let again = 0; again < 3; again++) assert.equal(codeOf(await sender.send(captured)), 'replayed');
      const altered = await sender.send({ ...client.sign({ method: 'GET' }), target: '/api/notes?about=all' });
      assert.equal(codeOf(altered), 'signature');
      assert.equal(app.calls().length, before + 1);
    });
  });
}
