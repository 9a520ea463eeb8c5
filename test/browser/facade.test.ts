import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from '../../src/browser/context.ts';
import { wrapStreams } from '../../src/browser/facade.ts';

/** EventSource and WebSocket in a page to which their parts do not come. */

class Native extends EventTarget {}

interface Page {
  /** Whether parts come. */
  comes: boolean;
  readonly asked: string[];
  readonly pauses: number[];
  /** What was connected. */
  readonly connected: string[];
  /** Lets a pause end. */
  pass(): Promise<void>;
  make(name: 'EventSource' | 'WebSocket'): EventTarget & { readyState: number; close(): void };
}

function open(): Page {
  const waiting: (() => void)[] = [];
  const self = {
    EventSource: class extends Native {},
    WebSocket: class extends Native {},
    location: { href: 'http://a/' },
  };
  Reflect.set(globalThis, 'self', self);
  const page: Page = {
    comes: false,
    asked: [],
    pauses: [],
    connected: [],
    async pass() {
      waiting.shift()?.();
      await new Promise(setImmediate);
    },
    make(name) {
      const { [name]: Shape } = self;
      return Reflect.construct(Shape, ['/api/feed']);
    },
  };
  const context = {
    platform: {
      later(run: () => void, milliseconds: number) {
        page.pauses.push(milliseconds);
        waiting.push(run);
      },
    },
    coverage: () => ({ method: '', path: '' }),
    async chunks(name: string) {
      page.asked.push(name);
      if (!page.comes) throw new TypeError('the network broke');
      return { connect: async () => void page.connected.push(name) };
    },
  };
  // Of a page's context they use these alone.
  wrapStreams(context as unknown as Context);
  return page;
}

const eventsOf = (target: EventTarget): string[] => {
  const seen: string[] = [];
  for (const type of ['open', 'error', 'close']) target.addEventListener(type, () => seen.push(type));
  return seen;
};

test('P7.1 an EventSource whose part does not come tries on, as one whose connection is not made, until it does', async () => {
  const page = open();
  const feed = page.make('EventSource');
  const seen = eventsOf(feed);
  await page.pass();
  assert.deepEqual([feed.readyState, seen[0]], [0, 'error']);
  await page.pass();
  await page.pass();
  assert.equal(page.asked.length, 3);
  assert.deepEqual(page.pauses, [3000, 3000, 3000]);
  page.comes = true;
  await page.pass();
  assert.deepEqual(page.connected, ['events']);
  await page.pass();
  assert.equal(page.asked.length, 4, 'connected once');
});

test('one that the app closes meanwhile is not heard of again', async () => {
  const page = open();
  const feed = page.make('EventSource');
  const seen = eventsOf(feed);
  feed.close();
  await page.pass();
  assert.deepEqual([feed.readyState, seen, page.pauses], [2, [], []]);
  const later = page.make('EventSource');
  await page.pass();
  later.close();
  await page.pass();
  assert.equal(page.asked.length, 2);
});

test('P7.1 a WebSocket whose part does not come is over, and the app’s next one is tried', async () => {
  const page = open();
  const socket = page.make('WebSocket');
  const seen = eventsOf(socket);
  await page.pass();
  assert.deepEqual([socket.readyState, seen], [3, ['error', 'close']]);
  await page.pass();
  assert.equal(page.asked.length, 1);
  page.comes = true;
  page.make('WebSocket');
  await page.pass();
  assert.deepEqual(page.connected, ['socket']);
});
