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
    started = insert(address, widget.query(parameters));
    loading.set(address, started);
    started.catch(() => loading.delete(address));
  }
  return started;
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
