import { existsSync } from 'node:fs';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { startChild } from '../lib/child.ts';
import type { Goal } from '../lib/goal.ts';
import { type Spread, spreadOf } from '../lib/pairs.ts';
import { atLeast, atMost, once, type Result, shown } from '../lib/report.ts';
import { slowDown } from '../lib/slow.ts';

/** How much slower than this machine people's oldest one is taken to be. */
const SLOWER = 6;
/** By which a figure says something of such a machine. */
const LEAST = 5.7;
/** Calls of each kind for each round that was asked for: a 95th percentile needs some hundred. */
const SAMPLES = 12;
const MOST_MS = 300;
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** What a page is asked for, and where. */
interface Asked {
  readonly name: string;
  readonly path: string;
  /** How busy the gate says it is. */
  readonly load: number;
  readonly puzzles: number;
}

const ASKED: readonly Asked[] = [
  { name: 'always, at rest', path: '/api/always', load: 0, puzzles: 4 },
  { name: 'auto, at most, of a gate that is overloaded', path: '/api/auto', load: 0.95, puzzles: 8 },
];

/** Goal 17: what a proof of work takes people, from the app's call to its answer, in a browser that is six times slower as a whole. */
export const challenge: Goal = async ({ form, rounds }) => {
  const executablePath = process.env['SALLYPORT_CHROMIUM'] ?? CHROMIUM.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('no system Chromium found; set SALLYPORT_CHROMIUM');
  const app = await startChild('page');
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  const browser = await puppeteer.launch({ executablePath, args, headless: true });
  try {
    const group = browser.process()?.pid;
    if (group === undefined || process.platform === 'win32') throw new Error('there is no process group to slow down');
    const results: Result[] = [];
    const slower = await slownessOf(browser, group, app.origin, rounds);
    // On a machine that others use, a group that was held back gets their time when it goes on, and is hardly slower than before.
    if (slower.ratio < LEAST)
      throw new Error(
        `the browser got ${slower.ratio.toFixed(1)} times slower, not ${SLOWER}: others use this machine`,
      );
    results.push(atLeast(17, 'times slower is the browser’s worker, by a loop of its own', slower, LEAST));
    const plain: number[] = [];
    for (const asked of ASKED) {
      const gate = await startChild('challenge', { to: app.origin, load: String(asked.load) }, form.flags);
      try {
        const throttled = await timesOf(browser, throttle, gate.port, asked, SAMPLES * rounds);
        const tools = `ms of a call that is asked: ${asked.name}, DevTools’ throttling by ${SLOWER}`;
        results.push(atMost(17, `${tools}, 95th percentile`, percentile(throttled.asked), MOST_MS));
        const times = await timesOf(browser, () => slowDown(group, SLOWER), gate.port, asked, SAMPLES * rounds);
        plain.push(...times.plain);
        const what = `ms of a call that is asked: ${asked.name}, ${SLOWER} times slower`;
        results.push(
          shown(17, `${what}, median`, spreadOf(times.asked)),
          atMost(17, `${what}, 95th percentile`, percentile(times.asked), MOST_MS),
        );
      } finally {
        await gate.stop();
      }
    }
    results.push(
      shown(17, `ms of a signed call that is asked for nothing, ${SLOWER} times slower, median`, spreadOf(plain)),
    );
    return results;
  } finally {
    await browser.close();
    await app.stop();
  }
};

/** The 95th percentile, with none of its own. */
const percentile = (times: readonly number[]): Spread =>
  once(times.toSorted((one, other) => one - other)[Math.ceil(times.length * 0.95) - 1] ?? Number.NaN);

/** Slows down whoever makes the calls, until it is let go. */
type Slow = (tab: Page) => Promise<{ letGo(): Promise<void> }>;

/** What DevTools do: the page's main thread alone, not its worker. */
const throttle: Slow = async (tab) => {
  await tab.emulateCPUThrottling(SLOWER);
  return { letGo: () => tab.emulateCPUThrottling(null) };
};

interface Times {
  readonly asked: readonly number[];
  readonly plain: readonly number[];
}

/** Each in a fresh profile and a fresh page, which has loaded nothing of what the step needs and has no worker. */
async function timesOf(browser: Browser, slow: Slow, port: number, asked: Asked, count: number): Promise<Times> {
  const times: Times & Record<keyof Times, number[]> = { asked: [], plain: [] };
  for (let sample = -1; sample < count; sample += 1) {
    const context = await browser.createBrowserContext();
    try {
      const tab = await context.newPage();
      await tab.evaluateOnNewDocument(NOTE_ASKED);
      await tab.goto(`http://localhost:${port}/`);
      await tab.waitForFunction('window.first');
      const slowed = await slow(tab);
      const [plain, time] = [await timeOf(tab, '/api/plain'), await timeOf(tab, asked.path)];
      await slowed.letGo();
      const puzzles = await tab.evaluate('window.puzzles');
      if (puzzles !== asked.puzzles) throw new Error(`${asked.name}: ${puzzles} puzzles, not ${asked.puzzles}`);
      if (sample < 0) continue;
      times.plain.push(plain);
      times.asked.push(time);
    } finally {
      await context.close();
    }
  }
  return times;
}

/** Below the page's script: how much a challenge asks for. */
const NOTE_ASKED = `{
  const native = window.fetch;
  window.fetch = async function (...args) {
    const response = await native.apply(this, args);
    if (response.status === 403) window.puzzles = (await response.clone().json()).challenge?.parameters.puzzles;
    return response;
  };
}`;

async function timeOf(tab: Page, path: string): Promise<number> {
  const answered = (await tab.evaluate(`(async () => {
    const begun = performance.now();
    const { status } = await fetch('${path}');
    return { time: performance.now() - begun, status };
  })()`)) as { time: number; status: number }; // a script of ours
  if (answered.status !== 200) throw new Error(`${path} was answered ${answered.status}`);
  return answered.time;
}

/** How much slower a worker of a page gets: a loop in turn at full speed and slowed down. */
async function slownessOf(browser: Browser, group: number, origin: string, rounds: number): Promise<Spread> {
  const tab = await browser.newPage();
  try {
    await tab.goto(origin);
    await tab.evaluate(`window.loop = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(LOOP)}])))`);
    const loop = (): Promise<number> =>
      tab.evaluate(`new Promise((done) => {
        window.loop.onmessage = ({ data }) => done(data);
        window.loop.postMessage('');
      })`) as Promise<number>;
    await loop();
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const fast = await loop();
      const slowed = await slowDown(group, SLOWER);
      const slow = await loop();
      await slowed.letGo();
      ratios.push(slow / fast);
    }
    return spreadOf(ratios);
  } finally {
    await tab.close();
  }
}

/** Some fifty milliseconds of what a solver does. */
const LOOP = `onmessage = async () => {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(20), 'PBKDF2', false, ['deriveBits']);
  const begun = performance.now();
  for (let count = 0; count < 100; count += 1)
    await crypto.subtle.deriveBits({ name: 'PBKDF2', salt: new Uint8Array(16), iterations: 1000, hash: 'SHA-256' }, key, 256);
  postMessage(performance.now() - begun);
};`;
