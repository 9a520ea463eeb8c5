import type { GateRoutes, GateStatus } from '../gateway/gate-status.ts';
import type { ModeChanged } from '../gateway/switching.ts';
import { foundWebhooks, type Webhook } from '../gateway/webhooks.ts';
import type { FramedPage } from '../gateway/frames.ts';
import type { Mode } from '../guard/config.ts';
import type { RunningGate } from '../gateway/admin-client.ts';
import type { DecisionRecord } from '../gateway/decision-record.ts';
import { shareFrom } from '../guard/rollout.ts';
import { type EnforceFlags, EXIT, type Io, present } from './command.ts';
import { formatEnforce } from './enforce-format.ts';
import { type Judgement, judgeRecords, judgeTrials } from './enforce-judge.ts';
import { ask, GateRefusal, theGate } from './gates.ts';
import { hasBrowser, type PageTrial, tryPages } from './page-trial.ts';
import { shown } from './terminal.ts';

/** What `enforce` says, as `--json` prints it. */
export interface EnforceReport extends Judgement {
  readonly port: number;
  /** True where the gate enforces now, whoever switched it on. */
  readonly enforcing: boolean;
  /** True where it did before. */
  readonly before: boolean;
  /** Mode that it was in when it was asked. */
  readonly mode: Mode;
  /** Share of sessions that it enforces for. */
  readonly rollout: string;
  /** The layer that was meant; '' for the gate. */
  readonly layer: string;
  readonly reach: ModeChanged['reach'];
  /** Layers that the guard rail lets go on as they were before a change. */
  readonly undone: readonly string[];
  readonly trials: readonly PageTrial[];
  /** Rows of configuration that were listed live, to be kept. */
  readonly accepted: readonly string[];
  /** Pages that other sites show in frames: browsers do so no longer once the gate enforces. */
  readonly framed: readonly FramedPage[];
  /** Protected routes that only programs call. */
  readonly webhooks: readonly Webhook[];
  /** Name of the configuration file they belong into; '' without one. */
  readonly file: string;
}

/** `sallyport enforce`: looks what would break, then switches the gate on or says why not. Exits 0 only when it enforces. */
export async function enforce(flags: EnforceFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  const status = await ask<GateStatus>(gate, 'GET', '/status');
  const asked = flags.rollout !== undefined || flags.layer !== undefined;
  const report = status.mode === 'enforce' && !asked ? already(gate, status) : await attempt(gate, status, flags, io);
  present(io, report, (said) => formatEnforce(said, io.terminal.paint));
  const isSo = report.enforcing && report.reach !== 'later' && report.undone.length === 0;
  return isSo ? EXIT.ok : EXIT.no;
}

function already(gate: RunningGate, { file, framed, rollout, layers }: GateStatus): EnforceReport {
  const undone = undoneOf(layers);
  const nothing: Judgement = { basis: 'none', breaks: [], found: [], reason: '' };
  return {
    ...nothing,
    port: gate.port,
    enforcing: true,
    before: true,
    mode: 'enforce',
    trials: [],
    accepted: [],
    framed,
    webhooks: [],
    file,
    rollout,
    layer: '',
    reach: 'here',
    undone,
  };
}

async function attempt(gate: RunningGate, status: GateStatus, flags: EnforceFlags, io: Io): Promise<EnforceReport> {
  const { rollout = '', layer = '' } = flags;
  const { file, framed } = status;
  const common = {
    port: gate.port,
    before: false,
    mode: status.mode,
    file,
    framed,
    webhooks: foundWebhooks((await ask<GateRoutes>(gate, 'GET', '/routes')).seen),
    rollout: status.rollout,
    layer,
    reach: 'here',
    undone: undoneOf(status.layers),
  } as const;
  let evidence = reachesFewer(status, flags) ? NOTHING_TO_LOOK_AT : await look(gate, status, flags, io);
  let accepted: readonly string[] = [];
  if (evidence.judgement.found.some(({ alsoSigned }) => !alsoSigned) && flags.acceptFound === true) {
    // Still in report mode: the page is loaded again under the rows as they would hold.
    accepted = (await ask<ModeChanged>(gate, 'POST', '/mode', { mode: 'report', acceptFound: true })).lines;
    if (evidence.judgement.basis === 'browser')
      evidence = await look(gate, status, flags, io, ' again, with the rows listed');
  }
  const { trials } = evidence;
  const judgement = withReason(evidence.judgement, accepted.length > 0 && evidence.judgement.basis === 'records');
  if (judgement.reason !== '') return { ...common, ...judgement, enforcing: false, trials, accepted };
  let changed: ModeChanged;
  try {
    changed = await ask<ModeChanged>(gate, 'POST', '/mode', { mode: 'enforce', acceptFound: false, rollout, layer });
  } catch (error) {
    if (!(error instanceof GateRefusal)) throw error;
    return { ...common, ...judgement, reason: shown(error.message), enforcing: false, trials, accepted };
  }
  const { reach, undone } = changed;
  return { ...common, ...judgement, rollout: changed.rollout, reach, undone, enforcing: true, trials, accepted };
}

const undoneOf = (layers: GateStatus['layers']): string[] =>
  layers.filter(({ undone }) => undone).map(({ name }) => name);

/** A smaller share breaks nobody's page. */
function reachesFewer({ mode, rollout: now }: GateStatus, { rollout, layer }: EnforceFlags): boolean {
  if (mode !== 'enforce' || rollout === undefined || layer !== undefined) return false;
  return shareFrom(rollout) <= shareFrom(now);
}

const NOTHING_TO_LOOK_AT: Evidence = {
  judgement: { basis: 'none', breaks: [], found: [], reason: '' },
  trials: [],
};

interface Evidence {
  readonly judgement: Judgement;
  readonly trials: readonly PageTrial[];
}

/** Loads the page where there is a browser; goes by what was recorded where there is none, or the page taught nothing. */
async function look(gate: RunningGate, status: GateStatus, flags: EnforceFlags, io: Io, note = ''): Promise<Evidence> {
  const trials = hasBrowser() ? await load(status, flags, io, note) : [];
  const { found } = await ask<GateRoutes>(gate, 'GET', '/routes');
  const byHand = new Set(found.filter(({ alsoSigned }) => alsoSigned).map(({ match }) => match));
  const tried = trials.length === 0 ? null : judgeTrials(trials, await recordsOf(gate, trials), byHand);
  if (tried !== null) return { judgement: { ...tried, found }, trials };
  const now = await ask<GateStatus>(gate, 'GET', '/status');
  const entered = now.summary.sessions - now.summary.sessionsWithoutEntry;
  return { judgement: { ...judgeRecords(now.latest, entered), found }, trials };
}

async function load(status: GateStatus, flags: EnforceFlags, io: Io, note: string): Promise<PageTrial[]> {
  const pages = flags.page ?? ['/'];
  const origin = loopbackOrigin(status);
  if (!io.json) io.terminal.out(`Loading ${pages.map((page) => origin + page).join(', ')} in Chromium${note} …`);
  return tryPages({ origin, to: status.to, pages, mount: status.mount });
}

/** The gate as this machine reaches it, whatever its public name. */
export function loopbackOrigin({ listen, tls }: Pick<GateStatus, 'listen' | 'tls'>): string {
  const split = listen.lastIndexOf(':');
  const host = listen.slice(0, split);
  const named = host === '' || host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host;
  return `${tls ? 'https' : 'http'}://${named}${listen.slice(split)}`;
}

async function recordsOf(
  gate: RunningGate,
  trials: readonly PageTrial[],
): Promise<(id: string) => DecisionRecord | null> {
  const records = new Map<string, DecisionRecord>();
  const ids = new Set(trials.flatMap(({ requests }) => requests.map(({ id }) => id)).filter((id) => id !== ''));
  for (const id of ids) {
    const record = await ask<DecisionRecord>(gate, 'GET', `/why/${encodeURIComponent(id)}`).catch((error: unknown) => {
      if (error instanceof GateRefusal) return null;
      throw error;
    });
    if (record !== null) records.set(id, record);
  }
  return (id) => records.get(id) ?? null;
}

/** What was found stands in the way until it is listed; found routes just accepted no longer do. */
function withReason(judgement: Judgement, justAccepted: boolean): Judgement {
  const open = judgement.found.some(({ alsoSigned }) => !alsoSigned);
  if (judgement.reason !== '' || !open || justAccepted) return judgement;
  return { ...judgement, reason: 'protected routes are used in ways that cannot sign, and are not listed' };
}
