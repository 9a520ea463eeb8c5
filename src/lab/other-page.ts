import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'puppeteer-core';

/** A page of another origin on this machine, and what it tries. */
export interface OtherSite {
  /** `http://localhost:49152/`, under the host name asked for. */
  url(hostname: string): string;
  close(): Promise<void>;
}

/** Serves an empty page on a free loopback port. */
export async function createOtherSite(): Promise<OtherSite> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', Connection: 'close' });
    response.end('<!doctype html><html lang="en"><title>another site</title><body></body></html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // SAFETY: a TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: (hostname) => `http://${hostname}:${port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** One kind of request that a page can make a browser send elsewhere. */
export interface Way {
  readonly name: string;
  /** Changes data where it is let through: aims at a path that cannot exist. */
  readonly unsafe: boolean;
  /** Page code: an expression with `address` in scope; a promise of it ends when the page knows that all is over. */
  readonly code: string;
}

const ELEMENT = `(tag) => new Promise((resolve) => {
  const made = document.createElement(tag);
  made.onload = made.onerror = resolve;
  made.src = address;
  document.body.append(made);
})`;

/** A form loses the query of its action on GET, so its parameters are its fields. */
const FORM = `(method) => new Promise((resolve) => {
  const frame = document.createElement('iframe');
  frame.name = 'frame-' + method;
  const form = document.createElement('form');
  Object.assign(form, { method, action: address, target: frame.name });
  for (const [name, value] of new URL(address).searchParams) {
    form.append(Object.assign(document.createElement('input'), { name, value }));
  }
  document.body.append(frame, form);
  form.submit();
  setTimeout(() => { frame.onload = resolve; }, 0);
})`;

export const WAYS: readonly Way[] = [
  { name: 'fetch', unsafe: false, code: `fetch(address, { credentials: 'include' })` },
  {
    name: 'fetch with a header',
    unsafe: false,
    code: `fetch(address, { credentials: 'include', headers: { 'X-Requested-With': 'lab' } })`,
  },
  { name: 'fetch no-cors', unsafe: false, code: `fetch(address, { credentials: 'include', mode: 'no-cors' })` },
  {
    name: 'XMLHttpRequest',
    unsafe: false,
    code: `new Promise((resolve) => {
    const made = Object.assign(new XMLHttpRequest(), { onloadend: resolve });
    made.open('GET', address);
    made.withCredentials = true;
    made.send();
  })`,
  },
  { name: 'img', unsafe: false, code: `(${ELEMENT})('img')` },
  { name: 'script', unsafe: false, code: `(${ELEMENT})('script')` },
  { name: 'iframe', unsafe: false, code: `(${ELEMENT})('iframe')` },
  { name: 'form GET', unsafe: false, code: `(${FORM})('get')` },
  { name: 'form POST', unsafe: true, code: `(${FORM})('post')` },
  { name: 'sendBeacon', unsafe: true, code: `navigator.sendBeacon(address, 'lab')` },
  {
    name: 'EventSource',
    unsafe: false,
    code: `new Promise((resolve) => {
    const made = new EventSource(address, { withCredentials: true });
    made.onopen = made.onerror = () => { made.close(); resolve(); };
  })`,
  },
  {
    name: 'WebSocket',
    unsafe: false,
    code: `new Promise((resolve) => {
    const made = new WebSocket(address.replace(/^http/, 'ws'));
    made.onopen = () => made.close();
    made.onclose = resolve;
  })`,
  },
];

/** Lets the page send one request. Resolves when the page knows it is over, or after two seconds. */
export async function sendFrom(page: Page, way: Way, url: string): Promise<void> {
  const late = `new Promise((resolve) => setTimeout(resolve, 2000))`;
  const sent = `Promise.resolve(((address) => ${way.code})(${JSON.stringify(url)})).catch(() => undefined)`;
  await page.evaluate(`Promise.race([${sent}, ${late}]).then(() => undefined)`);
}
