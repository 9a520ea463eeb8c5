import type { Page } from 'puppeteer-core';
import type { Chromium } from './browser.ts';
import type { RawAnswer } from './http.ts';
import type { Lab } from './lab.ts';
import { NotRun } from './not-run.ts';

const PAGE_TIMEOUT = 10_000;

export interface OpenedPage {
  readonly page: Page;
  /** Whether the gate has put off the page's entry. */
  limited(): boolean;
}

/** Opens the app's page as a visitor does. Throws {@link NotRun} where there is none that carries the gate's script. */
export async function openPage(lab: Lab, chromium: Chromium): Promise<OpenedPage> {
  const page = await chromium.page();
  let limited = false;
  page.on('response', (answer) => {
    limited ||= answer.status() === 429 && answer.url().endsWith('/enter');
  });
  const url = lab.target.origin + lab.page;
  const answer = await page.goto(url, { waitUntil: 'load', timeout: PAGE_TIMEOUT }).catch(() => null);
  const scripted = await page.evaluate(`document.querySelector('script[src*="/s."]') !== null`).catch(() => false);
  if (answer !== null && scripted === true) return { page, limited: () => limited };
  await page.browserContext().close();
  throw new NotRun(`${lab.page} is not a page with the gate’s script; --page names another`);
}

/** What runs an expression inside a page, whichever library drives it. */
export interface Evaluator {
  evaluate(expression: string): Promise<unknown>;
}

/**
 * Calls the target by the page's own fetch, one after another, at most `count` times and until the lab's time is up.
 * `headers` go with each.
 */
export async function callInPage(
  page: Evaluator,
  lab: Lab,
  count: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly RawAnswer[]> {
  const seconds = Math.max(0, lab.until - lab.now()) / 1000;
  const order = JSON.stringify([lab.target.path + lab.target.query, lab.method, count, seconds]);
  // SAFETY: what the function below answers, over the debugging protocol.
  const seen = (await page.evaluate(
    `(${runCallsWith.toString()})((address, init) => fetch(address, { ...init, headers: ${JSON.stringify(headers)} }), ...${order})`,
  )) as readonly PageAnswer[];
  return seen.map((one) => ({ ...one, body: Buffer.from(one.body) }));
}

/** What both an evaluated page and a process of the lab can run: complete in itself. Bodies of refusals only are kept. */
export async function runCallsWith(
  call: (address: string, init: RequestInit) => Promise<Response>,
  address: string,
  method: string,
  count: number,
  seconds: number,
): Promise<PageAnswer[]> {
  const end = performance.now() + seconds * 1000;
  const answers: PageAnswer[] = [];
  for (let i = 0; i < count && performance.now() < end; i++) {
    // A backend that does not answer, and an answer that does not end (server-sent events), are cut.
    const controller = new AbortController();
    let timer = setTimeout(() => controller.abort(), 10_000);
    try {
      const answer = await call(address, { method, cache: 'no-store', signal: controller.signal });
      clearTimeout(timer);
      if (answer.headers.get('content-type')?.startsWith('text/event-stream')) controller.abort();
      timer = setTimeout(() => controller.abort(), 1_000);
      const body = await answer.text().catch(() => '');
      const fields: string[] = [];
      for (const [name, value] of answer.headers) fields.push(name, value);
      answers.push({ status: answer.status, fields, body: answer.status < 400 ? '' : body.slice(0, 4096), failed: '' });
    } catch (error) {
      answers.push({ status: 0, fields: [], body: '', failed: error instanceof Error ? error.message : 'failed' });
    } finally {
      clearTimeout(timer);
    }
  }
  return answers;
}

export interface PageAnswer {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
  readonly failed: string;
}
