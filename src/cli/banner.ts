import type { Mode } from '../guard/config.ts';
import type { WhenUnsure } from '../guard/unsure.ts';
import type { BuildFigures } from '../guard/guard.ts';
import { shownBuild } from './check-builds.ts';
import { count, type Paint, table } from './terminal.ts';

/** What the gate says of itself when it is up; `--json` prints it. */
export interface GateReport {
  readonly url: string;
  readonly listen: string;
  readonly to: string;
  readonly mode: Mode;
  /** Share of sessions that enforce mode is for: `100%`. */
  readonly rollout: string;
  /** Threads that answer. */
  readonly workers: number;
  readonly protect: readonly string[];
  readonly open: readonly string[];
  readonly routes: number;
  readonly frontend: string;
  /** Name of the configuration file; '' without one. */
  readonly file: string;
  readonly metrics: string;
  readonly insecureHttp: boolean;
  /** Whether it made, or gets, the certificate that it shows, and keeps it. */
  readonly certificate: boolean;
  /** Where state is: `memory`, or the server that gates share, without what opens it. */
  readonly state: string;
  /** What goes on while that cannot be reached. */
  readonly whenUnsure: WhenUnsure;
  /** The build of the page's script that pages get first; null for none. */
  readonly build: BuildFigures | null;
  /** Whether SALLYPORT_SECRET is set. */
  readonly secret: boolean;
  readonly pid: number;
}

/** The command as the reader would type it. */
export const command = (environment = process.env): string =>
  environment['npm_command'] === 'exec' ? 'npx sallyport' : 'sallyport';

export function banner(report: GateReport, paint: Paint): string {
  const blocks = [
    `${paint.strong('Sallyport')} listens on ${paint.strong(report.url)}, in front of ${report.to}`,
    table(facts(report, paint)),
    ...(report.insecureHttp ? [insecure(paint)] : []),
    next(report, paint),
    paint.faint(`Ctrl-C stops it; ${report.certificate ? 'only its certificate' : 'nothing'} stays behind.`),
  ];
  return `\n${blocks.join('\n\n')}\n`;
}

function facts(report: GateReport, paint: Paint): string[][] {
  const routes = report.routes === 0 ? '' : `, ${count(report.routes, 'route')} listed`;
  const mode =
    report.mode === 'report'
      ? `report: ${paint.careful('NOTHING IS BLOCKED')}; what would be refused is recorded`
      : report.rollout === '100%'
        ? `enforce: ${paint.good('what fails a check is refused')}`
        : `enforce for ${paint.careful(`${report.rollout} of the sessions`)}; all others get in as before`;
  return [
    ['Mode', mode],
    ['Protects', report.protect.join(', ') + routes],
    ...(report.open.length === 0 ? [] : [['Open', report.open.join(', ')]]),
    ...(report.frontend === '' ? [] : [['Frontend', report.frontend]]),
    ...(report.workers === 1 ? [] : [['Workers', `${report.workers} on one port, with one memory of sessions`]]),
    ...(report.file === '' ? [] : [['Config', report.file]]),
    ...(report.build === null ? [] : [['Script', `${shownBuild(report.build)}; a speed bump`]]),
    ...(report.metrics === '' ? [] : [['Metrics', `http://${report.metrics}/metrics`]]),
    ...(report.state === 'memory'
      ? []
      : [['State', `${report.state}; while it cannot be reached, ${AWAY[report.whenUnsure]}`]]),
    [
      'Sessions',
      report.secret ? 'outlive a restart (SALLYPORT_SECRET)' : 'end with this process; SALLYPORT_SECRET keeps them',
    ],
  ];
}

const AWAY: Readonly<Record<WhenUnsure, string>> = {
  reads: 'reads that need no login, money or turn go on, all else is refused',
  refuse: 'everything is refused',
};

const insecure = (paint: Paint): string =>
  `${paint.bad('INSECURE')}: pages on plain HTTP get no keys from browsers. Their calls pass unsigned and are recorded as\ninsecure-context. Serve the page over HTTPS before you rely on anything here.`;

function next(report: GateReport, paint: Paint): string {
  const name = command();
  const rows =
    report.mode === 'report'
      ? [
          [report.url, 'open it in a browser instead of the backend, and use the app'],
          [`${name} status`, 'what would be refused, by share of visitors'],
          [`${name} enforce`, 'switch it on from a second terminal, after a look at what would break'],
        ]
      : [
          [report.url, 'open it in a browser'],
          [`${name} status`, 'what passes and what is refused'],
          [`${name} attack ${report.url}/…`, 'what attackers still get, in figures; give it an address of your API'],
          [`${name} report`, 'back to recording only'],
        ];
  return `${paint.strong('Next')}\n${table(rows)}`;
}
