import { counted } from '../learning/evidence.ts';
import type { Comment } from '../learning/edit.ts';
import type { Learned } from '../learning/learn.ts';
import type { ProposedField, ProposedRoute } from '../learning/proposal.ts';
import type { Verdicts } from '../learning/verdicts.ts';
import { hitBy, type Tried } from '../learning/tried.ts';
import { count, type Paint, shown, table } from './terminal.ts';
import { formatUnreadable } from './unreadable.ts';

export interface LearnReport extends Tried {
  /** Name of the configuration that the diff is of. */
  readonly config: string;
  readonly files: readonly { readonly name: string; readonly format: string }[];
  /** Calls of a watched gate that were not written down. */
  readonly lost: number;
  /** Workers of a watched gate that ended meanwhile. */
  readonly ended: number;
  readonly learned: Omit<Learned, 'leftOut'>;
  readonly diff: string;
  readonly unplaced: readonly ProposedRoute[];
  /** Why the file cannot be changed by itself; ''. */
  readonly why: string;
  readonly written: boolean;
}

/** What stands over a proposed line: what it rests on, and what it would have refused. */
export function comment({ verdicts }: Tried, { leftOut }: Learned): Comment {
  return (route, field) => {
    if (field === null) return `${route.evidence}.`;
    if (field.layer === '') return `${field.evidence}.`;
    if (!isJudged(field, verdicts)) return `${field.evidence}; what it would have refused such traffic does not show.`;
    const hit = hitBy(route, field, verdicts);
    const of = `of ${counted(verdicts.covered)} calls${verdicts.oneIn > 1 ? `, in one of ${verdicts.oneIn} sessions` : ''}`;
    const without =
      leftOut.size > 0 && hit !== null ? `, ${counted(hit.leftOut)} of them left out of what was learned` : '';
    const whose = hit === null ? '' : ` (${count(hit.sessions, 'session')}${without})`;
    const together = field.name === 'notBefore' || field.name === 'within' ? 'with all that is asked of order ' : '';
    return `${field.evidence}; ${together}would have refused ${counted(hit?.requests ?? 0)} ${of}${whose}.`;
  };
}

/** Whether the traffic shows what a proposed line asks of. */
function isJudged({ layer, value }: ProposedField, { judgesBodies, judgesQueries }: Verdicts): boolean {
  if (layer === 'served') return judgesBodies;
  if (layer !== 'schema') return true;
  const { body, query } = Object(value);
  return (body === undefined || judgesBodies) && (query === undefined || judgesQueries);
}

export function formatLearn(report: LearnReport, paint: Paint): string {
  return [
    basis(report, paint),
    leftOut(report.learned, paint),
    diffOf(report, paint),
    byHand(report, paint),
    taken(report, paint),
    formatUnreadable(report.learned.unreadable, paint),
    next(report, paint),
  ]
    .filter((block) => block !== '')
    .join('\n\n');
}

function basis({ learned, files, lost, ended, verdicts }: LearnReport, paint: Paint): string {
  const { requests, outside, unusable, unverified, sessions, networks, oneIn, routes, shows } = learned;
  const rows = [
    ['read', files.map(({ name, format }) => `${shown(name)} (${format})`).join(', ')],
    ['requests', `${counted(requests)}; ${counted(outside)} of them outside of what is protected`],
    ...(lost > 0 ? [['lost', `${count(lost, 'call')} came faster than they could be fetched`]] : []),
    ...(ended > 0 ? [['lost', `what ${count(ended, 'worker')} had heard and not told when it ended`]] : []),
    ...(unusable > 0 ? [['left out', `${count(unusable, 'request')}: preflights, odd methods, ambiguous paths`]] : []),
    ...(unverified > 0 ? [['not verified', `${count(unverified, 'request')}: nothing was learned of them`]] : []),
    [
      'sessions',
      `${counted(sessions)} from ${count(networks, 'network')}${oneIn > 1 ? `, one in ${oneIn} of them all` : ''}`,
    ],
    ['routes', counted(routes.length)],
    [
      'would refuse',
      `${counted(verdicts.refused)} of ${counted(verdicts.covered)} calls, in ${counted(verdicts.refusedSessions)} of ${count(verdicts.sessions, 'session')}`,
    ],
  ];
  const missing = shows.bodies
    ? ''
    : '\nSuch files show no bodies: nothing is proposed of what bodies look like, and of ids that were served.';
  return `${paint.strong('Learned')}\n${table(rows)}${missing}`;
}

function leftOut({ left }: LearnReport['learned'], paint: Paint): string {
  if (left.length === 0) return '';
  const rows = left.map(({ reason, sessions }) => [count(sessions, 'session'), reason]);
  return `${paint.careful('Left out')}, since they do not use the app as the others do\n${table(rows)}`;
}

function diffOf({ diff, config }: LearnReport, paint: Paint): string {
  if (diff === '') return `${config} says all of this already: nothing is proposed.`;
  const lines = diff
    .trimEnd()
    .split('\n')
    .filter((line) => !/^=+$/.test(line));
  return lines
    .map((line) => {
      if (line.startsWith('+++') || line.startsWith('---')) return paint.strong(line);
      if (/^\+\s*\/\/ (?:loosens|rare):/.test(line)) return paint.careful(line);
      return line.startsWith('+') ? paint.good(line) : line.startsWith('-') ? paint.bad(line) : line;
    })
    .join('\n');
}

function byHand({ unplaced, why, config }: LearnReport, paint: Paint): string {
  if (why !== '') return paint.careful(`${why}: the diff is of a new file; move its lines to ${config} by hand.`);
  if (unplaced.length === 0) return '';
  const rows = unplaced.map(({ match, fields }) => [
    shown(match),
    fields.map(({ name, value }) => `${name}: ${JSON.stringify(value)}`).join(', '),
  ]);
  return `${paint.careful('To be placed by hand')}: these routes are not written out in ${config}\n${table(rows.map((row) => row.map(shown)))}`;
}

function taken({ dropped }: LearnReport, paint: Paint): string {
  if (dropped.length === 0) return '';
  const rows = dropped.map(({ match, field, sessions }) => [
    shown(match),
    field,
    `would have refused ${count(sessions, 'session')}`,
  ]);
  return `${paint.strong('Taken back')}, since people would have been refused\n${table(rows)}`;
}

function next({ written, diff, config, why }: LearnReport, paint: Paint): string {
  if (diff === '' || why !== '') return '';
  if (written) return paint.good(`${config} was written. \`sallyport check\` prints what it comes to.`);
  return paint.faint(
    '`--write` writes it. It holds where the gate enforces; in report mode `sallyport status` says what it would refuse.',
  );
}
