import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import puppeteer, { type Browser } from 'puppeteer-core';
import { request } from 'undici';
import { startChild } from '../lib/child.ts';
import { startDistance } from '../lib/delay.ts';
import type { Goal } from '../lib/goal.ts';
import { type Spread, spreadOf } from '../lib/pairs.ts';
import { atMost, once, shown } from '../lib/report.ts';

const ROUND_TRIP_MS = 50;
const SIGNED_CALLS = 200;
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Goal 10: what people feel, in the system's Chromium, 50 ms away from the server. */
export const page: Goal = async ({ form, rounds }) => {
  const executablePath = process.env['SALLYPORT_CHROMIUM'] ?? CHROMIUM.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('no system Chromium found; set SALLYPORT_CHROMIUM');
  const app = await startChild('page');
  let gatePort = 0;
  const nearApp = await startDistance(() => app.port, ROUND_TRIP_MS);
  const nearGate = await startDistance(() => gatePort, ROUND_TRIP_MS);
  const host = `localhost:${nearGate.port}`;
  const gate = await startChild('gate', { to: app.origin, stamp: 'require', host }, form.flags);
  gatePort = gate.port;
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  const browser = await puppeteer.launch({ executablePath, args, headless: true });
  try {
    const size = await scriptSize(gate.origin);
    const delays = await delaysOf(browser, nearApp.port, nearGate.port, rounds);
    const signing = await signingTime(browser, gate.origin);
    return [
      atMost(10, 'bytes of the page’s script, gzip', once(size), 6 * 1024),
      atMost(10, 'ms from the call to the signed request leaving the script, warm', signing, 0.2),
      atMost(
        10,
        'ms that the first API call of a page is later than without the gate, 50 ms round trip',
        delays.cold,
        60,
      ),
      shown(10, 'ms that it is later when the script is in the cache, 50 ms round trip', delays.warm),
    ];
  } finally {
    await browser.close();
    for (const distance of [nearApp, nearGate]) await distance.stop();
    for (const child of [gate, app]) await child.stop();
  }
};

async function scriptSize(origin: string): Promise<number> {
  const document = await request(origin, {
    headers: {
      accept: 'text/html',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      'sec-fetch-site': 'none',
    },
  });
  const source = /<script[^>]*\ssrc="([^"]+)"/.exec(await document.body.text())?.[1];
  if (source === undefined) throw new Error('the gate put no script into the page');
  const script = await request(new URL(source, origin));
  return gzipSync(new Uint8Array(await script.body.arrayBuffer()), { level: 9 }).length;
}

/** Pairs of page loads in fresh profiles, without and with the gate; then a second load each, from the cache. */
async function delaysOf(browser: Browser, app: number, gate: number, rounds: number) {
  const cold: number[] = [];
  const warm: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const [bare, guarded] = [await twoLoads(browser, app), await twoLoads(browser, gate)];
    if (round < 0) continue;
    cold.push(guarded.first - bare.first);
    warm.push(guarded.second - bare.second);
  }
  return { cold: spreadOf(cold), warm: spreadOf(warm) };
}

async function twoLoads(browser: Browser, port: number): Promise<{ first: number; second: number }> {
  const context = await browser.createBrowserContext();
  try {
    const tab = await context.newPage();
    await tab.goto(`http://localhost:${port}/`);
    const first = await firstCall(tab);
    await tab.goto(`http://localhost:${port}/`);
    return { first, second: await firstCall(tab) };
  } finally {
    await context.close();
  }
}

async function firstCall(tab: Awaited<ReturnType<Browser['newPage']>>): Promise<number> {
  const handle = await tab.waitForFunction('window.first');
  const { at, status } = (await handle.jsonValue()) as { at: number; status: number }; // what the page wrote there
  if (status !== 200) throw new Error(`the page's call was answered ${status}`);
  return at;
}

/** Time from the app's fetch to the native one below the script, which is put there before the script runs. */
async function signingTime(browser: Browser, origin: string): Promise<Spread> {
  const context = await browser.createBrowserContext();
  try {
    const tab = await context.newPage();
    await tab.evaluateOnNewDocument(`{
      const native = window.fetch;
      window.left = 0;
      window.fetch = function (...args) { window.left = performance.now(); return native.apply(this, args); };
    }`);
    await tab.goto(`http://localhost:${new URL(origin).port}/`);
    await firstCall(tab);
    const times = (await tab.evaluate(`(async () => {
      const times = [];
      for (let call = 0; call < ${SIGNED_CALLS}; call += 1) {
        const begun = performance.now();
        const response = await fetch('/api/posts/7');
        times.push(window.left - begun);
        if (response.status !== 200) throw new Error('answered ' + response.status);
        await response.text();
      }
      return times;
    })()`)) as number[]; // a script of ours, written as text because it runs in the page
    return spreadOf(times.slice(SIGNED_CALLS / 4));
  } finally {
    await context.close();
  }
}
