import { looksLikeKey, parseKey } from '../../wire/key.ts';
import { kindOf } from '../answer.ts';
import { attempt } from '../attempts.ts';
import type { RawRequest } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { callInPage, openPage } from '../page-calls.ts';
import type { Tally } from '../tally.ts';

const TRIES = 10;
const IN_PAGE = 2;
const MOST_SCRIPTS = 30;
const KEYS = /sp[ksh]_[0-9A-Za-z]{60}(?![0-9A-Za-z])/g;
const SCRIPTS = /<script[^>]*\ssrc=["']?([^"'\s>]+)|<link[^>]*\shref=["']?([^"'\s>]+\.m?js)\b/gi;

/** What scanners do all day: reads the page and its scripts, and uses what looks like a key as any program would. */
export const leakedKey: Attacker = {
  name: 'leaked-key',
  group: 'keys',
  title: 'key left in a bundle',
  how: 'API keys found in the page and its scripts, sent as Authorization by a program, without anything a browser would add, and by the page’s own fetch in a real browser.',
  possible:
    'A key that lies in the page’s own code gets in by any program, as far as its scopes go, until it is revoked',
  async run(lab, tally) {
    const keys = await keysInPage(lab);
    if (keys.length === 0) throw new NotRun('no API key of the gate lies in the page or its scripts');
    tally.note(`${keys.length} found: ${keys.map((key) => key.slice(0, 15)).join(', ')}`);
    const sender = lab.sender();
    await attempt(lab, tally, sender, TRIES, (index) => withKey(lab, keys[index % keys.length] ?? ''));
    if (tally.admitted > 0)
      tally.note('a program with the key is what keys are for: nothing tells it from their owner’s');
    await fromPage(lab, tally, keys);
  },
};

/** The page itself uses the key: what gives a leaked one away. Whether it does is a remark where there is no browser. */
async function fromPage(lab: Lab, tally: Tally, keys: readonly string[]): Promise<void> {
  try {
    const { page } = await openPage(lab, await lab.chromium());
    const refused = new Set<string>();
    for (const key of keys) {
      for (const answer of await callInPage(page, lab, IN_PAGE, { Authorization: `Bearer ${key}` })) {
        const kind = kindOf(answer);
        tally.add(kind);
        if (kind.by === 'gate') refused.add(kind.code);
      }
    }
    await page.browserContext().close();
    if (refused.has('key-in-browser'))
      tally.note('from a page it is refused, and that raises the alarm that names the key');
  } catch (error) {
    if (!(error instanceof NotRun)) throw error;
    tally.note(`not tried from a page: ${error.message}`);
  }
}

function withKey(lab: Lab, key: string): RawRequest {
  const { authority, path, query } = lab.target;
  const fields = ['Host', authority, 'Accept', '*/*', 'Authorization', `Bearer ${key}`];
  return { method: lab.method, target: path + query, fields, body: null };
}

/** Whose checksum fits, each once. */
async function keysInPage(lab: Lab): Promise<readonly string[]> {
  const found = new Set<string>();
  const look = (text: string): void => {
    for (const [key] of text.matchAll(KEYS)) if (looksLikeKey(key) && parseKey(key) !== 'typo') found.add(key);
  };
  const page = await load(lab, lab.page, 'document');
  look(page);
  const base = new URL(lab.page, lab.target.origin);
  const scripts = [...page.matchAll(SCRIPTS)]
    .map((match) => URL.parse(match[1] ?? match[2] ?? '', base.href))
    .filter((url) => url?.origin === base.origin)
    .slice(0, MOST_SCRIPTS);
  for (const url of scripts)
    if (url !== null && lab.now() < lab.until) look(await load(lab, url.pathname + url.search, 'script'));
  return [...found];
}

async function load(lab: Lab, target: string, dest: string): Promise<string> {
  const fields = [
    'Host',
    lab.target.authority,
    'Accept',
    '*/*',
    'Sec-Fetch-Dest',
    dest,
    'Sec-Fetch-Site',
    'same-origin',
  ];
  const answer = await lab.sender().send({ method: 'GET', target, fields, body: null });
  return Buffer.from(answer.body).toString('latin1');
}
