import type { DecisionRecord } from '../gateway/decision-record.ts';
import { CODES } from '../wire/codes.ts';
import { EXIT, type Io, present } from './command.ts';
import { type Exception, exceptionFor } from './exception.ts';
import { ask, GateRefusal, theGate } from './gates.ts';
import type { GateFlags } from './command.ts';
import { type Paint, shown, table } from './terminal.ts';

/** A decision and how to except what it refused; `exception` is null where it refused nothing. */
export interface WhyReport {
  readonly record: DecisionRecord;
  readonly exception: Exception | null;
}

/** `sallyport why ID`: rule, evidence, what would have passed, a ready exception. Exits 1 where the id is unknown. */
export async function why(id: string, flags: GateFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  try {
    const record = await ask<DecisionRecord>(gate, 'GET', `/why/${encodeURIComponent(id)}`);
    present(io, { record, exception: record.code === '' ? null : exceptionFor(record) }, (report) =>
      formatWhy(report, io.terminal.paint),
    );
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof GateRefusal)) throw error;
    io.terminal.err(
      `sallyport: ${error.message}: ${JSON.stringify(id)}; ids are kept in memory for seven days at most`,
    );
    return EXIT.no;
  }
}

export function formatWhy({ record, exception }: WhyReport, paint: Paint): string {
  const blocks = [verdict(record, paint), facts(record)];
  for (const step of record.trail) {
    blocks.push(
      `${paint.strong(step.layer)} ${step.enforced ? 'refused' : 'would refuse'}: ${step.code} (${CODES[step.code].title})\n${table(
        [...(step.evidence === '' ? [] : [['evidence', shown(step.evidence)]]), ['would pass', step.wouldPass]],
      )}`,
    );
  }
  if (exception !== null) blocks.push(formatException(exception, paint));
  return blocks.join('\n\n');
}

function verdict({ id, outcome, wouldRefuse, code, status }: DecisionRecord, paint: Paint): string {
  const answered = status === 0 ? '' : `; the backend answered ${status}`;
  if (outcome !== 'admit') return `${id} was ${paint.bad('refused')} with code ${code}${answered}`;
  if (wouldRefuse)
    return `${id} ${paint.careful('passed and would be refused')} in enforce mode, with code ${code}${answered}`;
  return `${id} ${paint.good('passed')}${answered}`;
}

function facts(record: DecisionRecord): string {
  return table([
    ['request', `${shown(record.method)} ${shown(record.path)}, as ${record.carrier}`],
    ['time', new Date(record.at).toISOString()],
    ['rule', `${record.route}: asks for ${record.level}`],
    ['showed', record.shown],
    [
      'from',
      `${record.prefix}, ${record.family}, ${record.session === '' ? 'without a session' : `session ${record.session}`}`,
    ],
    ...(record.note === undefined ? [] : [['note', record.note]]),
  ]);
}

function formatException({ line, flag, note }: Exception, paint: Paint): string {
  if (line === '') return `${paint.strong('Exception')}: ${note}`;
  const rows = [['config', line], ...(flag === '' ? [] : [['flag', flag]]), ['note', note]];
  return `${paint.strong('To except it')}\n${table(rows)}`;
}
