import {
  type Answer,
  ask,
  askPasskey,
  enterAgain,
  installed,
  main,
  mount,
  passkeysWork,
  refused,
  say,
  texts,
  toJson,
} from '../own-page.ts';

/** The script of the gate's own account page (src/identity/account-page), and of no other. */

type Fields = Readonly<Record<string, FormDataEntryValue>>;
type Row = Readonly<Record<string, unknown>>;

const find = (id: string): HTMLElement | null => document.getElementById(id);
const lineOf = (part: string): HTMLElement | null => find(`${part}-said`) ?? find('message');
const fill = (text: string, name: string, value: unknown): string =>
  (texts[text] ?? '').replace(`{${name}}`, () => `${value}`);
const rows = (answer: Answer, name: string): readonly Row[] => (Array.isArray(answer[name]) ? answer[name] : []);

const dates = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
const dateOf = (time: unknown): string => dates.format(new Date(time as string | number));

/** Who vouches for this person: `accounts`, or a provider's name. */
let source = '';
/** Whether a login asks for a code as well. */
let factor = false;
let hasPassword = true;

/** What is hidden is not asked for either. */
function reveal(element: Element | null, shown: boolean): void {
  if (!(element instanceof HTMLElement)) return;
  element.hidden = !shown;
  for (const field of element.querySelectorAll('input')) field.disabled = !shown;
}

function element(name: string, text: string, ...inside: Node[]): HTMLElement {
  const made = document.createElement(name);
  made.append(text, ...inside);
  return made;
}

/** A line of a list, with a button that says in full what it does. */
function line(text: string, note: string, label: string, act?: () => Promise<void>): HTMLElement {
  const item = element('li', '', element('span', text, element('small', note)));
  if (act) {
    const button = element('button', label);
    button.addEventListener('click', () => void act());
    item.append(button);
  }
  return item;
}

/** One action of a part at a time; what came of it is said there. */
async function step(part: string, act: () => Promise<string>): Promise<void> {
  const said = lineOf(part);
  if (main?.ariaBusy === 'true') return;
  if (main) main.ariaBusy = 'true';
  say(said, 'working');
  try {
    const text = await act();
    if (text !== REFUSED) say(said, text);
  } catch {
    say(said, 'fault', true);
  }
  if (main) main.ariaBusy = 'false';
}

/** What a step answers where the refusal has been said already. */
const REFUSED = '\0';

/** Asks; where the login is not recent enough, it is shown in place who this is, and asked once more. */
async function change(part: string, path: string, body: object): Promise<Answer | null> {
  let answer = await ask(path, body);
  if (answer['code'] === 'step-up') {
    if (!(await showAgain())) {
      say(lineOf(part), '');
      return null;
    }
    answer = await ask(path, body);
  }
  if (answer['code'] === 'login-required') location.reload();
  return refused(lineOf(part), answer, 'wrong') ? null : answer;
}

let settle = (_shown: boolean): void => {};

function showAgain(): Promise<boolean> {
  const dialog = find('again');
  if (source !== 'accounts' || !(dialog instanceof HTMLDialogElement)) {
    const back = encodeURIComponent(`${mount}/account`);
    location.assign(`${mount}/login/${encodeURIComponent(source)}?max_age=0&return=${back}`);
    return Promise.resolve(false);
  }
  dialog.querySelector('form')?.reset();
  say(lineOf('again'), '');
  reveal(dialog.querySelector('[data-code]'), hasPassword && factor);
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    settle = resolve;
  });
}

async function again(body: object): Promise<void> {
  const answer = await ask('/login/again', body);
  if (refused(lineOf('again'), answer, 'wrong')) return;
  await enterAgain();
  const dialog = find('again');
  if (dialog instanceof HTMLDialogElement) dialog.close('shown');
}

async function againByPasskey(): Promise<void> {
  const begun = await ask('/login/passkey/options', {});
  if (refused(lineOf('again'), begun, 'passkeyFailed')) return;
  const response = await askPasskey(begun['options']);
  if (response) await again({ response });
  else say(lineOf('again'), 'passkeyFailed', true);
}

async function addPasskey({ label }: Fields): Promise<string> {
  const begun = await change('passkeys', '/passkeys/options', {});
  if (!begun) return REFUSED;
  const options = begun['options'] as PublicKeyCredentialCreationOptionsJSON;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const response = toJson(await navigator.credentials.create({ publicKey }).catch(() => null));
  if (!response) throw new Error('no passkey');
  if (!(await change('passkeys', '/passkeys', { response, label }))) return REFUSED;
  await showPasskeys();
  return 'passkeyAdded';
}

const removePasskey = (credential: unknown): Promise<void> =>
  step('passkeys', async () => {
    if (!(await change('passkeys', '/passkeys/remove', { credential }))) return REFUSED;
    await showPasskeys();
    // The button is gone: whoever uses the keyboard goes on from here.
    find('passkeys-title')?.focus();
    return 'passkeyRemoved';
  });

async function showPasskeys(): Promise<void> {
  const list = find('passkey-list');
  if (!list) return;
  const all = rows(await ask('/passkeys'), 'passkeys');
  list.replaceChildren(
    ...all.map(({ label, created, credential }) =>
      line(`${label}`, fill('since', 'date', dateOf(created)), fill('remove', 'name', label), () =>
        removePasskey(credential),
      ),
    ),
  );
  reveal(find('no-passkeys'), all.length === 0);
  reveal(find('passkey-add'), passkeysWork);
}

async function endSessions(body: object): Promise<string> {
  const answer = await change('sessions', '/sessions/end', body);
  if (!answer) return REFUSED;
  await showSessions();
  find('sessions-title')?.focus();
  return fill('sessionEnded', 'count', answer['ended']);
}

async function showSessions(): Promise<void> {
  const all = rows(await ask('/sessions'), 'sessions');
  find('session-list')?.replaceChildren(
    ...all.map(({ id, created, current }) => {
      const date = dateOf(created);
      return line(
        current ? (texts['sessionHere'] ?? '') : '',
        fill('sessionSince', 'date', date),
        fill('sessionEnd', 'date', date),
        current ? undefined : () => step('sessions', () => endSessions({ id })),
      );
    }),
  );
  reveal(find('sessions'), all.length > 1);
}

/** A QR code, drawn dark on light in either colour scheme. */
function picture(squares: readonly string[]): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  svg.setAttribute('viewBox', `0 0 ${squares.length} ${squares.length}`);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', texts['factorPicture'] ?? '');
  svg.setAttribute('shape-rendering', 'crispEdges');
  const dark = squares.flatMap((row, y) => [...row].map((square, x) => (square === '1' ? `M${x} ${y}h1v1h-1z` : '')));
  path.setAttribute('d', dark.join(''));
  svg.append(path);
  return svg;
}

function showCodes(codes: unknown): void {
  reveal(find('codes'), Array.isArray(codes));
  find('code-list')?.replaceChildren(...(Array.isArray(codes) ? codes : []).map((code) => element('li', `${code}`)));
}

async function beginFactor({ password }: Fields): Promise<string> {
  const begun = await change('factor', '/second-factor', { password });
  if (!begun) return REFUSED;
  const uri = `${begun['uri']}`;
  find('factor-link')?.setAttribute('href', uri);
  const key = new URL(uri).searchParams.get('secret') ?? '';
  find('factor-key')?.replaceChildren(key.replace(/.{4}(?=.)/g, '$& '));
  find('factor-picture')?.replaceChildren(picture(begun['qr'] as string[]));
  showCodes(begun['backupCodes']);
  reveal(find('factor-begin'), false);
  reveal(find('factor-new'), true);
  reveal(find('factor-confirm'), true);
  find('factor-code')?.focus();
  return '';
}

async function confirmFactor({ code }: Fields): Promise<string> {
  if (!(await change('factor', '/second-factor', { code }))) return REFUSED;
  await enterAgain();
  reveal(find('factor-new'), false);
  reveal(find('factor-confirm'), false);
  await showAll();
  return 'factorAdded';
}

async function changeFactor({ act, ...typed }: Fields): Promise<string> {
  const answer = await change('factor', '/second-factor', { ...typed, [`${act}`]: true });
  if (!answer) return REFUSED;
  showCodes(answer['backupCodes']);
  if (act !== 'remove') return '';
  await enterAgain();
  await showAll();
  return 'factorRemoved';
}

const steps: Readonly<Record<string, (fields: Fields) => Promise<string>>> = {
  'passkey-add': addPasskey,
  'factor-begin': beginFactor,
  'factor-confirm': confirmFactor,
  'factor-change': changeFactor,
  password: async (fields) => {
    if (!(await change('password', '/password', fields))) return REFUSED;
    await enterAgain();
    await showSessions();
    return 'passwordChanged';
  },
  email: async (fields) => ((await change('email', '/email', fields)) ? 'emailSent' : REFUSED),
  sessions: () => endSessions({ others: true }),
  logout: async () => {
    const answer = await installed()?.ask('logout');
    const to: unknown = Reflect.get(Object(answer?.body), 'redirect');
    location.replace(typeof to === 'string' && to !== '' ? to : '/');
    return 'working';
  },
};

/** What is so now, of the account and its sessions. */
async function showAll(): Promise<void> {
  if (source === 'accounts') {
    const about = await ask('/account/about');
    factor = about['secondFactor'] === true;
    hasPassword = about['password'] === true;
    say(find('factor-state'), factor ? 'factorOn' : 'factorOff');
    reveal(find('factor-begin'), !factor);
    reveal(find('factor-change'), factor);
    const open = about['emailVerified'] === true ? '' : ` (${texts['emailOpen']})`;
    say(find('email-now'), about['email'] ? `${about['email']}${open}` : 'emailNone');
    for (const part of document.querySelectorAll('[data-password]')) reveal(part, hasPassword);
    await showPasskeys();
  }
  await showSessions();
}

async function start(): Promise<void> {
  const { user, status } = await ask('/user');
  if (status !== 200) throw new Error(`${status}`);
  reveal(find('nobody'), user === null);
  if (typeof user !== 'object' || user === null) return;
  source = `${Reflect.get(user, 'source')}`;
  reveal(find('somebody'), true);
  reveal(find('account'), source === 'accounts');
  for (const id of ['factor-new', 'factor-confirm', 'factor-change']) reveal(find(id), false);
  // Password managers learn whose password it is that changes.
  document.querySelector('[name=username]')?.setAttribute('value', `${Reflect.get(user, 'name')}`);
  say(find('message'), fill('who', 'name', Reflect.get(user, 'name')));
  await showAll();
}

/** Which part of the page a form belongs to. */
const partOf = (form: HTMLFormElement): string =>
  form.closest('section')?.getAttribute('aria-labelledby')?.replace('-title', '') ?? 'message';

for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form, event.submitter));
    if (form.id === 'again-form') void again(fields).catch(() => say(lineOf('again'), 'fault', true));
    else {
      void step(partOf(form), async () => {
        const said = (await steps[form.id]?.(fields)) ?? '';
        if (said === REFUSED) form.querySelector<HTMLElement>('input:enabled')?.focus();
        else form.reset();
        return said;
      });
    }
  });
}
const dialog = find('again');
dialog?.addEventListener('close', () => settle(dialog instanceof HTMLDialogElement && dialog.returnValue === 'shown'));
find('again-cancel')?.addEventListener('click', () => dialog instanceof HTMLDialogElement && dialog.close());
const byPasskey = find('again-passkey');
if (byPasskey && passkeysWork) {
  byPasskey.hidden = false;
  byPasskey.addEventListener('click', () => {
    void againByPasskey().catch(() => say(lineOf('again'), 'fault', true));
  });
}
void start().catch(() => say(find('message'), navigator.cookieEnabled ? 'fault' : 'cookies', true));
