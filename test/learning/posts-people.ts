import { request } from 'undici';
import { type Random, seeded } from './random.ts';
import type { Made } from './traffic.ts';
import { startVisit, type Visit, type VisitOptions } from './visit.ts';

/** When the first of them comes, and how far apart: milliseconds. */
const START = Date.parse('2026-11-21T08:00:00Z');
const EVERY = 15_000;

export interface PostsPeople {
  readonly sessions: number;
  readonly seed: number;
  /** Where the posts app answers. */
  readonly url: string;
}

/** What people do in the demo, as its page does it for them. The app really answers; the times are those of people. */
export async function postsPeople({ sessions, seed, url }: PostsPeople): Promise<Made[]> {
  const made: Made[] = [];
  const random = seeded(seed);
  for (let number = 0; number < sessions; number++) {
    const network = random.whole(0, sessions);
    const start = START + number * EVERY;
    const browser = createBrowser(url, { session: `d${seed}-${number}`, network, start, random, made });
    await live(browser, random);
  }
  return made;
}

interface Asked {
  readonly body?: string;
  readonly type?: string;
  readonly mode?: string;
  readonly destination?: string;
}

interface Browser extends Pick<Visit, 'show' | 'wait'> {
  ask(method: string, target: string, asked?: Asked): Promise<unknown>;
}

function createBrowser(url: string, options: VisitOptions): Browser {
  const { note, show, wait } = startVisit(options);
  return {
    async ask(method, target, { body, type = body === undefined ? '' : 'application/json', mode, destination } = {}) {
      const headers = type === '' ? {} : { 'content-type': type };
      const answer = await request(url + target, { method, headers, ...(body === undefined ? {} : { body }) });
      const isJson = String(answer.headers['content-type'] ?? '').includes('json');
      const text = await textOf(answer.body, target === '/api/feed');
      const value: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
      const call = {
        ...{ method, target, status: answer.statusCode, type },
        ...(body === undefined ? {} : { body }),
        ...(value === undefined ? {} : { answer: value }),
        ...(mode === undefined ? {} : { mode }),
        ...(destination === undefined ? {} : { destination }),
      };
      note(call, 80);
      return value;
    },
    show,
    wait,
  };
}

/** The feed goes on for ever: its head is enough. */
async function textOf(body: Awaited<ReturnType<typeof request>>['body'], isEndless: boolean): Promise<string> {
  if (!isEndless) return body.text();
  body.on('error', () => {});
  // `once` of node:events would reject: what is broken off ends with an error.
  const closed = new Promise((resolve) => body.once('close', resolve));
  body.destroy();
  await closed;
  return '';
}

const json = (value: unknown): Asked => ({ body: JSON.stringify(value) });
const idsIn = (list: unknown): number[] => [list ?? []].flat().map((post) => Number(Object(post)['id']));

async function live(browser: Browser, random: Random): Promise<void> {
  const ids = await home(browser);
  const own: number[] = [];
  const steps = random.whole(1, 7);
  for (let step = 0; step < steps; step++) {
    browser.wait(9000);
    const dice = random.next();
    const id = random.pick(ids);
    if (dice < 0.4) await browser.ask('GET', `/api/posts/${id}`);
    else if (dice < 0.55) await browser.ask('GET', `/api/search?words=${random.pick(['bread', 'river', 'home'])}`);
    else if (dice < 0.62) own.push(...(await write(browser, random)));
    else if (dice < 0.74 && own.length > 0) await browser.ask('DELETE', `/api/posts/${own.pop()}`);
    else if (dice < 0.88) await print(browser, random, id);
    else if (dice < 0.93) await browser.ask('GET', '/api/export', { mode: 'navigate', destination: 'document' });
    else await report(browser, random);
  }
}

async function home(browser: Browser): Promise<number[]> {
  browser.show('/');
  await browser.ask('GET', '/api/feed');
  const ids = idsIn(await browser.ask('GET', '/api/posts')).slice(0, 6);
  for (const id of ids)
    await browser.ask('GET', `/api/posts/${id}/image?v=0`, { mode: 'no-cors', destination: 'image' });
  return ids;
}

async function write(browser: Browser, random: Random): Promise<number[]> {
  browser.wait(40_000);
  const made = await browser.ask(
    'POST',
    '/api/posts',
    json({ title: 'A thought', text: 'w'.repeat(random.whole(5, 900)) }),
  );
  const ids = idsIn(made);
  for (const id of ids)
    await browser.ask('GET', `/api/posts/${id}/image?v=0`, { mode: 'no-cors', destination: 'image' });
  return ids;
}

async function print(browser: Browser, random: Random, post: number): Promise<void> {
  await browser.ask('POST', '/api/prints', json({ post }));
  browser.wait(6000);
  if (random.chance(0.9)) await browser.ask('POST', '/api/prints/order', json({ post }));
}

async function report(browser: Browser, random: Random): Promise<void> {
  browser.show('/report');
  browser.wait(15_000);
  const form = { type: 'application/x-www-form-urlencoded', mode: 'navigate', destination: 'document' };
  await browser.ask('POST', '/api/reports', { ...form, body: `text=${'x'.repeat(random.whole(5, 200))}` });
  await home(browser);
}
