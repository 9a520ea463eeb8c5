import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'puppeteer-core';
import { type RunningPosts, startGuardedPosts } from '../../examples/posts/fixture.ts';
import { launchBrowser } from '../browser/browsers.ts';

/** Longer than a ticket lives, so that everything has to outlast one. `SALLYPORT_SOAK_MINUTES` for a shorter look. */
const MINUTES = Number(process.env['SALLYPORT_SOAK_MINUTES'] ?? 12);
const PAUSE_MS = 10_000;

interface Heard {
  created: number;
  said: number;
  breaks: number;
}

for (const name of ['chromium', 'firefox'] as const) {
  describe(`a page left open for ${MINUTES} minutes (${name})`, () => {
    let app: RunningPosts;
    let browser: Browser;
    let page: Page;

    before(async () => {
      app = await startGuardedPosts();
      browser = await launchBrowser(name);
      page = await browser.newPage();
      await page.goto(app.url);
      await page.waitForSelector('.dot.on');
      await page.evaluate(listen);
    });

    after(async () => {
      await browser?.close();
      await app?.close();
    });

    test('P2.4 P7.1 its feed and its socket never break while tickets are renewed, and every call passes', async () => {
      const connections = app.backend.seen.filter((line) => /feed|chat/.test(line)).length;
      const end = performance.now() + MINUTES * 60_000;
      let rounds = 0;
      while (performance.now() < end) {
        rounds++;
        assert.equal(await page.evaluate(speak, rounds), 201, `call ${rounds} passes`);
        await page.waitForFunction((count) => Reflect.get(window, 'heard').created === count, {}, rounds);
        await page.waitForFunction((count) => Reflect.get(window, 'heard').said === count, {}, rounds);
        await pause(PAUSE_MS);
      }
      const heard: Heard = await page.evaluate(() => Reflect.get(window, 'heard'));
      assert.deepEqual(heard, { created: rounds, said: rounds, breaks: 0 });
      assert.equal(app.backend.seen.filter((line) => /feed|chat/.test(line)).length, connections, 'no reconnection');
    });
  });
}

// Runs in the page: a feed and a socket beside the app's own.
function listen(): Promise<void> {
  const heard: Heard = { created: 0, said: 0, breaks: 0 };
  const feed = new EventSource('/api/feed');
  const socket = new WebSocket(`ws://${location.host}/api/chat`);
  Object.assign(window, { heard, socket });
  feed.addEventListener('created', () => heard.created++);
  socket.onmessage = ({ data }) => {
    if (JSON.parse(data).kind === 'said') heard.said++;
  };
  feed.onerror = () => heard.breaks++;
  socket.onclose = () => heard.breaks++;
  const opened = (target: EventSource | WebSocket) =>
    new Promise((resolve) => target.addEventListener('open', resolve, { once: true }));
  return Promise.all([opened(feed), opened(socket)]).then(() => undefined);
}

// Runs in the page: one call and one message. Resolves to the call's status.
async function speak(round: number): Promise<number> {
  Reflect.get(window, 'socket').send(`round ${round}`);
  const response = await fetch('/api/posts', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ title: `round ${round}` }),
  });
  return response.status;
}
