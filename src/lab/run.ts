import { kindOf, sampleOf } from './answer.ts';
import { plainRequest } from './attempts.ts';
import { type Chromium, startChromium } from './browser.ts';
import { costOf, type Cost, perCall, processMeter, type Spend } from './cost.ts';
import { createSender, field, type Sender } from './http.ts';
import {
  type Attacker,
  type Baseline,
  type Captured,
  type CopiedHeaders,
  type Lab,
  NotRun,
  type Verdict,
} from './lab.ts';
import { copyFromBrowser } from './page-headers.ts';
import { stillPossible } from './possible.ts';
import { createTally, type TallyResult, verdictOf } from './tally.ts';
import { LabError, parseTarget, type Target } from './target.ts';
import { createWireClient, type WireClient } from './wire-client.ts';
import { HEADER_DECISION, TICKET_RENEW_SECONDS } from '../wire/constants.ts';

export interface LabOptions {
  /** Method of every call. Default GET: the lab changes nothing unless asked to. */
  readonly method?: string;
  /** Path of a page of the app on the same origin. Default `/`. */
  readonly page?: string;
  /** Calls of the attackers whose price is measured. Default 200. */
  readonly calls?: number;
  /** Seconds the whole run may take, at most 480. Default 60. */
  readonly seconds?: number;
  /** Seconds between a capture and its late replay, at least. Default 3. */
  readonly later?: number;
  /** Price of one hour of one core, in any currency: adds what 1,000 calls cost. Default: no such column. */
  readonly coreHour?: number;
  /** Path of a Chromium; null for none. Default: the system's. */
  readonly chromium?: string | null;
  /** The gate's mode where the caller knows it from the gate's own socket. Default: unknown. */
  readonly mode?: 'report' | 'enforce';
  /** Told before and after each attacker: progress, and the tests that hold verdicts to reality. */
  readonly onRung?: (name: string, when: 'start' | 'end') => void | Promise<void>;
}

/** What a run found. Plain JSON; written by `sallyport attack --json`. */
export interface LabReport {
  readonly url: string;
  readonly method: string;
  /** ISO 8601. */
  readonly started: string;
  readonly seconds: number;
  readonly gate: boolean;
  readonly mode: 'report' | 'enforce' | 'unknown';
  /** True where a plain client got the backend's answer: then no verdict below is the gate's doing. */
  readonly nothingBlocked: boolean;
  /** What the backend answered the honest client; 0 where the doors did not open. */
  readonly honestStatus: number;
  /** Why the doors did not open; '' where they did. */
  readonly doors: string;
  readonly browser: string;
  /** The plain client's calls, whatever they were answered. Seconds per 1,000 calls. */
  readonly plain: { readonly cpuSeconds: number | null; readonly wallSeconds: number };
  readonly rungs: readonly RungReport[];
  /** Never empty. */
  readonly stillPossible: readonly string[];
}

export interface RungReport extends TallyCounts {
  readonly name: string;
  readonly title: string;
  readonly how: string;
  readonly verdict: Verdict;
  /** Why it did not run; '' where it did. */
  readonly why: string;
  /** Null where nothing was admitted. */
  readonly cost: Cost | null;
  /** Spent once, before the first call. */
  readonly setup: Spend | null;
}

type TallyCounts = Pick<
  TallyResult,
  'tried' | 'admitted' | 'elsewhere' | 'unanswered' | 'honest' | 'refused' | 'notes'
>;

interface Settings extends Required<Omit<LabOptions, 'mode' | 'onRung' | 'chromium' | 'coreHour'>> {
  readonly coreHour: number | null;
  readonly chromium: string | null | undefined;
}

/** What one run holds open. */
interface Resources {
  readonly senders: Sender[];
  chromium: Promise<Chromium> | null;
}

const CAPTURES = 5;
/** Plain calls before anything is measured, so that no attacker pays for compiling the lab. */
const WARM_UP = 100;
const WARM_UP_SHARE = 0.05;
/** No attacker takes more than this share of the whole time. */
const SHARE = 0.25;

/** {@link LabOptions} and the attackers to run; see `runLab`. */
export async function runAttackers(
  url: string,
  options: LabOptions,
  attackers: readonly Attacker[],
): Promise<LabReport> {
  const target = parseTarget(url);
  const settings = checked(options);
  const resources: Resources = { senders: [], chromium: null };
  const started = performance.now();
  const startedAt = new Date().toISOString();
  try {
    const lab = await prepare(target, settings, resources);
    const rungs: Ran[] = [];
    const deadline = started + settings.seconds * 1000;
    for (const attacker of attackers) {
      await options.onRung?.(attacker.name, 'start');
      const until = Math.min(deadline, performance.now() + settings.seconds * 1000 * SHARE);
      rungs.push(await runOne({ ...lab, until }, attacker, deadline));
      await options.onRung?.(attacker.name, 'end');
    }
    const facts: Facts = { target, settings, lab, mode: options.mode ?? 'unknown', startedAt, started, rungs };
    return await toReport(facts, resources);
  } finally {
    for (const sender of resources.senders) sender.close();
    await resources.chromium?.then(
      (chromium) => chromium.close(),
      () => undefined,
    );
  }
}

function checked(options: LabOptions): Settings {
  const number = (name: 'calls' | 'seconds' | 'later', fallback: number, most: number): number => {
    const value = options[name] ?? fallback;
    if (!Number.isFinite(value) || value <= 0 || value > most) {
      throw new LabError('option', `${name}: ${value} is not a number above 0 and at most ${most}`);
    }
    return value;
  };
  const method = options.method ?? 'GET';
  if (!/^[A-Z]{3,16}$/.test(method))
    throw new LabError('option', `method: "${method}" is not an upper-case HTTP method`);
  const page = options.page ?? '/';
  if (!page.startsWith('/')) throw new LabError('option', `page: "${page}" is not a path that begins with /`);
  const coreHour = options.coreHour ?? null;
  if (coreHour !== null && !(coreHour > 0))
    throw new LabError('option', `coreHour: ${coreHour} is not a price above 0`);
  return {
    method,
    page,
    calls: Math.max(2, Math.floor(number('calls', 200, 5000))),
    // The honest client enters once: what it signs must outlive the run.
    seconds: number('seconds', 60, TICKET_RENEW_SECONDS),
    later: number('later', 3, 300),
    coreHour,
    chromium: options.chromium,
  };
}

type Prepared = Omit<Lab, 'until'>;

async function prepare(target: Target, settings: Settings, resources: Resources): Promise<Prepared> {
  const sender = () => {
    const made = createSender(target);
    resources.senders.push(made);
    return made;
  };
  const wireClient = () => createWireClient(target, settings.page, sender());
  const chromium = () => {
    resources.chromium ??= launch(settings.chromium);
    return resources.chromium;
  };
  const shared = { target, ...settings, now: () => performance.now(), sender, wireClient, chromium };
  const first = sender();
  const plainAnswer = await first.send(plainRequest(shared));
  if (plainAnswer.failed !== '')
    throw new LabError('unreachable', `nothing answers at ${target.origin} (${plainAnswer.failed})`);
  const enough = performance.now() + settings.seconds * 1000 * WARM_UP_SHARE;
  for (let i = 0; i < Math.min(WARM_UP, settings.calls) && performance.now() < enough; i++) {
    await first.send(plainRequest(shared));
  }
  const decided = field(plainAnswer.fields, HEADER_DECISION) !== '';
  const client = wireClient();
  const walked = await walk(client, settings.method);
  const base: Baseline = { ...walked, gate: decided || walked.entered, plain: sampleOf(plainAnswer) };
  const honest = walked.doors === '' ? client : null;
  const lab: Prepared = { ...shared, base, honest, pageHeaders: () => pageHeaders(lab, client) };
  return lab;
}

function launch(path: string | null | undefined): Promise<Chromium> {
  if (path === null) return Promise.reject(new NotRun('this run was told to use no browser'));
  return startChromium(path === undefined ? {} : { path });
}

type Walked = Pick<Baseline, 'doors' | 'honest' | 'captured'> & { readonly entered: boolean };

/** The honest client's way in, and the copies that later attackers hold. */
async function walk(client: WireClient, method: string): Promise<Walked> {
  const opening = await client.open();
  if (!opening.opened) return { entered: opening.kind.by === 'gate', doors: opening.why, honest: null, captured: [] };
  const honest = sampleOf(await client.call({ method }));
  if (honest.kind.by !== 'backend') {
    const why = honest.kind.by === 'gate' ? `refused with code ${honest.kind.code}` : 'not answered';
    return { entered: true, doors: `the honest client entered, but its call was ${why}`, honest: null, captured: [] };
  }
  const captured: Captured[] = [];
  for (let i = 0; i < CAPTURES; i++) {
    const request = client.sign({ method });
    if (kindOf(await client.sender.send(request)).by === 'backend') captured.push({ request, at: performance.now() });
  }
  return { entered: true, doors: '', honest, captured };
}

async function pageHeaders(lab: Prepared, client: WireClient): Promise<CopiedHeaders> {
  try {
    return await copyFromBrowser({ ...lab, until: lab.now() + 10_000 }, await lab.chromium());
  } catch (error) {
    if (!(error instanceof NotRun)) throw error;
    return { from: 'wire client', fields: client.headers(), honest: false };
  }
}

interface Ran {
  readonly attacker: Attacker;
  readonly result: TallyResult;
  readonly why: string;
}

/** A fault of the lab is no verdict: whatever goes wrong in an attacker makes its row `not run`. */
async function runOne(lab: Lab, attacker: Attacker, deadline: number): Promise<Ran> {
  const tally = createTally(processMeter);
  const ran = (why: string): Ran => ({ attacker, result: tally.result(), why });
  if (lab.now() >= deadline) return ran('the time of this run was up');
  try {
    await attacker.run(lab, tally);
  } catch (error) {
    if (error instanceof NotRun) return ran(error.message);
    return ran(`the lab failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  return ran('');
}

interface Facts {
  readonly target: Target;
  readonly settings: Settings;
  readonly lab: Prepared;
  readonly mode: LabReport['mode'];
  readonly startedAt: string;
  readonly started: number;
  readonly rungs: readonly Ran[];
}

async function toReport(facts: Facts, resources: Resources): Promise<LabReport> {
  const { target, settings, lab } = facts;
  const reference = facts.rungs.find((one) => one.attacker.name === 'plain')?.result;
  const plain = reference === undefined || reference.spend === null ? null : perCall(reference.spend, reference.tried);
  const rungs = facts.rungs.map((one) => toRung(one, settings.coreHour));
  const nothingBlocked = lab.base.plain.kind.by === 'backend';
  const chromium = await resources.chromium?.catch(() => null);
  const report = {
    url: target.origin + target.path + target.query,
    method: settings.method,
    started: facts.startedAt,
    seconds: (performance.now() - facts.started) / 1000,
    gate: lab.base.gate,
    mode: facts.mode,
    nothingBlocked,
    honestStatus: lab.base.honest?.status ?? 0,
    doors: lab.base.doors,
    browser: chromium?.version ?? '',
    plain: {
      cpuSeconds: plain === null || plain.cpu === null ? null : plain.cpu * 1000,
      wallSeconds: (plain?.wall ?? 0) * 1000,
    },
    rungs,
  };
  return {
    ...report,
    stillPossible: stillPossible(
      report,
      facts.rungs.map((one) => one.attacker),
    ),
  };
}

function toRung(ran: Ran, coreHour: number | null): RungReport {
  const { attacker, result } = ran;
  // An attacker that broke off half way has not been stopped by anybody.
  const verdict = ran.why === '' || result.admitted > 0 ? verdictOf(result) : 'not run';
  return {
    name: attacker.name,
    title: attacker.title,
    how: attacker.how,
    verdict,
    why: verdict === 'not run' ? ran.why || 'no try of it was answered by anybody' : '',
    tried: result.tried,
    admitted: result.admitted,
    elsewhere: result.elsewhere,
    unanswered: result.unanswered,
    honest: result.honest,
    refused: result.refused,
    notes: result.notes,
    cost: result.spend === null ? null : costOf(result.spend, result.spendAdmitted, result.pairs, coreHour),
    setup: result.setup,
  };
}
