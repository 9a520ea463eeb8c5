import type { FoundRoute } from '../gateway/found.ts';
import { command } from './banner.ts';
import type { EnforceReport } from './enforce.ts';
import { formatFramed } from './framed.ts';
import { reachWords } from './reach.ts';
import { formatWebhooks } from './webhooks.ts';
import { count, type Paint, shown, table } from './terminal.ts';

/** `enforce` for people: what was looked at, what would break, what became of it. */
export function formatEnforce(report: EnforceReport, paint: Paint): string {
  const blocks = [
    looked(report),
    breaks(report, paint),
    found(report, paint),
    accepted(report, paint),
    around(report, paint),
    formatFramed(report.framed, report.enforcing, paint),
    formatWebhooks(report.webhooks, paint),
    outcome(report, paint),
    undone(report, paint),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function looked({ trials, basis }: EnforceReport): string {
  const pages = trials.map(({ page, status, trouble, entered, requests }) => [
    page,
    trouble === '' ? `answers ${status}` : shown(trouble),
    entered ? 'the doors opened' : 'the doors did not open',
    count(requests.length, 'request'),
  ]);
  const went = basis === 'records' ? 'Went by the sessions recorded in report mode.' : '';
  return [pages.length === 0 ? '' : table(pages), went].filter((text) => text !== '').join('\n');
}

function breaks({ breaks: list, basis, enforcing }: EnforceReport, paint: Paint): string {
  if (list.length === 0) return '';
  const who = (hit: number): string => (basis === 'records' ? count(hit, 'session') : 'the page');
  const rows = list.map(({ route, code, hit, id }) => [shown(route), code, who(hit), `${command()} why ${id}`]);
  return `${paint.bad(enforcing ? 'Refused from now on' : 'Would break')}\n${table(rows)}`;
}

function undone({ undone: layers, enforcing }: EnforceReport, paint: Paint): string {
  if (!enforcing || layers.length === 0) return '';
  const ends = layers.map((layer) => `${command()} enforce --layer ${layer}`).join(', ');
  return `${paint.careful('Put back, because a change did harm')}: ${layers.join(', ')}. Once the cause is mended: ${ends}`;
}

const FURTHER = (): string => `Further: ${command()} enforce --rollout 100%.`;

const AROUND_SHOWN = 8;

function around({ trials }: EnforceReport, paint: Paint): string {
  const calls = [...new Set(trials.flatMap((trial) => trial.around))];
  if (calls.length === 0) return '';
  const more = calls.length > AROUND_SHOWN ? `\n  and ${calls.length - AROUND_SHOWN} more` : '';
  const shownCalls = calls.slice(0, AROUND_SHOWN).map((call) => `  ${shown(call)}`);
  return `${paint.careful('Goes around the gate')}\n${shownCalls.join('\n')}${more}\n\n${AROUND_NOTE}`;
}

const AROUND_NOTE =
  'The page asks the backend itself, so nothing is checked or refused there, in no mode. Let the frontend name the\ngate’s address instead, or paths without a host.';

function found({ found: list, accepted: lines, reason }: EnforceReport, paint: Paint): string {
  const open = list.filter(({ alsoSigned }) => !alsoSigned);
  const byHand = list.filter(({ alsoSigned }) => alsoSigned);
  const blocks = [
    open.length === 0 || (lines.length > 0 && reason === '')
      ? ''
      : `${paint.careful('Used in ways that are not listed')}\n${uses(open)}\n\n${openNote()}\n${rows(open)}`,
    byHand.length === 0
      ? ''
      : `${paint.careful('Also used in other ways')}\n${uses(byHand)}\n\n${BY_HAND_NOTE}\n${rows(byHand)}`,
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

const openNote = (): string =>
  `These cannot carry a proof. Listed, their routes ask every request for a session only. Look them over, then put the\nlines into \`routes\` of your configuration, or run \`${command()} enforce --accept-found\`:`;

const BY_HAND_NOTE =
  'These routes are called with proofs too. Listing them would lower those calls, so nothing but your own hand does it;\nunlisted, such uses are refused. Only if your pages need them:';

const rows = (list: readonly FoundRoute[]): string => list.map(({ line }) => `  ${shown(line)}`).join('\n');

function uses(list: readonly FoundRoute[]): string {
  return table(
    list.map(({ match, carriers, requests, sessions }) => [
      shown(match),
      carriers.join(', '),
      `${count(requests, 'request')} of ${count(sessions, 'session')}`,
    ]),
  );
}

function accepted({ accepted: lines, file }: EnforceReport, paint: Paint): string {
  if (lines.length === 0) return '';
  const where = file === '' ? 'a sallyport.config.ts' : file;
  return `${paint.careful('Listed live')}; to keep them, put these at the head of \`routes\` in ${where}:\n${lines.map((line) => `  ${shown(line)}`).join('\n')}`;
}

function outcome(
  { enforcing, before, port, reason, rollout, layer, reach, mode }: EnforceReport,
  paint: Paint,
): string {
  const partly = rollout === '100%' ? '' : ` for ${rollout} of the sessions`;
  if (before) return `The gate on port ${port} enforces already${partly}.${partly === '' ? '' : ` ${FURTHER()}`}`;
  if (enforcing && layer !== '')
    return `${paint.good(`${layer} of the gate on port ${port} is enforced now.`)} Back: ${command()} report --layer ${layer}${reachWords(reach)}`;
  if (enforcing) {
    const rest = partly === '' ? 'What fails a check is refused.' : `All others get in as before. ${FURTHER()}`;
    return `${paint.good(`The gate on port ${port} enforces now${partly}.`)} ${rest} Back: ${command()} report${reachWords(reach)}`;
  }
  const stays = mode === 'report' ? 'stays in report mode: NOTHING IS BLOCKED' : 'stays as it was';
  return `${paint.bad('Not switched on')}: ${reason}.\nThe gate on port ${port} ${stays}.`;
}
