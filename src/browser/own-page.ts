import { INSTALLED, type Installed } from './install.ts';

/** What the gate's own pages share: the login page and the account page. */

export type Answer = Readonly<Record<string, unknown>> & { readonly status: number; readonly wait: number };

export const main = document.querySelector('main');
export const texts: Readonly<Record<string, string>> = JSON.parse(main?.dataset['texts'] ?? '{}');
export const mount = main?.dataset['mount'] ?? '';

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** A call to the gate; a GET without a body. Where the second door is not open yet, it waits for it. */
export async function ask(path: string, body?: object): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(mount + path, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', 'x-requested-with': 'sallyport' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (answer.code !== 'entry-required' || tries === 20) {
      return { ...answer, status: response.status, wait: Number(response.headers.get('retry-after')) };
    }
    await pause(250);
  }
}

export function say(line: HTMLElement | null, text: string, bad = false): void {
  if (!line) return;
  line.classList.toggle('bad', bad);
  line.textContent = texts[text] ?? text;
}

/** What every answer may say; true where it was dealt with. `failed`: what is said of a proof that is not right. */
export function refused(line: HTMLElement | null, { status, code, error, wait }: Answer, failed: string): boolean {
  if (status === 200) return false;
  const words: Record<string, string> = {
    ...{ name: 'badName', email: 'badEmail', password: 'weak', taken: 'taken', 'last-passkey': 'passkeyLast' },
  };
  if (code === 'limit') say(line, (texts['wait'] ?? '').replace('{seconds}', `${wait || 1}`), true);
  // Whoever keeps no cookie never gets past the second door.
  else if (code === 'entry-required') say(line, 'cookies', true);
  else say(line, words[`${error}`] ?? (status < 500 ? failed : 'fault'), true);
  return true;
}

export const installed = (): Installed | undefined => Reflect.get(self, INSTALLED);

/** Enters again as whoever is logged in now; the session key is made while we are here. */
export async function enterAgain(): Promise<void> {
  await Promise.race([installed()?.ask('login'), pause(3000)]).catch(() => {});
}

/** A passkey belongs to a name: at an address there are none. */
export const passkeysWork =
  !/^[\d.]+$|^\[/.test(location.hostname) &&
  typeof self.PublicKeyCredential?.parseRequestOptionsFromJSON === 'function';

/** What an authenticator answers to a login's challenge; null where it does not. */
export async function askPasskey(options: unknown): Promise<object | null> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON);
  return toJson(await navigator.credentials.get({ publicKey }).catch(() => null));
}

export const toJson = (credential: Credential | null): object | null =>
  credential instanceof PublicKeyCredential ? credential.toJSON() : null;
