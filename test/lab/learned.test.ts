import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { createSender } from '../../src/lab/http.ts';
import { ATTACKERS, formatReport, type LabReport } from '../../src/lab/index.ts';
import { runAttackers } from '../../src/lab/run.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { at } from '../cli/support.ts';
import { type Conduit, createConduit } from '../learning/conduit/app.ts';
import { conduitPeople } from '../learning/conduit/people.ts';
import { fieldOf, learnFrom } from '../learning/support.ts';

/** Attackers that make calls of the API by program, without what the page calls before, and need no proof of anybody else's. */
const PROGRAMS = ['plain', 'headers', 'doors', 'headless', 'slow', 'flood-one', 'farm'];
/** Those of them that take no time: what they ask for is refused by another line. */
const QUICK = ['plain', 'doors', 'flood-one', 'farm'];

describe('a gate that enforces what was learned of people in a Conduit app', () => {
  let gate: Gate;
  const app = createConduit();
  const backend = createServer((request, response) => {
    request.resume();
    const { method = 'GET', url = '/' } = request;
    const isApi = url.startsWith('/api/');
    const answer = isApi ? app.call(method, url, undefined, '') : { status: 200, body: PAGE };
    response.writeHead(answer.status, {
      'content-type': isApi ? 'application/json' : 'text/html',
      'cache-control': 'no-store',
    });
    response.end(isApi ? JSON.stringify(answer.body ?? {}) : PAGE);
  });
  before(async () => {
    const learned = await learnFrom(conduitPeople({ sessions: 500, seed: 11 }, createConduit()));
    assert.equal(fieldOf(learned, 'GET /api/articles', 'after'), 'GET /api/tags');
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    const { port } = backend.address() as AddressInfo; // a TCP server's address is one
    const own: Config = { to: `http://127.0.0.1:${port}`, listen: '127.0.0.1:0', mode: 'enforce' };
    // Others are to be told apart by the lines that were learned, not by how many visitors a network may bring.
    gate = await startGate({ ...learned.config, ...own, mint: { perPrefix: 10_000, total: 10_000 } });
  });
  after(async () => {
    await gate.close({ graceMs: 0 });
    backend.close();
    backend.closeAllConnections();
  });

  const attacked = (path: string, names: readonly string[]): Promise<LabReport> =>
    runAttackers(
      `${gate.url}${path}`,
      { calls: 30, seconds: 200, mode: 'enforce' },
      ATTACKERS.filter(({ name }) => names.includes(name)),
    );

  for (const [what, path, names] of [
    ['an article that no list gave them', () => `/api/articles/${slugIn(app)}`, PROGRAMS],
    ['the list before anything that the page asks for', () => '/api/articles?limit=5&offset=0', QUICK],
  ] as const) {
    test(`programs that ask for ${what} are stopped or slowed, each of them`, async () => {
      const report = await attacked(path(), names);
      const verdicts = report.rungs.map(({ name, verdict, why }) => [name, why === '' ? verdict : why]);
      assert.deepEqual(
        verdicts.filter(
          ([, verdict]) => verdict !== 'stopped' && verdict !== 'slowed' && !/no Chromium/.test(verdict ?? ''),
        ),
        [],
        formatReport(report),
      );
      assert.equal(report.rungs.length, names.length);
      // By what was learned, not by the doors: whoever walks them is refused all the same.
      const walked = report.rungs.find(({ name }) => name === 'doors');
      assert.ok(
        Object.keys(walked?.refused ?? {}).some((code) => /^(?:not-served|order)$/.test(code)),
        JSON.stringify(walked),
      );
    });
  }

  test('a person’s page, which asks in the order of the app, is answered', async () => {
    const client = page(gate);
    assert.equal((await client.open()).opened, true);
    assert.equal((await client.call({ method: 'GET', at: '/api/tags' })).status, 200);
    const list = await client.call({ method: 'GET', at: '/api/articles?limit=5&offset=0' });
    assert.equal(list.status, 200);
    const articles = at(JSON.parse(Buffer.from(list.body).toString()), 'articles');
    for (const article of [articles].flat().slice(0, 3)) {
      const slug = String(at(article, 'slug'));
      assert.equal((await client.call({ method: 'GET', at: `/api/articles/${slug}` })).status, 200);
      assert.equal((await client.call({ method: 'GET', at: `/api/articles/${slug}/comments` })).status, 200);
    }
    client.sender.close();
  });
});

const PAGE = '<!doctype html><html><head><title>Conduit</title></head><body>Articles</body></html>';

function page({ url }: Gate): WireClient {
  const target = parseTarget(`${url}/api/tags`);
  return createWireClient(target, '/', createSender(target));
}

const slugIn = (app: Conduit): string =>
  String(at(app.call('GET', '/api/articles?limit=1&offset=0', undefined, '').body, 'articles', 0, 'slug'));
