import { INSTALLED, type Installed } from '../install.ts';

/**
 * The script of the gate's own login page (src/identity/accounts/page.ts), and of no other. Every step is a call; the
 * forms themselves go nowhere.
 */

type Answer = Readonly<Record<string, unknown>> & { readonly status: number; readonly wait: number };

const main = document.querySelector('main');
const texts: Readonly<Record<string, string>> = JSON.parse(main?.dataset['texts'] ?? '{}');
const mount = main?.dataset['mount'] ?? '';
const message = document.querySelector<HTMLElement>('#message');
const forms = document.querySelectorAll('form');
/** From the link in a mail: it stands behind `#` and is taken out of the address at once. */
const [, purpose = '', token = ''] = /^#(reset|verify)=([\w-]{1,64})$/.exec(location.hash) ?? [];

function say(text: string, bad = false): void {
  if (!message) return;
  message.className = bad ? 'bad' : '';
  message.textContent = texts[text] ?? text;
}

function show(view: string): void {
  for (const form of forms) form.hidden = form.id !== view;
  document.querySelector<HTMLElement>(`#${view} input`)?.focus();
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** A call to the gate. Where the second door is not open yet, it waits for it. */
async function ask(path: string, body: object): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(mount + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-requested-with': 'sallyport' },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (answer.code !== 'entry-required' || tries === 20) {
      return { ...answer, status: response.status, wait: Number(response.headers.get('retry-after')) };
    }
    await pause(250);
  }
}

/** What every answer may say; true where it was dealt with. */
function refused({ status, code, error, wait }: Answer): boolean {
  if (status === 200) return false;
  const words: Record<string, string> = { name: 'badName', email: 'badEmail', password: 'weak', taken: 'taken' };
  if (code === 'limit') say((texts['wait'] ?? '').replace('{seconds}', `${wait || 1}`), true);
  else say(words[`${error}`] ?? (status < 500 ? 'failed' : 'fault'), true);
  return true;
}

async function arrive(): Promise<void> {
  say('done');
  // The session key is made while we are here; the page that follows finds the login.
  const installed: Installed | undefined = Reflect.get(self, INSTALLED);
  if (installed) await Promise.race([installed.ask('login'), pause(3000)]).catch(() => {});
  location.replace(main?.dataset['return'] ?? '/');
}

async function next(answer: Answer): Promise<void> {
  if (refused(answer)) return;
  if (answer['user']) return arrive();
  if (answer['next'] === 'second-factor') {
    say('');
    return show('factor');
  }
  say('verifySent');
  show('login');
}

const steps: Readonly<Record<string, (fields: Record<string, FormDataEntryValue>) => Promise<void>>> = {
  login: async (fields) => next(await ask('/login', fields)),
  factor: async (fields) => {
    const answer = await ask('/login/second-factor', fields);
    // It took too long: the password has to be shown again.
    if (answer['code'] === 'login-required') show('login');
    return next(answer);
  },
  signup: async (fields) => next(await ask('/signup', fields)),
  forgot: async (fields) => {
    if (refused(await ask('/password/reset', fields))) return;
    say('sent');
    show('login');
  },
  reset: async ({ password }) => {
    const answer = await ask('/password/reset', { token, password });
    if (answer['code'] === 'login-failed') return say('linkOver', true);
    if (refused(answer)) return;
    say('saved');
    show('login');
  },
};

async function passkey(): Promise<void> {
  const begun = await ask('/login/passkey/options', {});
  if (refused(begun)) return;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    begun['options'] as PublicKeyCredentialRequestOptionsJSON,
  );
  const credential = await navigator.credentials.get({ publicKey }).catch(() => null);
  if (!(credential instanceof PublicKeyCredential)) return say('passkeyFailed', true);
  const answer = await ask('/login/passkey', { response: credential.toJSON() });
  if (answer['code'] === 'login-failed') return say('passkeyFailed', true);
  return next(answer);
}

/** One step at a time. */
async function step(act: () => Promise<void>): Promise<void> {
  if (main?.ariaBusy === 'true') return;
  if (main) main.ariaBusy = 'true';
  say('working');
  await act().catch(() => say('fault', true));
  if (main) main.ariaBusy = 'false';
}

for (const form of forms) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void step(async () => steps[form.id]?.(Object.fromEntries(new FormData(form))));
  });
}
for (const button of document.querySelectorAll<HTMLElement>('[data-view]')) {
  button.addEventListener('click', () => {
    say('');
    show(button.dataset['view'] ?? 'login');
  });
}
const button = document.querySelector<HTMLElement>('#passkey');
// A passkey belongs to a name: at an address there are none.
const named = !/^[\d.]+$|^\[/.test(location.hostname);
if (button && named && typeof self.PublicKeyCredential?.parseRequestOptionsFromJSON === 'function') {
  button.hidden = false;
  button.addEventListener('click', () => void step(passkey));
}
if (purpose) history.replaceState(null, '', location.pathname + location.search);
if (purpose === 'reset') show('reset');
else if (purpose === 'verify') {
  void step(async () => {
    const { status } = await ask('/verify', { token });
    say(status === 200 ? 'verified' : status < 500 ? 'linkOver' : 'fault', status !== 200);
  });
}
