import type { PageConfig } from '../wire/page-config.ts';
import { wrapBeacon } from './beacon.ts';
import type { Context, LoadPart } from './context.ts';
import type { Ask } from './chunks/account.ts';
import { createCoverage } from './coverage.ts';
import { createDoor } from './door.ts';
import { wrapStreams } from './facade.ts';
import { signedFetch, wrapFetch } from './fetch.ts';
import { createChunks } from './parts.ts';
import { takePlatform } from './platform.ts';
import { wrapXhr } from './xhr.ts';

/** Where the one installation of a page is found: by whoever installs again, and by the app. */
export const INSTALLED = Symbol.for('sallyport');

/** What an installation shows: keys stay inside. */
export interface Installed {
  /** See the function of this name in `sallyport/browser`. */
  readonly ask: Ask;
}

/**
 * Opens the door and covers the page's calls, once. `gate` is the origin that answers. Nothing happens where there are
 * no keys to be had (an insecure context): calls then go out as they are, and the server says what is wrong.
 */
export function installScript(config: PageConfig, gate: string, load: LoadPart): void {
  const platform = takePlatform();
  if (!platform || Reflect.get(self, INSTALLED)) return;
  const chunks = createChunks(platform, load);
  const sync = config.routes.some((route) => route.sync);
  const door = createDoor(platform, {
    ...config,
    mount: gate + config.mount,
    sync,
    chunks,
  });
  const context: Context = {
    platform,
    config,
    coverage: createCoverage(config, gate),
    door,
    gate,
    chunks,
    call: (target, request, body) => signedFetch(context, target, request, body),
    sync: undefined,
    hiding: false,
  };
  const made: Installed = Object.freeze({
    ask: ((name, given) => chunks('account').then((part) => part.createAsk(context)(name, given))) as Ask,
  });
  Object.defineProperty(self, INSTALLED, { value: made });
  for (const cover of [wrapFetch, wrapXhr, wrapStreams, wrapBeacon]) cover(context);
  if (sync) {
    chunks('sync').then(
      (loaded) => {
        context.sync = loaded;
      },
      () => {},
    );
  }
  if (self.document) watchPage(context);
}

/** Enters at once, except in a page that may never be seen; a worker enters when it calls. */
function watchPage(context: Context): void {
  const { door, chunks, config } = context;
  const enter = () => void door.ready();
  const hide = (hiding: boolean) => {
    context.hiding = hiding;
    // Awake again, perhaps after hours: the ticket may have died meanwhile.
    if (!hiding) enter();
  };
  const begin = () => {
    enter();
    config.starts?.map((name) =>
      chunks(name).then(
        ({ start }) => start(context),
        () => {},
      ),
    );
  };
  if (Reflect.get(document, 'prerendering')) document.addEventListener('prerenderingchange', begin, { once: true });
  else begin();
  self.addEventListener('pagehide', () => hide(true), true);
  self.addEventListener('pageshow', (event) => event.persisted && hide(false), true);
  document.addEventListener('visibilitychange', () => hide(document.visibilityState === 'hidden'), true);
}
