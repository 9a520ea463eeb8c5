import { type Random, seeded } from '../random.ts';
import type { Made } from '../traffic.ts';
import { startVisit, type Visit, type VisitOptions } from '../visit.ts';
import { type Answer, type Conduit, createConduit } from './app.ts';

export interface People {
  readonly sessions: number;
  readonly seed: number;
  /** Networks that they come from. Default half as many as there are sessions. */
  readonly networks?: number;
}

/** When the first of them comes. */
const START = Date.parse('2026-11-20T08:00:00Z');
/** One in so many milliseconds. */
const EVERY = 20_000;

/**
 * What people do in the blog, as its page does it for them: they come by the front page or a link, look at articles, log in, write,
 * follow, go back, and wait in between. Three in a hundred do everything three times as fast, and for longer.
 */
export function conduitPeople(
  { sessions, seed, networks = Math.ceil(sessions / 2) }: People,
  app = createConduit(),
): Made[] {
  const made: Made[] = [];
  const random = seeded(seed);
  for (let number = 0; number < sessions; number++) {
    const network = random.whole(0, networks - 1);
    const start = START + number * EVERY;
    const browser = openBrowser(app, { session: `p${seed}-${number}`, network, start, random, made });
    live(browser, random);
  }
  return made;
}

/** One browser with the blog's page in it. */
export interface Browser extends Pick<Visit, 'show' | 'wait'> {
  call(method: string, target: string, body?: unknown): Answer;
  user: string;
}

export function openBrowser(app: Conduit, options: VisitOptions): Browser {
  const { note, show, wait } = startVisit(options);
  const browser: Browser = {
    user: '',
    call(method, target, body) {
      const answer = app.call(method, target, body, browser.user);
      const sent = body === undefined ? {} : { body };
      const got = answer.body === undefined ? {} : { answer: answer.body };
      note({ method, target, status: answer.status, ...sent, ...got }, 90);
      return answer;
    },
    show,
    wait,
  };
  return browser;
}

const slugsIn = ({ body }: Answer): string[] =>
  [Object(body)['articles'] ?? []].flat().map((article) => String(Object(article)['slug']));
const articleIn = ({ body }: Answer): Record<string, unknown> => ({ ...Object(Object(body)['article']) });

function live(browser: Browser, random: Random): void {
  const known: string[] = [];
  if (random.chance(0.08))
    article(browser, random, `on-garden-and-what-comes-after-${'abcdefgh'.charAt(random.whole(0, 7))}`, known);
  home(browser, random, known);
  if (random.chance(0.35)) logIn(browser, random, known);
  const steps = random.whole(1, random.chance(0.05) ? 25 : 8);
  for (let step = 0; step < steps; step++) {
    browser.wait(9000);
    const dice = random.next();
    if (dice < 0.55 && known.length > 0) article(browser, random, random.pick(known), known);
    else if (dice < 0.75) more(browser, random, known);
    else if (dice < 0.85) byTag(browser, random, known);
    else if (dice < 0.93 && browser.user !== '') write(browser, random, known);
    else home(browser, random, known);
  }
}

function home(browser: Browser, random: Random, known: string[]): void {
  browser.show('/');
  if (browser.user !== '') browser.call('GET', '/api/user');
  browser.call('GET', '/api/tags');
  const feed = browser.user !== '' && random.chance(0.6);
  known.push(
    ...slugsIn(browser.call('GET', feed ? '/api/articles/feed?limit=5&offset=0' : '/api/articles?limit=5&offset=0')),
  );
}

function more(browser: Browser, random: Random, known: string[]): void {
  known.push(...slugsIn(browser.call('GET', `/api/articles?limit=5&offset=${5 * random.whole(1, 11)}`)));
}

function byTag(browser: Browser, random: Random, known: string[]): void {
  known.push(
    ...slugsIn(browser.call('GET', `/api/articles?tag=${random.pick(['bread', 'salt', 'maps'])}&limit=5&offset=0`)),
  );
}

function logIn(browser: Browser, random: Random, known: string[]): void {
  browser.show('/login');
  browser.wait(12_000);
  const name = `reader${random.whole(1, 400)}`;
  const isNew = random.chance(0.2);
  const user = {
    email: `${name}@mail.test`,
    password: 'x'.repeat(random.whole(8, 20)),
    ...(isNew ? { username: name } : {}),
  };
  browser.call('POST', isNew ? '/api/users' : '/api/users/login', { user });
  browser.user = name;
  home(browser, random, known);
}

function article(browser: Browser, random: Random, slug: string, known: string[]): void {
  browser.show(`/article/${slug}`);
  const answer = browser.call('GET', `/api/articles/${slug}`);
  const comments = browser.call('GET', `/api/articles/${slug}/comments`);
  if (answer.status !== 200) return;
  browser.wait(25_000);
  const author = String(Object(articleIn(answer)['author'])['username']);
  if (random.chance(0.2)) {
    browser.show(`/profile/${author}`);
    browser.call('GET', `/api/profiles/${author}`);
    known.push(...slugsIn(browser.call('GET', `/api/articles?author=${author}&limit=5&offset=0`)));
    if (browser.user !== '' && random.chance(0.3))
      browser.call(random.chance(0.8) ? 'POST' : 'DELETE', `/api/profiles/${author}/follow`);
    return;
  }
  if (browser.user === '') return;
  if (random.chance(0.3)) browser.call(random.chance(0.8) ? 'POST' : 'DELETE', `/api/articles/${slug}/favorite`);
  if (random.chance(0.25)) comment(browser, random, slug, comments);
}

function comment(browser: Browser, random: Random, slug: string, comments: Answer): void {
  browser.wait(20_000);
  const said = browser.call('POST', `/api/articles/${slug}/comments`, {
    comment: { body: 'w'.repeat(random.whole(3, 400)) },
  });
  const ids = [Object(comments.body)['comments'] ?? []].flat().map((one) => String(Object(one)['id']));
  ids.push(String(Object(Object(said.body)['comment'])['id']));
  if (random.chance(0.2)) browser.call('DELETE', `/api/articles/${slug}/comments/${ids.at(-1)}`);
}

function write(browser: Browser, random: Random, known: string[]): void {
  browser.show('/editor');
  browser.wait(60_000);
  const title = `Notes of ${browser.user} on ${random.pick(['ink', 'clay', 'wool'])}`;
  const given = {
    title,
    description: 'short',
    body: 't'.repeat(random.whole(50, 3000)),
    tagList: random.chance(0.5) ? ['wood'] : [],
  };
  const answer = browser.call('POST', '/api/articles', { article: given });
  const slug = String(articleIn(answer)['slug']);
  known.push(slug);
  article(browser, random, slug, known);
}
