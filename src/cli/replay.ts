import { createJudge } from '../learning/judge.ts';
import type { Source } from '../learning/observation.ts';
import { formatOf, openSource } from '../learning/readers/open.ts';
import { NO_MARKS } from '../learning/marks.ts';
import { judgedBy } from '../learning/tried.ts';
import { collectVerdicts, type Hit, type Verdicts } from '../learning/verdicts.ts';
import { counted } from '../learning/evidence.ts';
import { SallyportError } from '../guard/errors.ts';
import { EXIT, type Io, present } from './command.ts';
import { type ConfigFlags, loadConfig } from './flags.ts';
import { layersToAsk } from './layers.ts';
import { keepMemoryLow } from './lean.ts';
import { createProgress } from './progress.ts';
import { type Paint, shown, table } from './terminal.ts';
import { formatUnreadable } from './unreadable.ts';

export interface ReplayReport extends Verdicts {
  readonly files: readonly { readonly name: string; readonly format: string }[];
  /** Name of the configuration; '' where flags are all there is. */
  readonly config: string;
}

/**
 * `sallyport replay`: what the configuration would have refused in recorded traffic. Exits 0 where that is nothing, 1 where it is
 * something.
 */
export async function replay(files: readonly string[], flags: ConfigFlags, io: Io): Promise<number> {
  const { config, file } = await loadConfig(
    flags,
    layersToAsk().map(({ name }) => name),
  );
  const sources = files.map(toSource);
  const judge = await createJudge(config, judgedBy(sources));
  const bytes = sources.reduce((sum, { size }) => sum + size, 0);
  const progress = createProgress(!io.json && process.stderr.isTTY === true);
  const keepLow = keepMemoryLow();
  let read = 0;
  try {
    const verdicts = await collectVerdicts(sources, judge, {
      onBytes(more) {
        keepLow();
        read += more;
        progress.at(read / Math.max(1, bytes), 'judging');
      },
    });
    progress.end();
    const report = { files: sources.map(({ name, format }) => ({ name, format })), config: file, ...verdicts };
    present(io, report, (said) => formatReplay(said, io.terminal.paint));
    return verdicts.refused === 0 ? EXIT.ok : EXIT.no;
  } finally {
    progress.end();
    await judge.close();
  }
}

/** @throws SallyportError where a file holds no traffic that can be read */
function toSource(file: string): Source {
  const format = formatOf(file);
  if (format !== 'OpenAPI') return openSource(file, format, NO_MARKS);
  throw new SallyportError('usage', `${file} is an OpenAPI document: it holds no traffic that could be judged`);
}

const MOST_SHOWN = 20;

export function formatReplay(report: ReplayReport, paint: Paint): string {
  const { requests, covered, refused, sessions, refusedSessions } = report;
  const head =
    covered === 0
      ? paint.careful('None of it is on a route that the configuration protects.')
      : refused === 0
        ? paint.good(`Nothing would have been refused of ${counted(covered)} calls in ${counted(sessions)} sessions.`)
        : paint.bad(
            `${share(refusedSessions, sessions)} of the sessions would have been hit: ${counted(refusedSessions)} of ${counted(sessions)}, by ${counted(refused)} of ${counted(covered)} calls.`,
          );
  const read = `${counted(requests)} requests read, ${counted(covered)} of them on protected routes.`;
  return [
    `${head}\n${read}`,
    group('By rule', report.byRule, sessions, paint),
    group('By route', report.byRoute, sessions, paint),
    families(report, paint),
    notJudged(report, paint),
    formatUnreadable(report.unreadable, paint),
  ]
    .filter((block) => block !== '')
    .join('\n\n');
}

function group(title: string, hits: readonly Hit[], sessions: number, paint: Paint): string {
  if (hits.length === 0) return '';
  const rows = hits
    .slice(0, MOST_SHOWN)
    .map(({ name, requests, sessions: hit }) => [
      shown(name),
      `${share(hit, sessions)} of sessions`,
      `${counted(requests)} calls`,
    ]);
  const more = hits.length > MOST_SHOWN ? `\n  and ${hits.length - MOST_SHOWN} more; --json lists all` : '';
  return `${paint.strong(title)}\n${table(rows)}${more}`;
}

function families({ byFamily }: ReplayReport, paint: Paint): string {
  if (byFamily.length === 0) return '';
  const rows = byFamily.map(({ name, sessions, of, requests }) => [
    name,
    `${share(sessions, of)} of its sessions`,
    `${counted(requests)} calls`,
  ]);
  return `${paint.strong('By browser')}\n${table(rows)}`;
}

function notJudged({ unjudged }: ReplayReport, paint: Paint): string {
  const lines = ['proofs, sessions and sites: the page’s script is taken to do its part', ...unjudged];
  return `${paint.strong('Not judged')}, since such files do not show it\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

const share = (part: number, whole: number): string => {
  const percent = whole === 0 ? 0 : (100 * part) / whole;
  return `${percent > 0 && percent < 0.1 ? percent.toFixed(3) : percent.toFixed(1)} %`;
};
