import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { createOtherSite, sendFrom, WAYS } from '../other-page.ts';
import { watch } from '../watch.ts';
import { type AnswerKind, kindOf } from '../answer.ts';
import { timeIsUp } from '../attempts.ts';
import type { Chromium } from '../browser.ts';
import type { Tally } from '../tally.ts';

/** Pages of other origins in the browser of somebody who has the app open: hot-linking, CSRF, framed forms. */
export const otherSite: Attacker = {
  name: 'other-site',
  group: 'requests',
  title: 'another site’s page',
  how: 'A real browser that has walked the doors opens a page of another site, and one of another port, which send every kind of request a page can; writes go to a path that cannot exist.',
  steps: [
    'a site of one’s own',
    'a visitor of it who has the app open',
    'pages that call in every way that a browser allows',
  ],
  possible: 'Another site’s page reaches the backend through its visitors’ browsers',
  async run(lab, tally) {
    const chromium = await lab.chromium();
    const site = await createOtherSite();
    try {
      const other = lab.target.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
      for (const hostname of [other, lab.target.hostname === '::1' ? '[::1]' : lab.target.hostname]) {
        await attackFrom(lab, tally, chromium, site.url(hostname));
      }
    } finally {
      await site.close();
    }
  },
};

async function attackFrom(lab: Lab, tally: Tally, chromium: Chromium, url: string): Promise<void> {
  const victim = await chromium.page();
  await victim.goto(lab.target.origin + lab.page, { waitUntil: 'load', timeout: 10_000 }).catch(() => null);
  const page = await victim.browserContext().newPage();
  const opened = await page.goto(url, { timeout: 10_000 }).catch(() => null);
  if (opened === null) throw new NotRun('the browser did not open the other site’s page');
  const network = await watch(page, (sent, fields) => resend(lab, sent, fields));
  const reached: string[] = [];
  for (const [index, way] of WAYS.entries()) {
    if (timeIsUp(lab, tally, WAYS.length - index)) break;
    const { target } = lab;
    const path = way.unsafe ? `${target.path.replace(/\/$/, '')}/lab-${crypto.randomUUID()}` : target.path;
    const mark = `lab=${crypto.randomUUID()}`;
    await sendFrom(page, way, `${target.origin}${path}${target.query}${target.query === '' ? '?' : '&'}${mark}`);
    const kinds = await network.outcome(mark, 15_000);
    for (const kind of kinds) tally.add(kind);
    if (kinds[0]?.by === 'backend') reached.push(way.name);
    if (kinds[0]?.by === 'nobody') tally.note(`${way.name} without an answer: ${kinds[0].why}`);
  }
  if (reached.length > 0) tally.note(`from ${new URL(url).hostname}: ${reached.join(', ')}`);
  await victim.browserContext().close();
}

/** The browser's own handshake once more, by a client that may read who refuses it. */
async function resend(lab: Lab, url: string, fields: readonly string[]): Promise<AnswerKind> {
  const { pathname, search } = new URL(url);
  return kindOf(await lab.sender().send({ method: 'GET', target: pathname + search, fields, body: null }));
}
