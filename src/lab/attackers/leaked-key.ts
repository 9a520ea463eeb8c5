import { looksLikeKey, parseKey } from '../../wire/key.ts';
import { kindOf } from '../answer.ts';
import { attempt } from '../attempts.ts';
import type { RawRequest } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NO_KEYS, NotRun } from '../not-run.ts';
import { callInPage, openPage } from '../page-calls.ts';
import type { Tally } from '../tally.ts';
import { targetAt } from '../target.ts';

/** What may be printed of a key: kind and id. */
const named = (key: string): string => key.slice(0, 15);

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
  how: 'API keys found in the page and its scripts, or where there are none, one that was issued for this run and treated as if it had lain there: sent as Authorization by a program, without anything a browser would add, and by the page’s own fetch in a real browser.',
  steps: ['a search for keys in the page’s own files', 'any program that sends requests'],
  possible:
    'Whoever finds a key in the page’s own code gets in with it by any program, as far as its scopes go, until it is revoked',
  async run(lab, tally) {
    const found = await keysInPage(lab);
    const { issued } = lab;
    if (found.length > 0) tally.note(`${found.length} found: ${found.map(named).join(', ')}`);
    else if (issued === null) throw new NotRun(`none lies in the page or its scripts, and ${NO_KEYS}`);
    else tally.note(`none lies in the page or its scripts: tried with ${named(issued.bearer)}, issued for this run`);
    const own = found.length === 0 && issued !== null;
    const keys = own ? [issued.bearer] : found;
    const at = own ? { ...lab, method: 'GET', target: targetAt(lab.target, issued.at) } : lab;
    await attempt(lab, tally, lab.sender(), TRIES, (index) => withKey(at, keys[index % keys.length] ?? ''));
    if (tally.admitted > 0)
      tally.note('a program with the key is what keys are for: nothing tells it from their owner’s');
    await fromPage(at, tally, keys);
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
