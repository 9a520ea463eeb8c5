import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
];
/** Sessions that are there at one time, and calls of each. */
const AT_ONCE = 600;
const CALLS = 12;
const BATCH = 5000;

interface Visitor {
  readonly address: string;
  readonly agent: string;
  left: number;
  article: number;
}

/**
 * Writes an access log in combined form: visitors of a blog with five thousand articles come, look at some, and go. The same
 * every time.
 */
export async function writeAccessLog(file: string, lines: number): Promise<void> {
  const out = createWriteStream(file);
  const random = numbers(7);
  const visitors = Array.from({ length: AT_ONCE }, () => newVisitor(random));
  const start = Date.parse('2026-11-20T08:00:00Z');
  let batch = '';
  for (let line = 1; line <= lines; line++) {
    const at = Math.floor(random() * AT_ONCE);
    let visitor = visitors[at] ?? newVisitor(random);
    if (visitor.left === 0) visitor = newVisitor(random);
    visitors[at] = visitor;
    batch += `${visitor.address} - - [${dateOf(start + line * 40)}] "${callOf(visitor, random)} HTTP/1.1" 200 1830 "https://app.test/" "${visitor.agent}"\n`;
    if (line % BATCH === 0 || line === lines) {
      if (!out.write(batch)) await once(out, 'drain');
      batch = '';
    }
  }
  out.end();
  await once(out, 'close');
}

function newVisitor(random: () => number): Visitor {
  const [a, b] = [Math.floor(random() * 100), Math.floor(random() * 250)];
  const agent = AGENTS[Math.floor(random() * AGENTS.length)] ?? '';
  return { address: `198.18.${a}.${b + 1}`, agent, left: 1 + Math.floor(random() * 2 * CALLS), article: 0 };
}

/** The front page first, then articles with what belongs to them. */
function callOf(visitor: Visitor, random: () => number): string {
  visitor.left -= 1;
  if (visitor.article === 0) {
    visitor.article = 1 + Math.floor(random() * 5000);
    return random() < 0.5 ? 'GET /api/tags' : 'GET /api/articles?limit=10&offset=0';
  }
  const path = `/api/articles/on-a-thing-that-happened-${visitor.article}`;
  const dice = random();
  if (dice < 0.35) return `GET ${path}`;
  if (dice < 0.6) return `GET ${path}/comments`;
  if (dice < 0.65) return `POST ${path}/comments`;
  if (dice < 0.7) return `DELETE ${path}/comments/${1 + Math.floor(random() * 90_000)}`;
  visitor.article = 0;
  return 'GET /api/articles/feed?limit=10&offset=0';
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function dateOf(time: number): string {
  const text = new Date(time).toISOString();
  return `${text.slice(8, 10)}/${MONTHS[Number(text.slice(5, 7)) - 1]}/${text.slice(0, 4)}:${text.slice(11, 19)} +0000`;
}

/** mulberry32 */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
