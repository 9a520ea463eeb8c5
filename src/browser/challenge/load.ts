import type { ChallengeParameters } from '../../wire/challenge.ts';
import type { Widget } from './widgets.ts';

/** Loads each provider's script once, and again only after it failed. */
const loading = new Map<string, Promise<void>>();

/** Settles when the provider's interface is there. Rejects where the script cannot be had: a blocker, a policy, no network. */
export async function load(widget: Widget, parameters: ChallengeParameters): Promise<void> {
  // The page itself, or another part of it, may have loaded it long ago.
  if (widget.api()) return;
  const address = `${parameters['script']}`;
  let started = loading.get(address);
  if (!started) {
    started = underWay(address).then(() => (widget.api() ? undefined : insert(address, widget.query(parameters))));
    loading.set(address, started);
    started.catch(() => loading.delete(address));
  }
  return started;
}

/**
 * Settles at once unless the page itself is loading this script (`everyPage`, or the app's own element), and else when that
 * has ended, however it has: a page counts as loaded once all scripts that came with it have run or failed.
 */
function underWay(address: string): Promise<void> {
  const { href } = new URL(address);
  const element = [...document.scripts].find(({ src }) => src.split('?')[0] === href);
  if (!element || document.readyState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => resolve();
    element.addEventListener('load', done);
    element.addEventListener('error', done);
    self.addEventListener('load', done);
  });
}

function insert(address: string, query: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    const ready = `sallyport${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    const url = new URL(address);
    for (const [name, value] of Object.entries({ ...query, onload: ready })) url.searchParams.set(name, value);
    const script = document.createElement('script');
    // Policies by nonce let in what carries it, and providers hand it on to what they load in turn.
    script.nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? '';
    script.async = true;
    script.onerror = () => {
      script.remove();
      Reflect.deleteProperty(self, ready);
      reject(new Error('blocked'));
    };
    Reflect.set(self, ready, () => {
      Reflect.deleteProperty(self, ready);
      resolve();
    });
    script.src = url.href;
    document.head.append(script);
  });
}
