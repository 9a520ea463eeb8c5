import type { PageConfig } from '../wire/page-config.ts';
import { otherWay } from './challenge/other.ts';
import * as account from './chunks/account.ts';
import * as body from './chunks/body.ts';
import * as bound from './chunks/bound.ts';
import * as challenge from './chunks/challenge.ts';
import * as events from './chunks/events.ts';
import * as media from './chunks/media.ts';
import * as refused from './chunks/refused.ts';
import * as sealed from './chunks/sealed.ts';
import * as sealedXhr from './chunks/sealed-xhr.ts';
import * as socket from './chunks/socket.ts';
import * as sync from './chunks/sync.ts';
import * as work from './chunks/work.ts';
import * as xhr from './chunks/xhr.ts';
import type { Parts } from './context.ts';
import { installScript } from './install.ts';

/** What the gate puts in front of worker scripts: whole, because service workers cannot load parts later. */
declare const __SALLYPORT__: PageConfig;

/**
 * A service worker of the app's own is asked for everything, addresses of the gate among it: a login's way there and
 * back is for the browser itself, and who is logged in is for no cache. Scripts of a version stay the worker's, for
 * pages offline.
 */
addEventListener('fetch', (event) => {
  const request: unknown = Reflect.get(event, 'request');
  if (!(request instanceof Request)) return;
  const { origin, pathname } = new URL(request.url);
  const own = origin === self.location.origin && pathname.startsWith(`${__SALLYPORT__.mount}/`);
  if (own && !/\.(?!0+\.)\w+\.js$/.test(pathname)) event.stopImmediatePropagation();
});

try {
  // Nobody sees a worker: what a provider would show is done the other way.
  const parts: Parts = {
    account,
    body,
    bound,
    captcha: { solve: otherWay },
    challenge,
    events,
    // No hand is on a worker.
    interaction: { start() {} },
    media,
    refused,
    sealed,
    'sealed-xhr': sealedXhr,
    socket,
    sync,
    work,
    xhr,
  };
  installScript(__SALLYPORT__, self.location.origin, async (name) => parts[name]);
} catch {}
