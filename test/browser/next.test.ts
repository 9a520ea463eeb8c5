import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { HTTPRequest, HTTPResponse, Page } from 'puppeteer-core';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { Mode } from '../../src/guard/config.ts';
import { buildApp, NEXT, type Served, serveApp } from './apps.ts';
import { describeBrowsers } from './browsers.ts';

/** What the guard said of one request. */
interface Said {
  readonly call: string;
  readonly outcome: string;
  readonly level: string;
  readonly findings: readonly string[];
}

interface Through {
  readonly origin: string;
  readonly gate: Gate;
  readonly said: readonly Said[];
}

async function through(app: Served, mode: Mode, use: (through: Through) => Promise<void>): Promise<void> {
  const said: Said[] = [];
  const gate = await startGate(
    { to: app.url, listen: '127.0.0.1:0', mode },
    {
      onDecision({ outcome, level, trail }, { method, path }) {
        const findings = trail.map(({ layer, code }) => `${layer} ${code}`);
        said.push({ call: `${method} ${path}`, outcome, level, findings });
      },
    },
  );
  try {
    await use({ origin: `http://localhost:${gate.address.port}`, gate, said });
  } finally {
    await gate.close({ graceMs: 0 });
  }
}

interface Watched {
  readonly page: Page;
  readonly complaints: string[];
  readonly requests: HTTPRequest[];
  readonly responses: HTTPResponse[];
}

/** A tab that keeps what the browser complains of, what the page asked for, and what came. */
function watched(page: Page): Watched {
  const complaints: string[] = [];
  const requests: HTTPRequest[] = [];
  const responses: HTTPResponse[] = [];
  // What is compiled on demand takes its time on a machine that does much else.
  page.setDefaultTimeout(120_000);
  page.on('console', (message) => {
    if (/^(?:error|warn)/.test(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (fault) => complaints.push(String(fault)));
  page.on('request', (request) => requests.push(request));
  page.on('response', (response) => responses.push(response));
  return { page, complaints, requests, responses };
}

const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => element.textContent ?? '');

const untilText = (page: Page, selector: string, wanted: string): Promise<unknown> =>
  page.waitForFunction((where, text) => document.querySelector(where)?.textContent === text, {}, selector, wanted);

/** Hydrates, calls by GET and POST, submits a server action, navigates on the client, and loads a static page anew. */
async function useApp(page: Page, origin: string): Promise<void> {
  await page.goto(origin);
  await untilText(page, 'output', 'GET 200');
  const posts = Number.parseInt(await textOf(page, '#rendered'), 10);
  await page.click('#add');
  await untilText(page, 'output', 'POST 201');
  assert.match(await textOf(page, 'li:last-child'), /From the page/);
  await page.type('input[name=title]', 'By a server action');
  await page.click('#act');
  await untilText(page, '#rendered', `${posts + 2} posts when this was rendered`);
  // Gone with the document: what is still there afterwards was not loaded anew.
  await page.evaluate(() => Reflect.set(window, 'kept', true));
  await page.click('a[href="/about"]');
  await untilText(page, '#count', `${posts + 2}`);
  await page.click('a[href="/late"]');
  await untilText(page, '#late', 'late words');
  await untilText(page, 'output', 'GET 200');
  assert.equal(await page.evaluate(() => Reflect.get(window, 'kept')), true, 'the router fetched, no page was loaded');
  await page.goto(`${origin}/about`);
  await untilText(page, '#count', `${posts + 2}`);
  assert.equal(await page.evaluate(() => Reflect.get(window, 'kept')), undefined);
}

describe('a Next app', () => {
  let app: Served;

  before(async () => {
    await buildApp(NEXT);
    app = await serveApp(NEXT, ['start', '--port', '0', '--hostname', '127.0.0.1']);
  });
  after(() => app?.close());

  describeBrowsers('built', (browser) => {
    test('P1.1 works unchanged behind the gate in enforce mode, and its API answers nobody else', async () => {
      await through(app, 'enforce', async ({ origin, said }) => {
        const { page, complaints, requests, responses } = watched(await browser.newPage());
        try {
          await useApp(page, origin);
          assert.deepEqual(complaints, []);
          assert.deepEqual(routed(responses), new Set(['/about 200 text/x-component', '/late 200 text/x-component']));
          const calls = said.filter(({ call }) => call.endsWith('/api/posts'));
          assert.deepEqual(new Set(calls.map(({ call }) => call)), new Set(['GET /api/posts', 'POST /api/posts']));
          for (const each of calls) assert.deepEqual({ ...each, call: '' }, { ...ADMITTED, level: 'proof' });
          await assertRefused(origin, app, requests);
        } finally {
          await page.close();
        }
      });
    });

    test('P1.1 in report mode nothing is blocked, and nothing would be', async () => {
      await through(app, 'report', async ({ origin, said }) => {
        const { page, complaints } = watched(await browser.newPage());
        try {
          await useApp(page, origin);
          assert.deepEqual(complaints, []);
          assert.deepEqual(
            said.filter(({ outcome, findings }) => outcome !== 'admit' || findings.length > 0),
            [],
          );
        } finally {
          await page.close();
        }
      });
    });
  });
});

/** What the router fetched of the pages that it went to; it fetches ahead as well, and gives up what it does not need. */
function routed(responses: readonly HTTPResponse[]): Set<string> {
  const components = responses.filter((response) => /\/(?:about|late)\?.*_rsc=/.test(response.url()));
  return new Set(
    components.map((each) => `${new URL(each.url()).pathname} ${each.status()} ${each.headers()['content-type']}`),
  );
}

const ADMITTED = { call: '', outcome: 'admit', findings: [] };

/** The page's own calls, made by a program: bare, and with all the page sent, its proof and its cookies among it. */
async function assertRefused(origin: string, app: Served, requests: readonly HTTPRequest[]): Promise<void> {
  const before = await (await fetch(`${app.url}/api/posts`)).text();
  const copied = requests.findLast((request) => request.method() === 'POST' && request.url().endsWith('/api/posts'));
  assert.ok(copied?.headers()['signature'], 'the page signed its call');
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: '{"title":"From the page"}' };
  for (const attempt of [{}, init, { ...init, headers: copied?.headers() ?? {} }]) {
    const answer = await fetch(`${origin}/api/posts`, attempt);
    assert.equal(answer.status, 403);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  }
  assert.equal(await (await fetch(`${app.url}/api/posts`)).text(), before);
}

describe('a Next app in development', () => {
  // A copy: the test changes it, and the development server writes beside it.
  const folder = join(NEXT.folder, '.dev');
  const list = join(folder, 'app', 'posts-list.jsx');
  const original = readFileSync(join(NEXT.folder, 'app', 'posts-list.jsx'), 'utf8');
  let app: Served;

  before(async () => {
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(NEXT.folder, 'app'), join(folder, 'app'), { recursive: true });
    const config = { turbopack: { root: NEXT.folder }, agentRules: false };
    writeFileSync(join(folder, 'next.config.mjs'), `export default ${JSON.stringify(config)};\n`);
    app = await serveApp(NEXT, ['dev', '.dev', '--port', '0', '--hostname', '127.0.0.1']);
    // Compiled at the first request, which then belongs to no test.
    for (const path of ['/', '/api/posts']) await (await fetch(app.url + path)).text();
  });
  after(async () => {
    await app?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Posts, edits the component, and waits for the edit. True where it came into the page that has posted: none was loaded anew. */
  async function showsInPlace(page: Page, edit: string): Promise<boolean> {
    await page.click('#add');
    await untilText(page, 'output', 'POST 201');
    writeFileSync(list, original.replace(/Add\n/, `${edit}\n`));
    const shown = page.waitForFunction(
      (text) => document.querySelector('#add')?.textContent?.trim() === text,
      {
        timeout: 10_000,
      },
      edit,
    );
    return (
      (await shown.then(
        () => true,
        () => false,
      )) && (await textOf(page, 'output')) === 'POST 201'
    );
  }

  /**
   * An edit that is saved before the page listens for changes of this component is not put in place: it may not come, or
   * the development server has the page loaded anew.
   */
  async function untilInPlace({ page, complaints }: Watched): Promise<void> {
    for (let edit = 1; edit <= 12; edit++) {
      if (await showsInPlace(page, `Edit ${edit}`)) return;
      await page.waitForFunction(() =>
        /^(?:GET 200|POST 201)$/.test(document.querySelector('output')?.textContent ?? ''),
      );
      // Those of a page that is gone: it may have been in the midst of something.
      complaints.length = 0;
    }
    assert.fail('no edit arrived in place');
  }

  describeBrowsers('next dev', (browser) => {
    test('P1.1 P4.1 hydrates without a complaint, and an edit arrives through the untouched HMR socket', async () => {
      await through(app, 'enforce', async ({ origin, gate }) => {
        const tab = watched(await browser.newPage());
        const { page, complaints } = tab;
        try {
          await page.goto(origin);
          await untilText(page, 'output', 'GET 200');
          await untilInPlace(tab);
          assert.ok(gate.stats().tunnels > 0, 'the socket goes through the gate');
          assert.deepEqual(complaints, []);
        } finally {
          writeFileSync(list, original);
          await page.close();
        }
      });
    });
  });
});
