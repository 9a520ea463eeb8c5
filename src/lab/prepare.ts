import { kindOf, sampleOf } from './answer.ts';
import { plainRequest } from './attempts.ts';
import { type Chromium, type ChromiumOptions, startChromium } from './browser.ts';
import { type Display, openDisplay } from './display.ts';
import { createSender, field, type Sender } from './http.ts';
import type { Baseline, Captured, CopiedHeaders, Lab } from './lab.ts';
import { NO_BROWSER, NotRun } from './not-run.ts';
import { findPeople, logIn, type People } from './people.ts';
import type { Settings } from './options.ts';
import { copyFromBrowser } from './page-headers.ts';
import { LabError, type Target } from './target.ts';
import { createWireClient, type WireClient } from './wire-client.ts';
import { HEADER_DECISION } from '../wire/constants.ts';

/** What one run holds open. */
export interface Resources {
  readonly senders: Sender[];
  chromium: Promise<Chromium> | null;
  display: Promise<Display> | null;
  /** Names of accounts that the run made. */
  readonly made: string[];
}

const CAPTURES = 5;
/** Plain calls before anything is measured, so that no attacker pays for compiling the lab. */
const WARM_UP = 100;
const WARM_UP_SHARE = 0.05;

/** All of a lab but the time that one attacker has. */
export type Prepared = Omit<Lab, 'until'>;

/** Looks who answers, and walks the doors once, honestly. Throws LabError `unreachable`. */
export async function prepare(target: Target, settings: Settings, resources: Resources): Promise<Prepared> {
  const sender = (localAddress = '') => {
    const made = createSender(target, localAddress);
    resources.senders.push(made);
    return made;
  };
  const wireClient = (by = sender()) => createWireClient(target, settings.page, by);
  const chromium = () => {
    resources.chromium ??= launch(settings.chromium, {});
    return resources.chromium;
  };
  const display = () => {
    resources.display ??= openDisplay();
    return resources.display;
  };
  const browser: Lab['browser'] = async ({ window, ...more }) =>
    launch(settings.chromium, window === true ? { ...more, window: await display() } : more);
  let owner: ReturnType<Lab['tokenClient']> | null = null;
  const tokenClient: Lab['tokenClient'] = () => {
    owner ??= openNew(wireClient());
    return owner;
  };
  let found: Promise<People> | null = null;
  const people: Lab['people'] = () => {
    found ??= findPeople({ wireClient, given, onMade: (name) => void resources.made.push(name) });
    return found;
  };
  const { given, ...rest } = settings;
  const now = () => performance.now();
  const shared = { target, ...rest, now, sender, wireClient, chromium, browser, display, tokenClient, people };
  const first = sender();
  const plainAnswer = await first.send(plainRequest(shared));
  if (plainAnswer.failed !== '')
    throw new LabError('unreachable', `nothing answers at ${target.origin} (${plainAnswer.failed})`);
  const enough = performance.now() + settings.seconds * 1000 * WARM_UP_SHARE;
  for (let i = 0; i < Math.min(WARM_UP, settings.calls) && performance.now() < enough; i++) {
    await first.send({ ...plainRequest(shared), method: 'GET' });
  }
  const decided = field(plainAnswer.fields, HEADER_DECISION) !== '';
  const client = wireClient();
  const walked = await walk(client, settings.method, async () => logIn(client, (await people()).owner));
  const base: Baseline = { ...walked, gate: decided || walked.entered, plain: sampleOf(plainAnswer) };
  const honest = walked.doors === '' ? client : null;
  const lab: Prepared = { ...shared, base, honest, pageHeaders: () => pageHeaders(lab, client) };
  return lab;
}

async function openNew(client: WireClient): ReturnType<Lab['tokenClient']> {
  return { client, opening: await client.open() };
}

function launch(path: string | null | undefined, options: ChromiumOptions): Promise<Chromium> {
  if (path === null) return Promise.reject(new NotRun(NO_BROWSER));
  return startChromium(path === undefined ? options : { path, ...options });
}

type Walked = Pick<Baseline, 'doors' | 'person' | 'honest' | 'captured'> & { readonly entered: boolean };

/** The honest client's way in, and the copies that later attackers hold. */
async function walk(client: WireClient, method: string, asSomebody: () => Promise<void>): Promise<Walked> {
  const opening = await client.open();
  if (!opening.opened) {
    const entered = opening.kind.by === 'gate';
    return { entered, doors: opening.why, person: false, honest: null, captured: [] };
  }
  let honest = sampleOf(await client.call({ method }));
  let person = false;
  if (honest.kind.by === 'gate' && honest.kind.code === 'login-required') {
    person = await asSomebody().then(() => true, without);
    if (person) honest = sampleOf(await client.call({ method }));
  }
  if (honest.kind.by !== 'backend') {
    const why = honest.kind.by === 'gate' ? `refused with code ${honest.kind.code}` : 'not answered';
    const doors = `the honest client entered, but its call was ${why}`;
    return { entered: true, doors, person, honest: null, captured: [] };
  }
  const captured: Captured[] = [];
  for (let i = 0; i < CAPTURES; i++) {
    const request = client.sign({ method });
    if (kindOf(await client.sender.send(request)).by === 'backend') captured.push({ request, at: performance.now() });
  }
  return { entered: true, doors: '', person, honest, captured };
}

/** Without people the honest client stays nobody. */
function without(error: unknown): false {
  if (error instanceof NotRun) return false;
  throw error;
}

async function pageHeaders(lab: Prepared, client: WireClient): Promise<CopiedHeaders> {
  try {
    return await copyFromBrowser({ ...lab, until: lab.now() + 10_000 }, await lab.chromium());
  } catch (error) {
    if (!(error instanceof NotRun)) throw error;
    return { from: 'wire client', fields: client.headers(), honest: false };
  }
}
