import type { Page } from 'puppeteer-core';
import { kindOf } from './answer.ts';
import type { Chromium } from './browser.ts';
import { without } from './http.ts';
import type { CopiedHeaders, Lab } from './lab.ts';
import { NotRun } from './not-run.ts';
import { callInPage, openPage } from './page-calls.ts';
import { PROOF_FIELDS } from './wire-proof.ts';

/** Fields that a copier of headers leaves out: the cookie and the proof are attackers of their own. */
const LEFT_OUT: ReadonlySet<string> = new Set([...PROOF_FIELDS, 'cookie', 'host']);

/** Lets the page make one call and takes down what went over the wire. */
export async function copyFromBrowser(lab: Lab, chromium: Chromium): Promise<CopiedHeaders> {
  const { page } = await openPage(lab, chromium);
  try {
    const recorder = await recordRequests(page);
    const [answer] = await callInPage(page, lab, 1);
    const fields = await recorder.fieldsOf(lab.target.origin + lab.target.path + lab.target.query);
    if (fields === null) throw new NotRun('the browser did not tell what it sent');
    const honest = answer !== undefined && kindOf(answer).by === 'backend';
    // HTTP/2 has no Host field; what copies it to HTTP/1.1 needs one.
    return { from: 'browser', fields: ['Host', lab.target.authority, ...without(fields, LEFT_OUT)], honest };
  } finally {
    await page.browserContext().close();
  }
}

/** What a page sends, as it leaves the browser: with the fields that DevTools shows and pages never see. */
export interface Recorder {
  /** Flat name, value list of the last request to a URL; null where none was seen within two seconds. */
  fieldsOf(url: string): Promise<readonly string[] | null>;
}

export async function recordRequests(page: Page): Promise<Recorder> {
  const session = await page.createCDPSession();
  const urls = new Map<string, string>();
  const heads = new Map<string, Readonly<Record<string, string>>>();
  session.on('Network.requestWillBeSent', (event) => void urls.set(event.requestId, event.request.url));
  session.on('Network.requestWillBeSentExtraInfo', (event) => void heads.set(event.requestId, event.headers));
  await session.send('Network.enable');
  const find = (url: string) => [...heads].findLast(([id]) => urls.get(id) === url)?.[1];
  return {
    async fieldsOf(url) {
      // The two events come by different ways, in any order, and may come after the answer.
      for (let waited = 0; find(url) === undefined && waited < 2_000; waited += 20) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const head = find(url);
      return head === undefined ? null : Object.entries(head).flatMap((pair) => (pair[0].startsWith(':') ? [] : pair));
    },
  };
}
