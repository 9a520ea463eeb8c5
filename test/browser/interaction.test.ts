import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { createHands, type HandEvent, type Hands } from '../../src/browser/hands.ts';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until } from './until.ts';

type Rest = Partial<Omit<HandEvent, 'type' | 'timeStamp'>>;

/** A hand, and a clock that its events turn. */
function createHand(tick = 0.1): Hands & { does(after: number, type: string, rest?: Rest): boolean } {
  const hands = createHands();
  let now = 5000.3;
  return {
    ...hands,
    does(after, type, rest = {}) {
      now += after;
      return hands.hear({ type, isTrusted: true, ...rest, timeStamp: Math.floor(now / tick) * tick });
    },
  };
}

describe('what is counted of a hand', () => {
  test('a pointer that moves is one movement, until it rests', () => {
    const hand = createHand();
    for (let move = 0; move < 500; move += 1) hand.does(16, 'pointermove');
    assert.equal(hand.take()?.moments, 1);
    for (let move = 0; move < 5; move += 1) hand.does(400, 'pointermove');
    assert.deepEqual(hand.take(), { moments: 5, forged: 0, gaps: 4, spread: 0, presses: 0, instant: 0 });
  });

  test('pauses are of one kind of event, and those of a person spread', () => {
    const hand = createHand();
    for (const pause of [300, 900, 2500, 400, 1200, 700]) {
      hand.does(pause, 'scroll');
      hand.does(50, 'focusin');
    }
    const told = hand.take();
    assert.equal(told?.moments, 12);
    assert.equal(told.gaps, 10);
    assert.ok(told.spread > 50 && told.spread < 100, `${told.spread}`);
  });

  test('who reads for long has not paused, but stopped', () => {
    const hand = createHand();
    for (let time = 0; time < 4; time += 1) hand.does(9000, 'scroll');
    assert.deepEqual(hand.take(), { moments: 4, forged: 0, gaps: 0, spread: 0, presses: 0, instant: 0 });
  });

  test('presses of a hand last, those of a program do not', () => {
    const hand = createHand();
    for (const kind of ['pointer', 'key']) {
      hand.does(700, `${kind}down`);
      hand.does(90, `${kind}up`);
      hand.does(700, `${kind}down`);
      hand.does(0.5, `${kind}up`);
    }
    const told = hand.take();
    assert.equal(told?.presses, 4);
    assert.equal(told.instant, 2);
  });

  const spared: readonly (readonly [who: string, act: (hand: ReturnType<typeof createHand>) => void, tick?: number])[] =
    [
      [
        'whoever types so fast that keys overlap',
        (hand) => {
          hand.does(120, 'keydown');
          hand.does(80, 'keydown');
          hand.does(4, 'keyup');
          hand.does(70, 'keyup');
        },
      ],
      [
        'whoever types on glass, where keys take no time',
        (hand) => {
          hand.does(300, 'pointerdown', { pointerType: 'touch' });
          hand.does(1, 'pointercancel', { pointerType: 'touch' });
          hand.does(300, 'keydown');
          hand.does(0, 'keyup');
        },
      ],
      [
        'whoever’s browser rounds its clock to tenths of a second',
        (hand) => {
          hand.does(300, 'keydown');
          hand.does(3, 'keyup');
        },
        100,
      ],
      [
        'whoever leaves the window with a key down',
        (hand) => {
          hand.does(300, 'keydown');
          hand.does(50, 'blur');
          hand.does(1, 'keyup');
        },
      ],
    ];
  for (const [who, act, tick] of spared)
    test(`no press is measured of ${who}`, () => {
      const hand = createHand(tick);
      act(hand);
      const told = hand.take();
      assert.ok(told !== null && told.moments > 0);
      assert.equal(told.presses, 0);
    });

  test('what a script of the page does is told apart, and a click of a device is no second press', () => {
    const hand = createHand();
    assert.equal(hand.does(600, 'click'), false);
    assert.equal(hand.does(600, 'click', { isTrusted: false }), true);
    hand.does(600, 'keydown', { isTrusted: false });
    hand.does(600, 'keydown');
    assert.deepEqual(hand.take(), { moments: 3, forged: 2, gaps: 1, spread: 0, presses: 0, instant: 0 });
  });

  test('a key that is held down is one', () => {
    const hand = createHand();
    hand.does(300, 'keydown');
    for (let time = 0; time < 40; time += 1) hand.does(33, 'keydown', { repeat: true });
    assert.equal(hand.take()?.moments, 1);
  });

  test('nothing was done: nothing is told, and what was told is not told again', () => {
    const hand = createHand();
    assert.equal(hand.take(), null);
    hand.does(10, 'scroll');
    assert.equal(hand.take()?.moments, 1);
    assert.equal(hand.take(), null);
  });
});

const BEHAVIOUR = { note: '1 in 100', interaction: true };

describeBrowsers('hands in a page', (browser) => {
  let site: Site;
  let page: Page;
  const told = () => site.decisions.filter(({ path }) => path === '/_sallyport/interaction');

  before(async () => {
    site = await startSite({ config: { behaviour: BEHAVIOUR } });
    page = await browser.page();
  });
  after(() => site?.close());

  /** As a browser does when the tab is left. */
  const leave = (): Promise<void> =>
    page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      Reflect.deleteProperty(document, 'visibilityState');
      document.dispatchEvent(new Event('visibilitychange'));
    });

  test('a page in which nothing is done tells nothing; one that is used tells it, signed, when it is left', async () => {
    const started = page.waitForResponse((response) =>
      /\/interaction\.[0-9a-f]{16}\.js$/.test(new URL(response.url()).pathname),
    );
    await page.goto(`${site.url}/?body=<input>`);
    await started;
    await leave();
    await page.type('input', 'a word');
    await page.click('input');
    // The part has listened since it came: what is told is told once.
    await until(() => {
      void leave();
      return told().length > 0;
    });
    assert.deepEqual(told()[0], {
      outcome: 'admit',
      code: '',
      method: 'POST',
      path: '/_sallyport/interaction',
    });
  });

  test('where policy does not ask for it, no part of it is loaded', async () => {
    const plain = await startSite();
    const other = await browser.newPage();
    try {
      const asked: string[] = [];
      other.on('request', (request) => void asked.push(new URL(request.url()).pathname));
      await other.goto(`${plain.url}/`);
      await other.evaluate(async () => (await fetch('/api/echo')).status);
      assert.ok(asked.includes('/api/echo'));
      assert.deepEqual(
        asked.filter((path) => path.includes('interaction')),
        [],
      );
    } finally {
      await other.close();
      await plain.close();
    }
  });
});
