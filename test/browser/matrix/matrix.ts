import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import type { Config } from 'sallyport/config';
import { type RunningPosts, startGuardedPosts } from '../../../examples/posts/fixture.ts';
import { launchBrowser } from '../browsers.ts';
import { DEFAULT_MOUNT } from '../../../src/wire/constants.ts';
import { type Line, openLine } from './line.ts';
import type { Row, World } from './rows.ts';
import { listen, type Seen, type Turn, visit } from './visit.ts';

/** What one row came to. */
export interface Tally {
  readonly row: string;
  /** Name and version, as the browser says. */
  readonly browser: string;
  loads: number;
  /** Calls of the API that were admitted. */
  calls: number;
  /** Refusals that the page's script met without anybody's notice, by code: it did what was asked and called again. */
  readonly unseen: Record<string, number>;
  /** False refusals, by code: what the page was handed, and whatever else was refused. */
  readonly refused: Record<string, number>;
  /** What else went wrong, in sentences. */
  readonly errors: string[];
  /** How often something was done again because the network had broken. */
  again: number;
}

export interface Matrix {
  readonly app: RunningPosts;
  /** Runs a row's loads one after another, as one person; rows that share a browser follow each other in it. */
  run(row: Row, loads: number): Promise<Tally>;
  /** A page of the row's browser, prepared, that has loaded nothing yet. Whoever opens it closes it. */
  page(row: Row): Promise<Page>;
  readonly world: World;
  close(): Promise<void>;
}

/** Refusals that ask for something the script does by itself; what it cannot do is handed to the page and counted. */
const ASKS = new Set(['challenge', 'stale', 'clock', 'stamp', 'session-key', 'entry-required', 'replayed']);
/** How often a person loads the page again where the network breaks. */
const MOST_LOADS = 10;
/** How long a person waits for a page where the network breaks, in milliseconds. */
const PATIENCE = 10_000;
const PASSWORD = 'correct horse battery';

/** The demo with its own configuration behind one gate, by a clock that can be turned. */
export async function startMatrix(): Promise<Matrix> {
  const state = { skew: 0, visits: 0 };
  const decisions: Decided[] = [];
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-matrix-'));
  // By HTTP/2, as everywhere: ten tabs with a feed each would starve by HTTP/1.1, of which a browser opens six connections.
  const start = async (changes: Config = {}, breaks = false): Promise<Gated> => {
    let port = 0;
    const line = breaks ? await openLine(() => port) : null;
    const tls = { self: true, dir } as const;
    const reached = line === null ? {} : { public: `https://127.0.0.1:${line.port}` };
    const app = await startGuardedPosts({ tls, ...reached, ...changes }, [], {
      clock: { wall: () => Date.now() + state.skew, monotonic: () => performance.now() },
      onDecision: ({ code }, { path }) => {
        decisions.push({ code, path });
      },
    });
    port = app.port;
    return { app, line, mount: changes.mount ?? DEFAULT_MOUNT };
  };
  const own = await start();
  const gates = new Map<unknown, Promise<Gated>>([[undefined, Promise.resolve(own)]]);
  const gateOf = ({ config, breaksOneIn }: Row): Promise<Gated> => {
    const key = breaksOneIn === undefined ? config : 'breaks';
    const running = gates.get(key) ?? start(config, breaksOneIn !== undefined);
    gates.set(key, running);
    return running;
  };
  const browsers = new Map<unknown, Promise<Browser>>();
  const world: World = {
    sleep(milliseconds) {
      state.skew += milliseconds;
    },
  };

  const browserOf = ({ browser, launch }: Row): Promise<Browser> => {
    const key = launch ?? browser;
    const running = browsers.get(key) ?? launchBrowser(browser, { ...launch, anyCertificate: true });
    browsers.set(key, running);
    return running;
  };
  const pageOf = async (row: Row): Promise<Page> => {
    const page = await (await browserOf(row)).newPage();
    await page.evaluateOnNewDocument(listen);
    await row.prepare?.(page);
    return page;
  };

  /** One load of the page, and what is done there; done again where a network that breaks is to blame. */
  async function load(gate: Gated, page: Page, turn: Turn, row: Row, tally: Tally): Promise<void> {
    for (let left = row.breaksOneIn === undefined ? 1 : MOST_LOADS; left > 0; left--) {
      const { refusals, problems, failures } = await attempt(gate, page, turn, row).catch(failed);
      // The others are counted where they were decided.
      for (const code of refusals.filter((each) => ASKS.has(each))) add(tally.refused, code);
      tally.again += failures.length;
      if (problems.length === 0) return;
      if (left === 1) tally.errors.push(...problems);
      else tally.again += 1;
    }
  }

  async function attempt({ app }: Gated, page: Page, turn: Turn, row: Row): Promise<Seen> {
    const breaks = row.breaksOneIn !== undefined;
    await (breaks ? leaveFor(page, app.url) : page.goto(app.url));
    // Nobody looks at an empty page for half a minute.
    await page.waitForFunction(isShown, { polling: 50, ...(breaks ? { timeout: PATIENCE } : {}) });
    await row.meanwhile?.(page, world);
    return page.evaluate(visit, turn);
  }

  return {
    app: own.app,
    world,
    page: pageOf,
    async run(row, loads) {
      const browser = await (await browserOf(row)).version();
      const tally: Tally = {
        row: row.name,
        browser,
        loads: 0,
        calls: 0,
        unseen: {},
        refused: {},
        errors: [],
        again: 0,
      };
      const gate = await gateOf(row);
      decisions.length = 0;
      const pages = await Promise.all(Array.from({ length: row.tabs ?? 1 }, () => pageOf(row)));
      for (const page of pages) watch(page, gate.app.url, tally);
      const [first] = pages;
      let asks = first !== undefined && (await arrive(first, gate, ++state.visits));
      if (gate.line !== null) gate.line.breaksOneIn = row.breaksOneIn ?? 0;
      while (tally.loads < loads) {
        const visits = pages.map((page, tab) => {
          const tries = row.breaksOneIn === undefined ? 1 : 2;
          return { page, turn: { name: `n${++state.visits}`, asks: asks && tab === 0, tries } };
        });
        await Promise.all(visits.map(({ page, turn }) => load(gate, page, turn, row, tally)));
        tally.loads += pages.length;
        asks = false;
      }
      if (gate.line !== null) gate.line.breaksOneIn = 0;
      await Promise.all(pages.map((page) => page.close()));
      count(decisions, tally);
      return tally;
    },
    async close() {
      for (const running of browsers.values()) await (await running).close();
      for (const running of gates.values()) {
        const { app, line } = await running;
        await line?.close();
        await app.close();
      }
      rmSync(dir, { recursive: true });
    },
  };
}

/** A gate with the demo, and the way to it. */
interface Gated {
  readonly app: RunningPosts;
  /** Null where nothing stands between. */
  readonly line: Line | null;
  readonly mount: string;
}

interface Decided {
  /** '' where it was admitted. */
  readonly code: string;
  readonly path: string;
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

const failed = (error: unknown): Seen => ({
  refusals: [],
  failures: [],
  problems: [error instanceof Error ? error.message : 'something that is no error was thrown'],
});

function count(decisions: readonly Decided[], tally: Tally): void {
  for (const { code, path } of decisions) {
    if (code !== '') add(ASKS.has(code) ? tally.unseen : tally.refused, code);
    else if (path.startsWith('/api/')) tally.calls++;
  }
}

/** Requests to anybody else. */
function watch(page: Page, url: string, tally: Tally): void {
  const { host } = new URL(url);
  page.on('request', (request) => {
    const asked = new URL(request.url());
    if (/^(?:http|ws)/.test(asked.protocol) && asked.host !== host)
      tally.errors.push(`asked somebody else: ${asked.host}`);
  });
}

/**
 * Goes where `page.goto` goes, by the page itself, and waits for nothing. Of a document that broke off Firefox shows what
 * came, and fires no load event; and a navigation whose connection broke stays under way for the driver, which then never
 * hears of the next ones, though their pages are there.
 */
async function leaveFor(page: Page, url: string): Promise<void> {
  await page.evaluate((address) => {
    Reflect.set(window, Symbol.for('left'), true);
    setTimeout(() => location.assign(address));
  }, url);
}

/** Runs in the page: whether its list is there and its feed is open, and it is not the one that was left. */
function isShown(): boolean {
  if (Reflect.has(window, Symbol.for('left'))) return false;
  return document.querySelector('.dot.on') !== null && document.querySelector('li.post') !== null;
}

/** Makes an account unless the browser still has one from an earlier row. Whether it did. */
async function arrive(page: Page, { app, mount }: Gated, number: number): Promise<boolean> {
  await page.goto(app.url);
  await page.waitForSelector('.composer, .invitation');
  if ((await page.$('.invitation')) === null) return false;
  const status = await page.evaluate(
    async (address, name, password) => {
      const headers = { 'content-type': 'application/json', 'x-requested-with': 'sallyport' };
      const body = JSON.stringify({ name, password });
      return (await fetch(address, { method: 'POST', headers, body })).status;
    },
    `${mount}/signup`,
    `visitor-${number}`,
    PASSWORD,
  );
  if (status !== 200) throw new Error(`no account was made: ${status}`);
  return true;
}

/** Whether a row is as it should be. */
export const isClean = ({ refused, errors }: Tally): boolean =>
  errors.length === 0 && Object.keys(refused).length === 0;
