import {
  type Answer,
  ask,
  askPasskey,
  enterAgain,
  main,
  passkeysWork,
  refused as refusedIn,
  say as sayIn,
} from '../own-page.ts';

/**
 * The script of the gate's own login page (src/identity/accounts/page.ts), and of no other. Every step is a call; the
 * forms themselves go nowhere.
 */

const message = document.querySelector<HTMLElement>('#message');
const forms = document.querySelectorAll('form');
/** From the link in a mail: it stands behind `#` and is taken out of the address at once. */
const [, purpose = '', token = ''] = /^#(reset|verify)=([\w-]{1,64})$/.exec(location.hash) ?? [];

const say = (text: string, bad = false): void => sayIn(message, text, bad);
const refused = (answer: Answer): boolean => refusedIn(message, answer, 'failed');

function show(view: string): void {
  for (const form of forms) form.hidden = form.id !== view;
  document.querySelector<HTMLElement>(`#${view} input`)?.focus();
}

async function arrive(): Promise<void> {
  say('done');
  await enterAgain();
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
  const response = await askPasskey(begun['options']);
  if (response === null) return say('passkeyFailed', true);
  const answer = await ask('/login/passkey', { response });
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
if (button && passkeysWork) {
  button.hidden = false;
  button.addEventListener('click', () => void step(passkey));
}
if (!navigator.cookieEnabled) say('cookies', true);
if (purpose) history.replaceState(null, '', location.pathname + location.search);
if (purpose === 'reset') show('reset');
else if (purpose === 'verify') {
  void step(async () => {
    const { status } = await ask('/verify', { token });
    say(status === 200 ? 'verified' : status < 500 ? 'linkOver' : 'fault', status !== 200);
  });
}
