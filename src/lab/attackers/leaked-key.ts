import { looksLikeKey, parseKey } from '../../wire/key.ts';
import { attempt } from '../attempts.ts';
import type { RawRequest } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';

const TRIES = 10;
const MOST_SCRIPTS = 30;
const KEYS = /sp[ksh]_[0-9A-Za-z]{60}(?![0-9A-Za-z])/g;
const SCRIPTS = /<script[^>]*\ssrc=["']?([^"'\s>]+)|<link[^>]*\shref=["']?([^"'\s>]+\.m?js)\b/gi;

/** What scanners do all day: reads the page and its scripts, and uses what looks like a key as any program would. */
export const leakedKey: Attacker = {
  name: 'leaked-key',
  title: 'key left in a bundle',
  how: 'API keys found in the page and its scripts, sent as Authorization without anything a browser would add.',
  possible: 'A key that lies in the page’s own code gets in',
  async run(lab, tally) {
    const keys = await keysInPage(lab);
    if (keys.length === 0) throw new NotRun('no API key of the gate lies in the page or its scripts');
    tally.note(`${keys.length} found: ${keys.map((key) => key.slice(0, 15)).join(', ')}`);
    const sender = lab.sender();
    await attempt(lab, tally, sender, TRIES, (index) => withKey(lab, keys[index % keys.length] ?? ''));
  },
};

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
