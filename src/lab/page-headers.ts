import { kindOf } from './answer.ts';
import type { Chromium } from './browser.ts';
import { without } from './http.ts';
import type { CopiedHeaders, Lab } from './lab.ts';
import { callInPage, openPage } from './page-calls.ts';
import { PROOF_FIELDS } from './wire-proof.ts';

/** Fields that a copier of headers leaves out: the cookie and the proof are attackers of their own. */
const LEFT_OUT: ReadonlySet<string> = new Set([...PROOF_FIELDS, 'cookie']);

/** Lets the page make one call and takes down what went over the wire. */
export async function copyFromBrowser(lab: Lab, chromium: Chromium): Promise<CopiedHeaders> {
  const { page } = await openPage(lab, chromium);
  try {
    const session = await page.createCDPSession();
    const urls = new Map<string, string>();
    const heads = new Map<string, Readonly<Record<string, string>>>();
    session.on('Network.requestWillBeSent', (event) => void urls.set(event.requestId, event.request.url));
    session.on('Network.requestWillBeSentExtraInfo', (event) => void heads.set(event.requestId, event.headers));
    await session.send('Network.enable');
    const [answer] = await callInPage(page, lab, 1);
    const wanted = lab.target.origin + lab.target.path + lab.target.query;
    const head = [...heads].findLast(([id]) => urls.get(id) === wanted)?.[1] ?? {};
    const fields = Object.entries(head)
      .filter(([name]) => !name.startsWith(':'))
      .flat();
    const honest = answer !== undefined && kindOf(answer).by === 'backend';
    return { from: 'browser', fields: withHost(without(fields, LEFT_OUT), lab.target.authority), honest };
  } finally {
    await page.browserContext().close();
  }
}

/** HTTP/2 and HTTP/3 have no Host field; what copies them to HTTP/1.1 needs one. */
function withHost(fields: readonly string[], authority: string): readonly string[] {
  return ['Host', authority, ...without(fields, new Set(['host']))];
}
