import type { GateRoutes, GateStatus, LayerStatus, WorkersStatus } from '../gateway/gate-status.ts';
import type { Share } from '../gateway/summary.ts';
import { foundWebhooks, type Webhook } from '../gateway/webhooks.ts';
import { EXIT, type Io, present } from './command.ts';
import { formatBehaviour } from './status-behaviour.ts';
import { formatBudgets } from './status-budgets.ts';
import { formatFramed } from './framed.ts';
import { ask, theGate } from './gates.ts';
import type { GateFlags } from './command.ts';
import { command } from './banner.ts';
import { listAge, listCounts } from './list-words.ts';
import { formatWebhooks } from './webhooks.ts';
import { count, type Paint, shown, table } from './terminal.ts';

/** `sallyport status`: what passed, what was or would be refused. Exits 3 where nothing is blocked. */
export async function status(flags: GateFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  const { seen } = await ask<GateRoutes>(gate, 'GET', '/routes');
  const said = { ...(await ask<GateStatus>(gate, 'GET', '/status')), webhooks: foundWebhooks(seen) };
  present(io, said, (report) => formatStatus(report, io.terminal.paint));
  return said.mode === 'report' ? EXIT.report : EXIT.ok;
}

const LATEST_SHOWN = 8;

/** With what looks like a webhook among all routes. */
export interface StatusReport extends GateStatus {
  readonly webhooks: readonly Webhook[];
}

export function formatStatus(report: StatusReport, paint: Paint): string {
  const blocks = [
    head(report, paint),
    totals(report),
    groups(report, paint),
    formatBudgets(report.budgets, paint, report.losses),
    formatBehaviour(report.behaviour, paint),
    latest(report, paint),
    lists(report, paint),
    formatFramed(report.framed, report.mode === 'enforce', paint),
    formatWebhooks(report.webhooks, paint),
    next(report, paint),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function head(report: GateStatus, paint: Paint): string {
  const { mode, url, to, protect, file, rollout, layers, switched, workers } = report;
  const state =
    mode === 'report'
      ? paint.careful('report mode: NOTHING IS BLOCKED')
      : rollout === '100%'
        ? paint.good('enforce mode: what fails a check is refused')
        : paint.careful(`enforce mode for ${rollout} of the sessions: all others get in as before`);
  return `${paint.strong('Sallyport')} on ${url}, ${state}\n${table([
    ['protects', `${protect.join(', ')} of ${to}`],
    ...(file === '' ? [] : [['config', file]]),
    ...(workers === null ? [] : [['workers', workerWords(workers)]]),
    ...layers.map((layer) => ['layer', layerWords(layer)]),
    ...(switched === null ? [] : [['switched', `${switched.at}, by ${shown(switched.by)}`]]),
  ])}`;
}

/** Of a gate of several threads. */
function workerWords({ answering, replaced, hung }: WorkersStatus): string {
  const ended = [
    ...(replaced === 0 ? [] : [`${count(replaced, 'time')} replaced`]),
    ...(hung === 0 ? [] : [`${count(hung, 'time')} ended because one had hung`]),
  ];
  return [`${answering} answering`, ...ended].join(', ');
}

function layerWords({ name, mode, rollout, undone }: LayerStatus): string {
  const own = [...(mode === '' ? [] : [mode]), ...(rollout === '' ? [] : [`for ${rollout}`])].join(' ');
  const back = `put back, because a change did harm; \`${command()} enforce --layer ${name}\` ends that`;
  return [name, ...(own === '' ? [] : [own]), ...(undone ? [back] : [])].join(', ');
}

function totals({ mode, summary }: GateStatus): string {
  const { requests, refused, wouldRefuse, sessions, refusedSessions, sessionsWithoutEntry } = summary;
  if (requests === 0) return 'Nothing has come yet.';
  const rows = [
    ['passed', count(requests - refused - (mode === 'report' ? wouldRefuse : 0), 'request')],
    ...(refused > 0 || mode === 'enforce' ? [['refused', count(refused, 'request')]] : []),
    ...(wouldRefuse > 0 || mode === 'report'
      ? [['would be refused', `${count(wouldRefuse, 'request')} (they passed)`]]
      : []),
    ['visitors', `${sessions}, of them ${sessionsWithoutEntry} seen without a session`],
    ['hit', `${share(refusedSessions, sessions)} of visitors`],
  ];
  return (
    table(rows) +
    (summary.partial ? '\n  More visitors came than are told apart: shares speak of the latest ones.' : '')
  );
}

function groups({ summary, mode }: GateStatus, paint: Paint): string {
  const block = (title: string, shares: readonly Share[]): string => {
    const hit = shares
      .filter(({ refusedRequests }) => refusedRequests > 0)
      .sort((a, b) => b.refusedSessions - a.refusedSessions);
    if (hit.length === 0) return '';
    const rows = hit.map(({ name, refusedRequests, refusedSessions, sessions }) => [
      shown(name),
      `${share(refusedSessions, sessions)} of visitors`,
      count(refusedRequests, 'request'),
    ]);
    return `${paint.strong(title)}\n${table(rows)}`;
  };
  const { refused, wouldRefuse } = summary;
  // Where the gate was switched meanwhile, the groups hold both kinds.
  const both = refused > 0 && wouldRefuse > 0;
  const what = both ? 'Refused, or would be' : mode === 'report' ? 'Would be refused' : 'Refused';
  return [
    block(`${what}, by reason`, summary.byCode),
    block(`${what}, by browser`, summary.byFamily),
    block(`${what}, by route`, summary.byRoute),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function latest(report: GateStatus, paint: Paint): string {
  if (report.latest.length === 0) return '';
  const rows = report.latest
    .slice(0, LATEST_SHOWN)
    .map((record) => [
      new Date(record.at).toTimeString().slice(0, 8),
      record.id,
      record.code,
      `${shown(record.method)} ${shown(record.path)}`,
    ]);
  return `${paint.strong('Latest')}, \`${command()} why ID\` explains each\n${table(rows)}`;
}

function lists({ lists: all }: GateStatus, paint: Paint): string {
  if (all.length === 0) return '';
  const rows = all.map((list) => [shown(list.name), listCounts(list), listAge(list, Date.now())]);
  return `${paint.strong('Lists')} of networks that do not get in\n${table(rows)}`;
}

function next({ mode, summary }: GateStatus, paint: Paint): string {
  if (mode === 'enforce') return '';
  const entered = summary.sessions - summary.sessionsWithoutEntry;
  const first = entered === 0 ? 'Open the page once through the gate, then switch it on: ' : 'Switch it on: ';
  return `${first}${paint.strong(`${command()} enforce`)}`;
}

/** Whole per cent, never 0 % where somebody is hit and never 100 % where somebody is not. */
export function share(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  if (part === whole) return '100 %';
  const percent = Math.round((part / whole) * 100);
  return percent === 0 ? 'under 1 %' : percent === 100 ? 'over 99 %' : `${percent} %`;
}
